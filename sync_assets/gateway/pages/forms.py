"""Is a form ours? It bears what only this browser's page has, and comes from this very site."""

import hashlib
import hmac
from typing import Annotated

from fastapi import Form, Request

from sync_assets.gateway.problems import Problem

Token = Annotated[str, Form(max_length=100)]


def token_of(secret: str) -> str:
    """What a session's or visit's forms bear; tells nothing of the secret in its cookie."""
    return hmac.new(secret.encode(), b"a form of the status page", hashlib.sha256).hexdigest()


def is_ours(request: Request, token: str, secret: str | None) -> bool:
    """Does a form's token go with the cookie, and its origin with the address?

    Browsers send the origin with every form, so that one without is none.
    """
    origin = f"{request.url.scheme}://{request.headers.get('host', '')}"
    if secret is None or request.headers.get("origin") != origin:
        return False
    return hmac.compare_digest(token.encode(), token_of(secret).encode())


def check(request: Request, token: str, secret: str | None) -> None:
    """Raises `Problem` 403 for a form that is not ours."""
    if not is_ours(request, token, secret):
        raise Problem(403, detail="The form was too old, or came from elsewhere.")
