"""One GraphQL request while it is executed: what every resolver may ask for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from graphql import GraphQLError

from sync_assets.demo.shop.api.pages import Connection, Key, PageError, Wanted, paged
from sync_assets.demo.shop.api.search import Field, Search, SearchError, understand
from sync_assets.demo.shop.data.shop import Shop
from sync_assets.demo.shop.data.table import Head

RECENT = timedelta(days=60)

Arguments = dict[str, Any]


class Operations(Protocol):
    """The bulk operations of all apps, as far as resolvers use them."""

    def run(self, call: "Call", query: str, *, grouped: bool) -> object:
        """Starts one: the payload of `bulkOperationRunQuery`."""
        ...

    def cancel(self, call: "Call", identity: str) -> object:
        """Cancels one: the payload of `bulkOperationCancel`."""
        ...

    def of(self, app: str) -> Sequence["Identified"]:
        """All that an app started, the oldest first."""
        ...


class Identified(Protocol):
    """A bulk operation."""

    @property
    def id(self) -> int:
        """Its number."""
        ...


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a bulk query's root that is being read: `size` records after a cursor."""

    size: int
    cursor: str | None


@dataclass(slots=True)
class Call:
    """Who asks, of which shop; `window` is set while a bulk operation reads."""

    shop: Shop
    app: str
    scopes: frozenset[str]
    operations: Operations
    window: Window | None = None
    searches: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    root: Connection | None = None

    @property
    def oldest_order(self) -> float:
        """Orders created before this are hidden without `read_all_orders`."""
        if "read_all_orders" in self.scopes:
            return float("-inf")
        return (self.shop.now() - RECENT).timestamp()

    def wanted(self, arguments: Arguments) -> Wanted:
        """The page that a nested connection's arguments ask for."""
        return _said(lambda: Wanted.of(arguments, unlimited=self.window is not None))

    def search(self, name: str, query: str | None, fields: Mapping[str, Field]) -> Search:
        """The filter of a `query:` argument; what it could not use is told beside the answer."""
        zone = ZoneInfo(self.shop.market.zone)
        search = _said(lambda: understand(query, fields, self.shop.now(), zone))
        if search.unknown:
            warnings = [
                {"field": one, "message": "Invalid search field for this query.",
                 "code": "invalid_field"}
                for one in search.unknown
            ]  # fmt: skip
            self.searches.append({"path": [name], "query": query, "warnings": warnings})
        return search

    def page(
        self,
        keys: Sequence[Key],
        arguments: Arguments,
        load: Callable[[Key], Any],
        keep: Callable[[Key], bool] = lambda _key: True,
    ) -> Connection:
        """A page of a connection that may be a query's outermost, from sorted keys."""
        wanted = self.windowed(arguments)
        return self.rooted(lambda: paged(keys, wanted, load, keep))

    def windowed(self, arguments: Arguments) -> Wanted:
        """The page that arguments ask for; of a bulk query's outermost connection, its window."""
        wanted = self.wanted(arguments)
        if self.window is None or self.root is not None:
            return wanted
        return Wanted(self.window.size, self.window.cursor, reverse=wanted.reverse)

    def rooted(self, page: Callable[[], Connection]) -> Connection:
        """Remembers the outermost page, for a bulk operation to go on from there."""
        found: Connection = _said(page)
        self.root = self.root or found
        return found


def kept(
    search: Search, head: Callable[[Key], Head], load: Callable[[Key], Any]
) -> Callable[[Key], bool]:
    """A page's filter, from a search: most need the head alone."""
    return lambda key: search.match(head(key), lambda: load(key))


def _said(action: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever it returns
    """What goes wrong with arguments is told as Shopify tells it."""
    try:
        return action()
    except (PageError, SearchError) as error:
        raise GraphQLError(str(error), extensions={"code": "BAD_REQUEST"}) from error
