"""The older plugin "ACF to REST API": `/acf/v3/{kind}` and `/acf/v3/{kind}/{id}`."""

from dataclasses import replace

from sync_assets.demo.bodies import Json
from sync_assets.demo.calls import Call
from sync_assets.demo.errors import no_route
from sync_assets.demo.messages import Response


def fields_of_many(call: Call, base: str) -> Response:
    """A page of `{"id": 7, "acf": {…}}`, with WordPress's own parameters."""
    listing = call.list(base)
    bodies: list[Json] = [
        {"id": body["id"], "acf": body["acf"] or False} for body in listing.bodies
    ]
    return call.page(replace(listing, bodies=bodies))


def fields_of_one(call: Call, base: str, number: int) -> Response:
    """`{"acf": {…}}`, or false. An id that does not exist is no error: the plugin asks only ACF."""
    if base not in call.site.taxonomies and base not in call.site.post_types:
        raise no_route()
    try:
        fields = call.site.get(base, number).acf
    except KeyError:
        fields = False
    return Response.json({"acf": fields or False})
