"""One request to one REST route, and the two shapes of a good answer."""

from dataclasses import dataclass

from sync_assets.demo.access import Visitor
from sync_assets.demo.bodies import Json, only_fields
from sync_assets.demo.errors import no_route
from sync_assets.demo.listing import Listing, list_entries, list_terms, one_entry, one_term
from sync_assets.demo.messages import Request, Response
from sync_assets.demo.site import Site


@dataclass(frozen=True, slots=True)
class Call:
    """A request with who sends it, to whom."""

    site: Site
    request: Request
    visitor: Visitor

    def list(self, base: str) -> Listing:
        """A page of any kind."""
        params = self.request.params
        if taxonomy := self.site.taxonomies.get(base):
            return list_terms(self.site, taxonomy, params, self.visitor)
        if kind := self.site.post_types.get(base):
            return list_entries(self.site, kind, params, self.visitor)
        raise no_route()

    def one(self, base: str, number: int) -> Json:
        """One row of any kind."""
        params = self.request.params
        if taxonomy := self.site.taxonomies.get(base):
            return one_term(self.site, taxonomy, number, params, self.visitor)
        if kind := self.site.post_types.get(base):
            return one_entry(self.site, kind, number, params, self.visitor)
        raise no_route()

    def object(self, body: Json) -> Response:
        """An object, with no more than `_fields` asks for."""
        return Response.json(self._cut(body))

    def page(self, listing: Listing) -> Response:
        """A list with its totals in the headers."""
        totals = {"X-WP-Total": str(listing.total), "X-WP-TotalPages": str(listing.pages)}
        return Response.json([self._cut(body) for body in listing.bodies], headers=totals)

    def _cut(self, body: Json) -> Json:
        fields = self.request.params.get("_fields")
        return only_fields(body, fields) if fields else body
