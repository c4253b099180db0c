"""All operations that the app says it has, so that no test picks its own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI

OPEN = {"/healthz", "/readyz", "/metrics"}
"""Without a key; the last one from this machine only."""


@dataclass(frozen=True, slots=True)
class Operation:
    """A method of a path, with its OpenAPI."""

    method: str
    path: str
    spec: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_owned(self) -> bool:
        """Does its path name something that belongs to somebody?"""
        return "{tenant" in self.path or "{sync_id}" in self.path

    def address(self, **names: str) -> str:
        """The path with what it names."""
        return self.path.format(**names)


def operations(app: FastAPI) -> Iterator[Operation]:
    """Every operation of the app's OpenAPI."""
    for path, methods in app.openapi()["paths"].items():
        for method, spec in methods.items():
            yield Operation(method.upper(), path, spec)
