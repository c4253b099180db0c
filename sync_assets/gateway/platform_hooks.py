"""The door for platforms' own webhooks: something of a tenant's account may have changed."""

import hashlib
import logging
import secrets
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from sync_assets.bootstrap import Platform
from sync_assets.core.hints import Message
from sync_assets.enqueue import hint
from sync_assets.gateway.access import Caller
from sync_assets.gateway.hooks import HOOK, Heard
from sync_assets.gateway.knocks import Knock, Knocking
from sync_assets.gateway.problems import Problem, not_there, problem_responses
from sync_assets.gateway.state import ThePlatform
from sync_assets.sources import SPECS
from sync_assets.sources.pacing import host
from sync_assets.store.hooks import Hook

router = APIRouter(tags=["hooks"])

_NOBODY = secrets.token_urlsafe(32)
"""With which a call is compared for which there is no tenant: it takes as long."""

_DOORS = {spec.name: spec.door for spec in SPECS if spec.door is not None}

LARGER = {f"/v1/hooks/{name}/": 4 * 1024 * 1024 for name in _DOORS}
"""Bytes of a body that a platform may send: an order of 450 lines had 1.04 MB."""

_log = logging.getLogger(__name__)


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
    knock: Knocking,
    body: Annotated[bytes, Depends(body_of)],
) -> Heard:
    """A webhook from a tenant's platform: what it tells of is looked at within seconds.

    No key: the platform's own signature is the proof. What was heard before does nothing.
    """
    hook, message = _proven(platform, request, source, knock, body)
    request.state.caller = Caller(HOOK, hook.organization, frozenset())  # for the audit
    knock.is_proven()
    if message.said is None:
        raise Problem(422, detail="The body is no JSON object.")
    read = platform.spec(hook.source).hint
    found = read(hook.settings, message.said) if read is not None else None
    hints = [] if found is None else [found]
    call = hashlib.sha256(message.identity.encode()).digest()
    with platform.hooks.hearing(knock.tenant_id, call) as transaction:
        if transaction is None:
            return Heard(hints=0, dropped=0)
        hint(platform, knock.tenant_id, hints, asked_by=hook.source, on=transaction)
    return Heard(hints=len(hints), dropped=1 - len(hints))


def _proven(
    platform: Platform, request: Request, source: str, knock: Knock, body: bytes
) -> tuple[Hook, Message]:
    """The tenant's door, and what was said there; raises the one `Problem` 404 for any other."""
    door = _DOORS.get(source)
    if door is None:
        raise not_there()
    hook = platform.hooks.get(knock.tenant_id) if knock.tenant_id else None
    message = door(hook.secret if hook else _NOBODY, request.headers, body)
    if hook is None or hook.source != source or message is None:
        raise knock.is_wrong()
    if not _is_of_the_account(hook, knock.tenant_id, message):
        raise knock.is_wrong()
    return hook, message


def _is_of_the_account(hook: Hook, tenant_id: str, message: Message) -> bool:
    """Does it name the tenant's account, or none? One app's webhooks of all shops are signed alike.

    It need not be signed: that tells shops apart that were mixed up, not those who wish to be.
    """
    named = message.host.lower()
    if not named or named == host(hook.url):
        return True
    _log.warning("A webhook for %s is of %.100r, not of %s.", tenant_id, named, host(hook.url))
    return False
