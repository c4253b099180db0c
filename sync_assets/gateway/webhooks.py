"""Where a tenant's changes are sent: setting it, how it stands, and trying again."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import Field, StrictBool

from sync_assets.core.webhooks import Webhook, checked_url, new_secret
from sync_assets.gateway.access import Admin, Reader
from sync_assets.gateway.problems import Problem, problem_responses
from sync_assets.gateway.shapes import Answer, Asking, Json, Text
from sync_assets.gateway.state import ThePlatform
from sync_assets.gateway.tenancy import OwnTenant

router = APIRouter(tags=["webhooks"])

PATH = "/v1/tenants/{tenant_id}/webhook"


class Wish(Asking):
    """Where to send a tenant's changes from now on."""

    url: Annotated[Text, Field(max_length=2000)]
    new_secret: StrictBool = Field(default=False, description="Sign with another secret.")


class Made(Answer):
    """The address, and the secret where it is a new one; it is not shown again."""

    tenant: str
    url: str
    secret: str | None


class Shown(Answer):
    """How a webhook stands; its address without what is behind the `?`."""

    tenant: str
    url: str
    state: Literal["up to date", "behind", "failing", "given up"]
    failures: int
    failing_since: datetime | None
    last_error: str | None
    next_at: datetime | None
    delivered: int
    delivered_at: datetime | None
    created_at: datetime


@router.put(PATH, response_model=Made)
def set_(tenant: OwnTenant, _caller: Admin, platform: ThePlatform, wish: Wish) -> Response:
    """Send the tenant's changes there from now on; one that there is goes on where it was."""
    url = checked_url(wish.url)
    fresh = wish.new_secret or not platform.webhooks.has(tenant.id)
    secret = new_secret() if fresh else None
    platform.webhooks.set(tenant.id, url, secret, platform.changes.now(tenant.id))
    return Json({"tenant": tenant.id, "url": url, "secret": secret})


@router.get(PATH, response_model=Shown)
def show(tenant: OwnTenant, _caller: Reader, platform: ThePlatform) -> Response:
    """How the tenant's webhook stands."""
    return Json(_found(platform, tenant.id).as_dict())


@router.post(f"{PATH}/resume", response_model=Shown)
def resume(tenant: OwnTenant, _caller: Admin, platform: ThePlatform) -> Response:
    """Try again at once, also where it was given up."""
    _found(platform, tenant.id)
    platform.webhooks.resume(tenant.id)
    return Json(_found(platform, tenant.id).as_dict())


@router.delete(PATH, status_code=204, responses=problem_responses(404))
def remove(tenant: OwnTenant, _caller: Admin, platform: ThePlatform) -> Response:
    """Send nothing more."""
    _found(platform, tenant.id)
    platform.webhooks.remove(tenant.id)
    return Response(status_code=204)


def _found(platform: ThePlatform, tenant_id: str) -> Webhook:
    if not platform.webhooks.has(tenant_id):
        raise Problem(404, detail="This tenant has no webhook. PUT one here.")
    return platform.webhooks.get(tenant_id)
