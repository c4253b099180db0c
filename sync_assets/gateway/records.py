"""A tenant's records: all of them for a first copy, single ones for who follows the changes."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from sync_assets.core.streams import StreamSpec
from sync_assets.gateway import cursors
from sync_assets.gateway.access import Reader
from sync_assets.gateway.changes import check_streams
from sync_assets.gateway.shapes import Answer, Cursor, Json, Name
from sync_assets.gateway.state import ThePlatform
from sync_assets.gateway.tenancy import OwnTenant

router = APIRouter(tags=["records"])

MOST = 100
"""Records in an answer; one may have megabytes."""

Key = Annotated[int, Field(ge=-(2**63), lt=2**63)]


class Record(Answer):
    """A record: its key, and its columns as the tables name them."""

    key: int
    record: dict[str, Any]


class Records(Answer):
    """Records in the order of their keys, and where the next ones begin."""

    records: list[Record]
    next_cursor: str | None


@router.get("/v1/tenants/{tenant_id}/records/{stream}", response_model=Records)
def records(
    tenant: OwnTenant,
    _caller: Reader,
    platform: ThePlatform,
    stream: Annotated[Name, Path(description="Such as posts.")],
    keys: Annotated[
        list[Key] | None,
        Query(max_length=MOST, description="Only these; what is gone is left out."),
    ] = None,
    limit: Annotated[int, Field(ge=1, le=MOST)] = MOST,
    cursor: Cursor | None = None,
) -> Response:
    """The records of a stream that are not gone, as they are now."""
    known = platform.spec(tenant.source).streams
    check_streams(known, [stream])
    spec = next(one for one in known if one.name == stream)
    if keys is not None:
        return _answer(spec, platform.export.some(tenant.id, spec, keys), None)
    after = cursors.decode_number(cursor) if cursor is not None else None
    found = platform.export.page(tenant.id, spec, after, limit + 1)
    rows = found[:limit]
    more = cursors.encode(rows[-1][spec.table.key]) if len(found) > limit else None
    return _answer(spec, rows, more)


def _answer(spec: StreamSpec, rows: list[dict[str, Any]], more: str | None) -> Response:
    entries = [{"key": row[spec.table.key], "record": row} for row in rows]
    return Json({"records": entries, "nextCursor": more})
