"""`Idempotency-Key`: a call that is repeated is answered once more, and not done once more."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Request, Response

from sync_assets.gateway.access import Authenticated
from sync_assets.gateway.problems import Problem
from sync_assets.gateway.state import ThePlatform
from sync_assets.store.answers import Answers, Stored

REPLAYED = "Idempotent-Replayed"

_KEPT_HEADERS = ("content-type", "location")

Given = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="The same for each repetition of one call; kept for 24 hours.",
    ),
]


@dataclass(frozen=True, slots=True)
class Idempotent:
    """Does a call once.

    Attributes:
        name: the idempotency key; without one the call is done each time.
    """

    answers: Answers
    key_id: str
    name: str | None
    request_hash: bytes

    def __call__(self, act: Callable[[], Response]) -> Response:
        """The answer to the call; raises `Problem` 409 while the first is under way, or 422."""
        if self.name is None:
            return act()
        begun = self.answers.begin(self.key_id, self.name, self.request_hash)
        if isinstance(begun, Stored):
            return self._repeated(begun)
        try:
            answer = act()
        except BaseException:
            self.answers.forget(self.key_id, self.name, begun)
            raise
        headers = {name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers}
        kept = (answer.status_code, headers, bytes(answer.body))
        self.answers.finish(self.key_id, self.name, begun, kept)
        return answer

    def _repeated(self, stored: Stored) -> Response:
        if stored.request_hash != self.request_hash:
            detail = "This Idempotency-Key was used for another call."
            raise Problem(422, detail=detail, kind="idempotency-key-reused")
        if stored.status is None:
            raise Problem(
                409,
                detail="The first call with this Idempotency-Key is under way.",
                kind="call-under-way",
                headers={"Retry-After": "1"},
            )
        headers = {**stored.headers, REPLAYED: "true"}
        return Response(stored.body, stored.status, headers)


async def once(
    request: Request, caller: Authenticated, platform: ThePlatform, idempotency_key: Given = None
) -> Idempotent:
    """What does the call at hand once."""
    head = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    # By the caller's own secret, which is kept nowhere: a body may hold a password.
    secret = request.headers.get("authorization", "").encode()
    hashed = hmac.new(secret, head + await request.body(), hashlib.sha256).digest()
    return Idempotent(platform.answers, caller.key_id, idempotency_key, hashed)


Once = Annotated[Idempotent, Depends(once)]
