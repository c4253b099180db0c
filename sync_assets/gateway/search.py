"""Which of a tenant's records answer a question."""

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from sync_assets.core.search import LONGEST, MOST
from sync_assets.gateway.access import Reader
from sync_assets.gateway.limits import Turns
from sync_assets.gateway.problems import plainly
from sync_assets.gateway.shapes import Answer, Json, Name
from sync_assets.gateway.state import ThePlatform
from sync_assets.gateway.tenancy import OwnTenant

router = APIRouter(tags=["search"])

AT_ONCE = 6
"""Searches of an organization: a slow provider of embeddings must not take every thread."""


class Hit(Answer):
    """A record that was found, by its best chunk."""

    source_type: str
    record_id: int
    title: str
    heading: str
    text: str
    link: str
    score: float
    vector_rank: int | None
    text_rank: int | None
    position: int
    sync_id: str


class Found(Answer):
    """The best first, and what people should know of them."""

    hits: list[Hit]
    notes: list[str]


@router.get("/v1/tenants/{tenant_id}/search", response_model=Found)
async def search(  # noqa: PLR0913, PLR0917 - one for each thing that can be wished
    request: Request,
    tenant: OwnTenant,
    caller: Reader,
    platform: ThePlatform,
    q: Annotated[str, Query(min_length=1, max_length=LONGEST, description="The question.")],
    limit: Annotated[int, Field(ge=1, le=MOST)] = 5,
    type_: Annotated[list[Name] | None, Query(alias="type")] = None,
) -> Response:
    """The records that answer a question, by what they mean and by their words."""
    turns: Turns = request.app.state.searches
    async with turns.of(caller.organization):
        found = await to_thread.run_sync(platform.search, tenant.id, q, limit, type_ or ())
    notes = [told(note) for note in found.notes]
    return Json({"hits": [hit.as_dict() for hit in found.hits], "notes": notes})


def told(note: str) -> str:
    """A note for a tenant: which provider had what against us is the operator's to know."""
    what, colon, _why = note.partition(": ")
    return f"{what}." if colon else plainly(note)
