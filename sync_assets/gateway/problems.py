"""Errors as problem details (RFC 9457): what, which, what next; never a trace or a secret."""

import logging
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from sync_assets.core.errors import (
    BudgetSpent,
    Conflict,
    RetryLater,
    SyncError,
    TenantMustAct,
    UnknownSync,
    UnknownTenant,
    WrongWish,
)

MEDIA_TYPE = "application/problem+json"

TYPES = "urn:problem-type:"
"""What the types of problems begin with that have more to say than their status."""

NOT_THERE = "There is no such thing here, or this key does not open it."
"""The one answer to a wrong key, an unknown thing, and somebody else's."""

TRY_AGAIN_AFTER = 5
"""Seconds to wait while the database is away."""

_log = logging.getLogger(__name__)

_STATUSES: Mapping[type[SyncError], int] = {
    UnknownTenant: 404,
    UnknownSync: 404,
    Conflict: 409,
    WrongWish: 422,
    TenantMustAct: 422,
    BudgetSpent: 409,
}

_HINT = re.compile(r"sync-assets|SYNC_ASSETS_|DATABASE_URL|--\w")


class Problem(Exception):
    """An answer that is an error."""

    def __init__(
        self,
        status: int,
        title: str | None = None,
        detail: str | None = None,
        *,
        kind: str | None = None,
        headers: Mapping[str, str] | None = None,
        **extras: object,
    ) -> None:
        """What it says.

        Args:
            status: of the answer.
            title: the status's name by default.
            detail: a sentence on this very answer.
            kind: the end of its type, where programs must tell it from others of its status.
            headers: of the answer.
            extras: further members of the answer.
        """
        super().__init__(detail or title or "")
        self.status = status
        self.type = "about:blank" if kind is None else f"{TYPES}{kind}"
        self.title = title or HTTPStatus(status).phrase
        self.detail = detail
        self.headers = dict(headers or {})
        self.extras = extras

    def response(self) -> JSONResponse:
        """The answer."""
        body: dict[str, Any] = {"type": self.type, "title": self.title, "status": self.status}
        if self.detail is not None:
            body["detail"] = self.detail
        return JSONResponse(body | self.extras, self.status, self.headers, MEDIA_TYPE)


def not_there() -> Problem:
    """The one answer to a wrong key, an unknown thing, and somebody else's."""
    return Problem(404, detail=NOT_THERE)


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What an endpoint says in the OpenAPI of the problems that it may answer."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        for status in statuses
    }


SCHEMA: Mapping[str, Any] = {
    "title": "Problem",
    "description": "Problem details, as RFC 9457 has them.",
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["at", "message"],
                "properties": {"at": {"type": "string"}, "message": {"type": "string"}},
            },
        },
        "correlationId": {"type": "string"},
        "scope": {"type": "string"},
    },
    "additionalProperties": True,
}
"""The schema `Problem`."""


def plainly(text: str) -> str:
    """A sentence of ours without what only an operator can do: commands, options, settings."""
    parts = re.split(r"(?<=[.;!?])\s+", text)
    kept = [part for part in parts if not _HINT.search(part)]
    return " ".join(kept).rstrip(";") or "It cannot be done; whoever runs this service knows why."


def problem_of(error: SyncError) -> Problem | None:
    """The answer to an error of the core that the caller can do something about."""
    if isinstance(error, RetryLater):
        _log.warning("Answered 503: %s", error)
        after = {"Retry-After": str(TRY_AGAIN_AFTER)}
        return Problem(503, detail="Something we need is away for a moment.", headers=after)
    for kind, status in _STATUSES.items():
        if isinstance(error, kind):
            return not_there() if status == 404 else Problem(status, detail=plainly(str(error)))
    return None


def install(app: FastAPI) -> None:
    """Let the app answer every error with a problem."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(SyncError, _on_sync_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)


async def _on_problem(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)  # noqa: S101 - for the type
    return error.response()


async def _on_sync_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, SyncError)  # noqa: S101 - for the type
    problem = problem_of(error)
    if problem is None:
        raise error  # the outermost layer logs it, and says no more than that
    return problem.response()


async def _on_invalid(_request: Request, error: Exception) -> JSONResponse:
    """What does not fit its schema; what came is never said again, for it may be a secret."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - for the type
    faults = error.errors()
    if any(fault["type"] == "json_invalid" for fault in faults):
        return Problem(400, detail="The body is no JSON.").response()
    told = [
        {
            "at": ".".join(map(str, fault["loc"])),
            "message": str(fault["msg"]).removeprefix("Value error, "),
        }
        for fault in faults
    ]
    detail = "The request does not fit."
    return Problem(422, detail=detail, kind="invalid-request", errors=told[:20]).response()


async def _on_http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - for the type
    if error.status_code == 404:
        return not_there().response()
    detail = "The body cannot be read." if error.status_code == 400 else None
    return Problem(error.status_code, detail=detail, headers=error.headers).response()
