"""What the OpenAPI of the gateway says of a name."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]


class Api:
    """The documented calls: `POST /v1/syncs/bulk` is how one is named."""

    def __init__(self, openapi: Schema) -> None:
        self._openapi = openapi
        self.calls: Mapping[str, Schema] = {
            f"{method.upper()} {path}": operation
            for path, operations in openapi["paths"].items()
            for method, operation in operations.items()
        }

    def answered(self, call: str) -> Schema:
        """The schema of what a call answers when all is well."""
        [answer] = [
            answer for status, answer in self.calls[call]["responses"].items() if status[0] == "2"
        ]
        return answer["content"]["application/json"]["schema"]

    def taken(self, call: str) -> Schema:
        """The schema of a call's body."""
        body = self.calls[call].get("requestBody", {"content": {"application/json": {}}})
        return body["content"]["application/json"].get("schema", {})

    def parameter(self, call: str, place: str, name: str) -> Schema | None:
        """The schema of a parameter in the `path` or `query`, if there is one."""
        for parameter in self.calls[call].get("parameters", ()):
            if (parameter["in"], parameter["name"]) == (place, name):
                return parameter["schema"]
        return None

    def field(self, schema: Schema, path: str, names: Iterable[str]) -> Schema | None:
        """The schema of a field, which is on a dotted path.

        Args:
            schema: of what it is part.
            path: the names on the way; `*` stands for each of `names`.
            names: those that an object may have whose fields are not fixed.
        """
        found: Schema | None = schema
        for name in path.split("."):
            found = found and self._part(found, name, {*names, "*"})
        return found

    def allows(self, schema: Schema, value: str) -> bool:
        """Is a value one of those that the schema lists?"""
        return any(value in (*one.get("enum", ()), one.get("const")) for one in self._all(schema))

    def _part(self, schema: Schema, name: str, names: set[str]) -> Schema | None:
        for one in self._all(schema):
            if name in one.get("properties", {}):
                return one["properties"][name]
            if name in names and isinstance(one.get("additionalProperties"), dict):
                return one["additionalProperties"]
        return None

    def _all(self, schema: Schema) -> Iterator[Schema]:
        """The schema itself, and all that it may stand for."""
        if "$ref" in schema:
            *_, name = schema["$ref"].split("/")
            yield from self._all(self._openapi["components"]["schemas"][name])
            return
        yield schema
        for part in (*schema.get("anyOf", ()), *schema.get("allOf", ())):
            yield from self._all(part)
        if "items" in schema:
            yield from self._all(schema["items"])
