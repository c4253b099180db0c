"""What a call was for, without what is personal in its address."""

from fastapi.routing import APIRoute
from starlette.types import Scope

NO_ROUTE = "(none)"


def operation_id(route: APIRoute) -> str:
    """What clients that are made from the OpenAPI call it, such as `syncs_create`."""
    return "_".join([*map(str, route.tags), route.name.rstrip("_")])


def route_of(scope: Scope) -> str:
    """The route's template, such as `/v1/syncs/{sync_id}`."""
    return str(getattr(scope.get("route"), "path", NO_ROUTE))
