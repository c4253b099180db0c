"""The door for platforms' own webhooks: something of a tenant's account may have changed."""

import hashlib
import secrets
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from sync_assets.bootstrap import Platform
from sync_assets.core.hints import Message
from sync_assets.core.tenants import is_tenant_id
from sync_assets.enqueue import hint
from sync_assets.gateway.access import Caller
from sync_assets.gateway.hooks import HOOK, Heard
from sync_assets.gateway.problems import Problem, not_there, problem_responses
from sync_assets.gateway.state import ThePlatform
from sync_assets.sources import SPECS
from sync_assets.store.hooks import Hook

router = APIRouter(tags=["hooks"])

_NOBODY = secrets.token_urlsafe(32)
"""With which a call is compared for which there is no tenant: it takes as long."""

_DOORS = {spec.name: spec.door for spec in SPECS if spec.door is not None}


async def body_of(request: Request) -> bytes:
    """The body as it came, which is what was signed; its size is bounded for all calls."""
    return await request.body()


@router.post(
    "/v1/hooks/{source}/{tenant_id}",
    status_code=202,
    responses=problem_responses(404, 413, 422, 429),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"type": "object"}}},
        }
    },
)
def webhook(
    request: Request,
    platform: ThePlatform,
    source: Annotated[str, Path(description="The platform, such as shopify.")],
    tenant_id: Annotated[str, Path(description="The tenant's id.")],
    body: Annotated[bytes, Depends(body_of)],
) -> Heard:
    """A webhook from a tenant's platform: what it tells of is looked at within seconds.

    No key: the platform's own signature is the proof. What was heard before does nothing.
    """
    hook, message = _proven(platform, request, source, tenant_id, body)
    request.state.caller = Caller(HOOK, hook.organization, frozenset())  # for the audit
    request.app.state.limits.spend(f"{HOOK} {tenant_id}")
    if message.said is None:
        raise Problem(422, detail="The body is no JSON object.")
    if not platform.hooks.is_new(tenant_id, hashlib.sha256(message.identity.encode()).digest()):
        return Heard(hints=0, dropped=0)
    read = platform.spec(hook.source).hint
    found = read(hook.settings, message.said) if read is not None else None
    if found is None:
        return Heard(hints=0, dropped=1)
    hint(platform, tenant_id, [found], asked_by=hook.source)
    return Heard(hints=1, dropped=0)


def _proven(
    platform: Platform, request: Request, source: str, tenant_id: str, body: bytes
) -> tuple[Hook, Message]:
    """The tenant's door, and what was said there; raises the one `Problem` 404 for any other."""
    door = _DOORS.get(source)
    if door is None:
        raise not_there()
    hook = platform.hooks.get(tenant_id) if is_tenant_id(tenant_id) else None
    message = door(hook.secret if hook else _NOBODY, request.headers, body)
    if hook is None or hook.source != source or message is None:
        raise not_there()
    return hook, message
