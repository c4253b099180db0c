"""What goes wrong at Shopify beyond what goes wrong anywhere; for `site.faults`.

    site.faults.add(during("bulkOperationRunQuery", internal_error(), times=2))

An empty budget is no trouble of the wire: `site.app.bucket.drain()`. A token ends with
`site.apps.end(token)`.
"""

from sync_assets.demo.faults import Fault, Trouble
from sync_assets.demo.messages import Request, Response

_REQUEST = "7c1f6d2e-demo"


def during(text: str, trouble: Trouble, *, times: int | None = 1, after: int = 0) -> Trouble:
    """A trouble that strikes requests whose body has this text, such as a field's name."""
    fault = Fault(trouble, times=times, after=after)

    def strike(request: Request) -> Response | None:
        return fault(request) if text.encode() in request.body else None

    return strike


def internal_error() -> Trouble:
    """Shopify's own mistake, under status 200 and without data."""
    message = (
        "Internal error. Looks like something went wrong on our end.\n"
        f"Request ID: {_REQUEST} (include this in support requests)."
    )
    extensions = {"code": "INTERNAL_SERVER_ERROR", "requestId": _REQUEST}
    answer = Response.json({"errors": [{"message": message, "extensions": extensions}]})
    return lambda _request: answer


def unauthorized() -> Trouble:
    """The token is suddenly not good; `errors` is a string here, not a list."""
    message = "[API] Invalid API key or access token (unrecognized login or wrong password)"
    return lambda _request: Response.json({"errors": message}, 401)


def unavailable_shop() -> Trouble:
    """The merchant has not paid: 402."""
    return lambda _request: Response.json({"errors": "Unavailable Shop"}, 402)
