"""The door: a key opens a session, in which the key itself has no part."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from sync_assets.bootstrap import Platform
from sync_assets.core.errors import UnknownTenant
from sync_assets.gateway.access import caller_of_text
from sync_assets.gateway.pages import cookies, forms
from sync_assets.gateway.pages.language import language_of
from sync_assets.gateway.pages.rendering import page
from sync_assets.gateway.pages.route import PageRoute
from sync_assets.gateway.state import ThePlatform

router = APIRouter(route_class=PageRoute, include_in_schema=False)

Key = Annotated[str, Form(max_length=200)]


@router.get("/t/{tenant_id}/sign-in")
def door(request: Request, tenant_id: str) -> Response:
    """The form; the same for every tenant, known or unknown."""
    return _door(request, tenant_id)


@router.post("/t/{tenant_id}/sign-in")
def sign_in(
    request: Request, tenant_id: str, platform: ThePlatform, key: Key = "", token: forms.Token = ""
) -> Response:
    """Begin a session; a wrong key and a tenant that it does not open are answered alike."""
    words = language_of(request).sign_in
    if not forms.is_ours(request, token, cookies.visit_of(request)):
        return _door(request, tenant_id, words.stale)
    caller = caller_of_text(request, platform, key.strip())
    if caller is None or not _opens(platform, tenant_id, caller.organization):
        return _door(request, tenant_id, words.refused)
    _end(request, platform)
    response = RedirectResponse(f"/t/{tenant_id}", 303)
    cookies.remember_session(request, response, platform.page_sessions.begin(caller.key_id))
    return response


@router.post("/t/{tenant_id}/sign-out")
def sign_out(
    request: Request, tenant_id: str, platform: ThePlatform, token: forms.Token = ""
) -> Response:
    """End the session."""
    forms.check(request, token, cookies.session_of(request))
    _end(request, platform)
    response = RedirectResponse(f"/t/{tenant_id}/sign-in", 303)
    cookies.forget_session(request, response)
    return response


def _opens(platform: Platform, tenant_id: str, organization: str) -> bool:
    try:
        platform.tenants.owned(tenant_id, organization)
    except UnknownTenant:
        return False
    return True


def _end(request: Request, platform: Platform) -> None:
    session = cookies.session_of(request)
    if session is not None:
        platform.page_sessions.end(session)


def _door(request: Request, tenant_id: str, refused: str | None = None) -> Response:
    visit = cookies.visit_of(request) or cookies.new_visit()
    response = page(
        request,
        "sign_in.html",
        403 if refused else 200,
        tenant_id=tenant_id,
        refused=refused,
        token=forms.token_of(visit),
    )
    cookies.begin_visit(request, response, visit)
    return response
