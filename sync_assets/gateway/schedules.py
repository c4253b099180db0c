"""When syncs are asked for by themselves."""

from datetime import datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from fastapi import APIRouter, Response

from sync_assets.core.clock import utc_now
from sync_assets.core.schedules import COMMON, OFF
from sync_assets.gateway import cursors
from sync_assets.gateway.access import Reader
from sync_assets.gateway.shapes import Answer, Cursor, Json, Limit
from sync_assets.gateway.state import ThePlatform

router = APIRouter(tags=["schedules"])


class Common(Answer):
    """A schedule of all tenants that have none of their own."""

    kind: str
    cron: str
    next_at: datetime | None


class Own(Answer):
    """A tenant's schedule; `common` says that it has none of its own."""

    site_id: str
    cron: str
    next_at: datetime | None


class Schedules(Answer):
    """Cron lines, by the clock of the zone."""

    timezone: str
    common: list[Common]
    tenants: list[Own]
    next_cursor: str | None


@router.get("/v1/schedules", response_model=Schedules)
def list_all(
    caller: Reader, platform: ThePlatform, limit: Limit = 50, cursor: Cursor | None = None
) -> Response:
    """The common schedules, and those of the organization's tenants, by id."""
    zone = platform.settings.timezone
    now = utc_now().astimezone(ZoneInfo(zone))
    after = cursors.decode(cursor) if cursor is not None else ""
    found = platform.tenants.page_of(caller.organization, after, limit + 1)
    more = cursors.encode(found[limit - 1].id) if len(found) > limit else None
    answer = {
        "timezone": zone,
        "common": [
            {"kind": kind, "cron": cron, "nextAt": _next(cron, now)}
            for kind, cron in COMMON.items()
        ],
        "tenants": [
            {
                "siteId": tenant.id,
                "cron": tenant.schedule or "common",
                "nextAt": _first(now) if tenant.schedule is None else _next(tenant.schedule, now),
            }
            for tenant in found[:limit]
        ],
        "nextCursor": more,
    }
    return Json(answer)


def _first(now: datetime) -> str | None:
    return min(filter(None, (_next(cron, now) for cron in COMMON.values())), default=None)


def _next(cron: str, now: datetime) -> str | None:
    """The next moment; None for none, and for what an older version may have stored."""
    if cron == OFF:
        return None
    try:
        return next(CronSim(cron, now)).isoformat()
    except (CronSimError, StopIteration):
        return None
