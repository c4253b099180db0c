"""The pages' cookies: whose session it is, whose forms they are, which language was chosen."""

import secrets

from fastapi import Request, Response

from sync_assets.gateway.pages import language
from sync_assets.store.page_sessions import LASTS


def session_of(request: Request) -> str | None:
    """The id of the session that a browser says it has."""
    return request.cookies.get(_name(request, "sync_session"))


def remember_session(request: Request, response: Response, session: str) -> None:
    """Let the browser have a session."""
    seconds = int(LASTS.total_seconds())
    _set(request, response, _name(request, "sync_session"), session, seconds)


def forget_session(request: Request, response: Response) -> None:
    """Let the browser have none any more."""
    _set(request, response, _name(request, "sync_session"), "", 0)


def visit_of(request: Request) -> str | None:
    """By what forms are bound to a browser that is not signed in."""
    return request.cookies.get(_name(request, "sync_visit"))


def begin_visit(request: Request, response: Response, visit: str) -> None:
    """Bind forms to a browser until it is closed."""
    _set(request, response, _name(request, "sync_visit"), visit, None)


def new_visit() -> str:
    """What nobody can guess."""
    return secrets.token_urlsafe(32)


def remember_language(request: Request, response: Response, code: str) -> None:
    """Keep a choice for the pages to come."""
    _set(request, response, language.COOKIE, code, language.LASTS)


def _name(request: Request, name: str) -> str:
    """With the prefix that lets no other host of the domain set it, where that is to be had."""
    return f"__Host-{name}" if _secure(request) else name


def _secure(request: Request) -> bool:
    """Did the browser ask by https? The server takes the word of a proxy on this machine only."""
    return request.url.scheme == "https"


def _set(request: Request, response: Response, name: str, value: str, seconds: int | None) -> None:
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path="/",
        secure=_secure(request),
        httponly=True,
        samesite="lax",
    )
