"""What a call was for, without what is personal in its address."""

from starlette.types import Scope

NO_ROUTE = "(none)"


def route_of(scope: Scope) -> str:
    """The route's template, such as `/v1/syncs/{sync_id}`."""
    return str(getattr(scope.get("route"), "path", NO_ROUTE))
