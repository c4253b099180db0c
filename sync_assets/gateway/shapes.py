"""The JSON that comes and goes, as pydantic and OpenAPI have it."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, cast

import orjson
from fastapi import Response
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("holds a NUL, which is in no text")
    return text


def _text_only(value: object) -> object:
    """A moment as ISO 8601; pydantic would take numbers, too."""
    if not isinstance(value, str):
        raise ValueError("is no moment in ISO 8601 with a zone, such as 2026-12-24T18:30:00-03:00")  # noqa: TRY004 - pydantic wants it
    return value


Text = Annotated[str, AfterValidator(_without_nul)]
"""Text that PostgreSQL takes."""

Name = Annotated[Text, Field(min_length=1, max_length=100)]

Moment = Annotated[AwareDatetime, BeforeValidator(_text_only)]
"""A moment with its zone."""

Limit = Annotated[int, Field(ge=1, le=1000)]
"""Entries of a page."""

Cursor = Annotated[str, Field(max_length=500, description="`nextCursor` of the page before.")]


class Asking(BaseModel):
    """What comes: names in camelCase, and none that we do not know."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid")


class Answer(BaseModel):
    """What goes, as OpenAPI has it; the answers themselves are built by who knows them."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Json(Response):
    """An answer in JSON."""

    media_type = "application/json"

    def render(self, content: object) -> bytes:
        """The answer's bytes; moments in ISO 8601, exact numbers as texts."""
        return orjson.dumps(content, default=_other)


def _other(value: object) -> object:
    """What orjson does not know: integers beyond 64 bits, which come from a source's JSON."""
    if isinstance(value, int | Decimal):
        return str(value)
    raise TypeError(type(value).__name__)


def moment(value: datetime | None) -> str | None:
    """A moment in ISO 8601."""
    return value and value.isoformat()


def entries(value: object) -> list[dict[str, Any]]:
    """For the type of what is known to be JSON objects."""
    return cast("list[dict[str, Any]]", value)
