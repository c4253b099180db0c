"""The errors of WordPress's REST API, with its codes and its words."""

from sync_assets.demo.access import Visitor
from sync_assets.demo.messages import Response


class ApiError(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, code: str, message: str, **data: object) -> None:
        super().__init__(message)
        self.status = status
        self._body = {"code": code, "message": message, "data": {"status": status, **data}}

    def response(self) -> Response:
        """The JSON body that WordPress sends."""
        return Response.json(self._body, self.status)


def no_route() -> ApiError:
    """The URL names nothing that this site serves."""
    message = "No route was found matching the URL and request method."
    return ApiError(404, "rest_no_route", message)


def invalid_param(name: str, why: str, code: str, status: int | None = None) -> ApiError:
    """A parameter's value is refused; `status` is the inner one, of forbidden values."""
    inner = None if status is None else {"status": status}
    details = {name: {"code": code, "message": why, "data": inner}}
    message = f"Invalid parameter(s): {name}"
    return ApiError(400, "rest_invalid_param", message, params={name: why}, details=details)


def forbidden_context(visitor: Visitor, what: str) -> ApiError:
    """`context=edit` without the right to edit."""
    message = f"Sorry, you are not allowed to edit {what}."
    return ApiError(visitor.refusal, "rest_forbidden_context", message)


def cannot_view(visitor: Visitor, what: str) -> ApiError:
    """A listing that is not public."""
    message = f"Sorry, you are not allowed to {what}."
    return ApiError(visitor.refusal, "rest_cannot_view", message)
