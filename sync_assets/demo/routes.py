"""Which answer belongs to which URL."""

import re

from sync_assets.demo.access import NOBODY
from sync_assets.demo.acf import fields_of_many, fields_of_one
from sync_assets.demo.calls import Call
from sync_assets.demo.discovery import index, me, taxonomies, types
from sync_assets.demo.errors import ApiError, no_route
from sync_assets.demo.links import rest_url
from sync_assets.demo.messages import Request, Response
from sync_assets.demo.pages import page_for_people
from sync_assets.demo.site import Site

_ID = re.compile(r"/\d+$")
_REFUSED = "The provided password is an invalid application password."


def respond(site: Site, request: Request) -> Response:
    """The answer of the site to any request."""
    if request.route is None:
        return page_for_people(site, request)
    if request.path.startswith("/wp-json") and not site.pretty_permalinks:
        return Response(301, headers={"Location": f"{site.url}/"})
    site.count_request(_ID.sub("/<id>", request.route))
    try:
        answer = _rest(site, request)
    except ApiError as error:
        answer = error.response()
    link = f'<{rest_url(site, "/")}>; rel="https://api.w.org/"'
    return answer.with_headers({"Link": link, "X-Content-Type-Options": "nosniff"})


def _rest(site: Site, request: Request) -> Response:
    visitor = site.users.authenticate(request.headers)
    if site.rejects_bad_credentials and visitor is NOBODY and "authorization" in request.headers:
        raise ApiError(401, "incorrect_password", _REFUSED)
    if request.method not in {"GET", "HEAD"}:
        raise no_route()
    return _dispatch(Call(site, request, visitor), (request.route or "").strip("/").split("/"))


def _dispatch(call: Call, route: list[str]) -> Response:
    match route:
        case [""]:
            return call.object(index(call.site))
        case ["wp", "v2", *rest]:
            return _wordpress(call, rest)
        case ["acf", "v3", base] if call.site.acf_v3:
            return fields_of_many(call, base)
        case ["acf", "v3", base, number] if call.site.acf_v3 and number.isdecimal():
            return fields_of_one(call, base, int(number))
        case _:
            raise no_route()


def _wordpress(call: Call, route: list[str]) -> Response:
    match route:
        case ["types"]:
            return call.object(types(call))
        case ["taxonomies"]:
            return call.object(taxonomies(call))
        case ["users", "me"]:
            return call.object(me(call))
        case [base]:
            return call.page(call.list(base))
        case [base, number] if number.isdecimal():
            return call.object(call.one(base, int(number)))
        case _:
            raise no_route()
