"""The door for Shopify's webhooks: something of the shop may have changed."""

import hashlib
import secrets
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Request

from sync_assets.core.tenants import is_tenant_id
from sync_assets.enqueue import hint
from sync_assets.gateway.access import Caller
from sync_assets.gateway.hooks import HOOK, Heard
from sync_assets.gateway.problems import Problem, not_there, problem_responses
from sync_assets.gateway.state import ThePlatform
from sync_assets.sources.shopify import webhooks
from sync_assets.store.hooks import Hook

router = APIRouter(tags=["hooks"])

_NOBODY = Hook("", "", {}, secrets.token_urlsafe(32))
"""With whose secret a call is compared for which there is no tenant: it takes as long."""


async def body_of(request: Request) -> bytes:
    """The body as it came, which is what was signed; its size is bounded for all calls."""
    return await request.body()


@router.post(
    "/v1/hooks/shopify/{tenant_id}",
    status_code=202,
    responses=problem_responses(404, 413, 422, 429),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"type": "object"}}},
        }
    },
)
def shopify(  # noqa: PLR0913, PLR0917 - one for each header
    request: Request,
    platform: ThePlatform,
    tenant_id: Annotated[str, Path(description="The tenant's id.")],
    body: Annotated[bytes, Depends(body_of)],
    signature: Annotated[
        str,
        Header(alias=webhooks.SIGNATURE, description="The body's HMAC by the app's secret."),
    ] = "",
    identity: Annotated[
        str, Header(alias=webhooks.IDENTITY, description="The same for every try.")
    ] = "",
    topic: Annotated[str, Header(alias=webhooks.TOPIC)] = "",
) -> Heard:
    """A webhook from a shop: what it tells of is looked at within seconds.

    No key: the signature is the proof. A webhook that was heard before does nothing.
    """
    hook = _proven(platform, tenant_id, signature, body)
    request.state.caller = Caller(HOOK, hook.organization, frozenset())  # for the audit
    request.app.state.limits.spend(f"{HOOK} {tenant_id}")
    said = webhooks.said({webhooks.TOPIC: topic}, body)
    if said is None:
        raise Problem(422, detail="The body is no JSON object.")
    call = hashlib.sha256((identity or signature).encode()).digest()
    read = platform.spec(hook.source).hint
    found = read(hook.settings, said) if read is not None else None
    if not platform.hooks.is_new(tenant_id, call):
        return Heard(hints=0, dropped=0)
    if found is None:
        return Heard(hints=0, dropped=1)
    hint(platform, tenant_id, [found], asked_by=hook.source)
    return Heard(hints=1, dropped=0)


def _proven(platform: ThePlatform, tenant_id: str, signature: str, body: bytes) -> Hook:
    """The door that the call has the secret of; raises the one `Problem` 404 for any other."""
    hook = platform.hooks.get(tenant_id) if is_tenant_id(tenant_id) else None
    good = webhooks.is_signed((hook or _NOBODY).secret, body, signature)
    if hook is None or hook.source != "shopify" or not good:
        raise not_there()
    return hook
