"""The door for hints: a site says that some of its objects may have changed."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request
from pydantic import BaseModel, Field, ValidationError

from sync_assets.bootstrap import Platform
from sync_assets.core.hints import Hint
from sync_assets.core.streams import SourceSpec
from sync_assets.enqueue import hint
from sync_assets.gateway.access import Caller
from sync_assets.gateway.knocks import Knock, Knocking
from sync_assets.gateway.problems import Problem, problem_responses
from sync_assets.gateway.shapes import Answer
from sync_assets.gateway.state import ThePlatform
from sync_assets.store.hooks import Hook

router = APIRouter(tags=["hooks"])

LARGEST = 64 * 1024
"""Bytes of a call."""

MOST = 1_000
"""Objects of a call."""

LATE = 300
"""Seconds that a call's timestamp may be away from our clock, both ways."""

HOOK = "hook"
"""What stands in the audit, and in limits, instead of a key."""

_NOBODY = Hook("", "", "", {}, secrets.token_urlsafe(32))
"""With whose secret a call is compared for which there is no tenant: it takes as long."""


class Said(BaseModel):
    """What a site says: which objects; names that we do not know are let pass."""

    objects: Annotated[list[dict[str, Any]], Field(max_length=MOST)]


class Heard(Answer):
    """What was made of a call.

    Attributes:
        hints: objects that will be looked at.
        dropped: others, which the tenant does not sync, or that are none.
    """

    hints: int
    dropped: int


_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["objects"],
                    "properties": {
                        "objects": {
                            "type": "array",
                            "maxItems": MOST,
                            "items": {
                                "type": "object",
                                "properties": {
                                    "kind": {"type": "string", "enum": ["post", "term"]},
                                    "type": {"type": "string"},
                                    "id": {"type": "integer", "minimum": 1},
                                },
                            },
                        },
                        "call": {"type": "string", "description": "Different in each call."},
                    },
                }
            }
        },
    }
}


async def body_of(request: Request) -> bytes:
    """The body as it came, which is what was signed; raises `Problem` 413."""
    body = await request.body()
    if len(body) > LARGEST:
        raise Problem(413, detail=f"A call has at most {LARGEST} bytes.")
    return body


@router.post(
    "/v1/hooks/wordpress/{tenant_id}",
    status_code=202,
    responses=problem_responses(404, 413, 422, 429),
    openapi_extra=_BODY,
)
def wordpress(
    request: Request,
    platform: ThePlatform,
    knock: Knocking,
    body: Annotated[bytes, Depends(body_of)],
    timestamp: Annotated[
        str, Header(alias="X-Sync-Assets-Timestamp", description="Seconds since 1970.")
    ] = "",
    signature: Annotated[
        str,
        Header(
            alias="X-Sync-Assets-Signature",
            description="`sha256=` and the HMAC of timestamp, a dot and the body, in hexadecimal.",
        ),
    ] = "",
) -> Heard:
    """Hints from a WordPress site: what they name is looked at within seconds.

    No key: the signature, by the tenant's hook secret, is the proof. A call that was heard before
    is answered and does nothing.
    """
    hook = _proven(platform, knock, timestamp, signature, body)
    request.state.caller = Caller(HOOK, hook.organization, frozenset())  # for the audit
    request.app.state.limits.spend(f"{HOOK} {knock.tenant_id}")
    _check_time(timestamp)
    objects = _objects(body)
    hints = _hints(platform.spec(hook.source), hook, objects)
    call = bytes.fromhex(signature.removeprefix("sha256="))
    with platform.hooks.hearing(knock.tenant_id, call) as transaction:
        if transaction is None:
            return Heard(hints=0, dropped=0)
        hint(platform, knock.tenant_id, hints, asked_by=hook.source, on=transaction)
    return Heard(hints=len(hints), dropped=len(objects) - len(hints))


def _proven(platform: Platform, knock: Knock, timestamp: str, signature: str, body: bytes) -> Hook:
    """The door that the call has the secret of; raises the one `Problem` 404 for any other."""
    hook = platform.hooks.get(knock.tenant_id) if knock.tenant_id else None
    wanted = _signature((hook or _NOBODY).secret, timestamp, body)
    good = hmac.compare_digest(wanted.encode(), signature.encode())
    if hook is None or hook.source != "wordpress" or not good:
        raise knock.is_wrong()
    return hook


def _hints(spec: SourceSpec, hook: Hook, objects: Sequence[dict[str, Any]]) -> list[Hint]:
    """Where the objects are that the tenant syncs."""
    if spec.hint is None:
        return []
    found = (spec.hint(hook.settings, said) for said in objects)
    return [one for one in found if one is not None]


def _signature(secret: str, timestamp: str, body: bytes) -> str:
    said = timestamp.encode() + b"." + body
    return f"sha256={hmac.new(secret.encode(), said, hashlib.sha256).hexdigest()}"


def _check_time(timestamp: str) -> None:
    if not timestamp.isascii() or not timestamp.isdecimal() or len(timestamp) > 12:
        raise Problem(422, detail="The timestamp is no number of seconds since 1970.")
    if abs(time.time() - int(timestamp)) > LATE:
        raise Problem(
            422,
            detail=f"The timestamp is more than {LATE} seconds away from our clock. Set the "
            "site's clock.",
        )


def _objects(body: bytes) -> list[dict[str, Any]]:
    try:
        return Said.model_validate_json(body).objects
    except ValidationError as error:
        raise Problem(
            422, detail=f"The body is no JSON object with at most {MOST} 'objects'."
        ) from error
