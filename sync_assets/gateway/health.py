"""Is the gateway there, and can it do its work?"""

import ipaddress
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response, Security
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from sync_assets.core.keys import Scope
from sync_assets.gateway.access import BEARER, authenticated
from sync_assets.gateway.metrics import Metrics
from sync_assets.gateway.problems import Problem
from sync_assets.gateway.shapes import Answer
from sync_assets.gateway.state import ThePlatform

router = APIRouter(tags=["health"])


class Health(Answer):
    """All is well."""

    status: str


@router.get("/healthz")
async def healthz() -> Health:
    """The process answers."""
    return Health(status="ok")


@router.get("/readyz")
def readyz(platform: ThePlatform) -> Health:
    """The database answers, too; 503 otherwise."""
    with platform.database.as_control() as connection:
        connection.execute("SELECT 1")
    return Health(status="ok")


def may_measure(
    request: Request, platform: ThePlatform, scheme: Annotated[object, Security(BEARER)]
) -> None:
    """Let those in who are on this machine, and holders of a key with the scope `admin`."""
    if _is_here(request):
        return
    if Scope.ADMIN not in authenticated(request, platform, scheme).scopes:
        detail = "This key lacks the scope 'admin'."
        raise Problem(403, detail=detail, kind="missing-scope", scope="admin")


@router.get(
    "/metrics",
    dependencies=[Depends(may_measure)],
    responses={
        200: {
            "description": "In the text format of Prometheus.",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        }
    },
    response_class=Response,
)
def metrics(request: Request, platform: ThePlatform) -> Response:
    """Figures for Prometheus, from this machine or with a key of the scope `admin`."""
    known: Metrics = request.app.state.metrics
    known.look(platform, len(request.app.state.streams))
    return Response(generate_latest(known.registry), media_type=CONTENT_TYPE_LATEST)


def _is_here(request: Request) -> bool:
    """Does the call come from this machine, and was it handed on by no proxy?"""
    if any(name in request.headers for name in ("x-forwarded-for", "forwarded", "x-real-ip")):
        return False
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
