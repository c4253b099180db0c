"""Several syncs, or a quick one, in one call."""

from fastapi import APIRouter, Response

from sync_assets.core.queues import Priority
from sync_assets.enqueue import enqueue
from sync_assets.gateway import sync_shapes
from sync_assets.gateway.access import Syncer
from sync_assets.gateway.idempotency import Once
from sync_assets.gateway.problems import problem_responses
from sync_assets.gateway.shapes import Json
from sync_assets.gateway.state import ThePlatform
from sync_assets.gateway.sync_shapes import Bulk, Quick, priority_of
from sync_assets.gateway.syncs import check_room, due
from sync_assets.gateway.tenancy import OwnTenant

router = APIRouter(tags=["syncs"])

_CONFLICT = problem_responses(409)


@router.post(
    "/v1/syncs/bulk",
    status_code=202,
    response_model=sync_shapes.AskedMany,
    responses=_CONFLICT,
)
def bulk(caller: Syncer, platform: ThePlatform, once: Once, wish: Bulk) -> Response:
    """Ask for a sync of each tenant that is named, or of all.

    Nothing is asked for where one of those that are named is unknown. Of `all`, those that cannot
    be synced are left out.
    """

    def ask() -> Response:
        organization = caller.organization
        named = platform.tenants.ids_of(organization) if wish.all else wish.tenants
        check_room(platform, wish, named, organization)
        asked = enqueue(
            platform,
            named,
            wish.options,
            streams=wish.streams,
            organization=organization,
            priority=priority_of(wish.priority),
            asked_by=caller.name,
            due=due(wish.at),
            strict=not wish.all,
        )
        found = [answer.as_dict() for answer in asked]
        count = sum(len(answer.streams) for answer in asked)
        return Json({"syncs": found, "queuedJobsCount": count}, 202)

    return once(ask)


@router.post(
    "/v1/tenants/{tenant_id}/syncs/quick",
    status_code=202,
    response_model=sync_shapes.Asked,
    responses=_CONFLICT,
)
def quick(
    tenant: OwnTenant, caller: Syncer, platform: ThePlatform, once: Once, wish: Quick
) -> Response:
    """Ask for some streams of a tenant, incrementally and before all that is less urgent."""

    def ask() -> Response:
        [asked] = enqueue(
            platform,
            [tenant.id],
            streams=wish.streams,
            organization=caller.organization,
            priority=Priority.HIGH,
            asked_by=caller.name,
        )
        return Json(asked.as_dict(), 202)

    return once(ask)
