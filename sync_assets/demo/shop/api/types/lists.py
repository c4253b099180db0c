"""The lists at the root of the API, and how many there are in them."""

from bisect import bisect_left
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from sync_assets.demo.shop.api.call import Call, kept
from sync_assets.demo.shop.api.fields import Arguing
from sync_assets.demo.shop.api.pages import Connection, key_of, taken_from
from sync_assets.demo.shop.api.search import BASIC, Field
from sync_assets.demo.shop.api.types.inventory import ITEM_SEARCH
from sync_assets.demo.shop.api.types.orders import ORDER_SEARCH
from sync_assets.demo.shop.api.types.products import PRODUCT_SEARCH, VARIANT_SEARCH, Counted
from sync_assets.demo.shop.data import numbering
from sync_assets.demo.shop.data.table import Head, Table

_EVENT_SEARCH: Mapping[str, Field] = BASIC | {
    "action": Field("list", lambda _, load: load().action),
    "subject_type": Field("list", lambda _, load: load().subject_type),
    "comments": Field("text", lambda _, __: "true"),
}


def _table(
    call: Call, table: Table[Any], name: str, fields: Mapping[str, Field], arguments: dict[str, Any]
) -> Connection:
    """A page of products or orders, in the order of updates, of creation or of ids."""
    search = call.search(name, arguments.get("query"), fields)
    oldest = call.oldest_order if name == "orders" else float("-inf")

    def visible(identity: int) -> bool:
        return table.head(identity).created >= oldest

    match = kept(search, table.head, table.__getitem__)
    if arguments.get("sortKey") != "UPDATED_AT":  # creation follows the ids

        def keep(identity: int) -> bool:
            return visible(identity) and match(identity)

        return call.page(table.by_id(), arguments, table.__getitem__, keep)
    keys = table.by_update()
    if not arguments.get("reverse"):
        keys = keys[bisect_left(keys, (search.updated_from, 0)) :]
    return call.page(
        keys, arguments, lambda key: table[key[1]], lambda key: visible(key[1]) and match(key[1])
    )


def products(_: object, call: Call, **arguments: Any) -> Connection:  # noqa: ANN401
    """`products`."""
    return _table(call, call.shop.products, "products", PRODUCT_SEARCH, arguments)


def orders(_: object, call: Call, **arguments: Any) -> Connection:  # noqa: ANN401
    """`orders`, those that the token may see."""
    return _table(call, call.shop.orders, "orders", ORDER_SEARCH, arguments)


def _stocked(
    call: Call, base: int, fields: Mapping[str, Field], arguments: dict[str, Any]
) -> Connection:
    """A page of variants or of inventory items, by id."""
    name = "inventoryItems" if base == numbering.ITEM else "productVariants"
    search = call.search(name, arguments.get("query"), fields)
    stock = call.shop.stock
    load: Callable[[int], Any] = (
        stock.item if base == numbering.ITEM else lambda identity: stock.variant(identity, base)
    )
    wanted = call.windowed(arguments)
    if wanted.backwards or wanted.reverse:
        heads = {head.id: head for head in stock.heads(base)}
        return call.page(list(heads), arguments, load, kept(search, heads.__getitem__, load))

    def forwards() -> Connection:
        after = key_of(wanted.cursor, 0) if wanted.cursor else 0
        heads = stock.heads(base, after)
        fitting = (x.id for x in heads if search.match(x, partial(load, x.id)))
        return taken_from(fitting, wanted, load)

    return call.rooted(forwards)


def items(_: object, call: Call, **arguments: Any) -> Connection:  # noqa: ANN401
    """`inventoryItems`, by id: the API knows no other order."""
    return _stocked(call, numbering.ITEM, ITEM_SEARCH, arguments)


def variants(_: object, call: Call, **arguments: Any) -> Connection:  # noqa: ANN401
    """`productVariants`, by id."""
    return _stocked(call, numbering.VARIANT, VARIANT_SEARCH, arguments)


def locations(_: object, call: Call, **arguments: Any) -> Connection:  # noqa: ANN401
    """`locations`."""
    locations = {location.id: location for location in call.shop.stock.locations}
    return call.page(sorted(locations), arguments, locations.__getitem__)


def events(_: object, call: Call, **arguments: Any) -> Connection:  # noqa: ANN401
    """`events`, among them what is left of the deleted."""
    search = call.search("events", arguments.get("query"), _EVENT_SEARCH)
    events = {event.id: event for event in call.shop.events}

    def head(identity: int) -> Head:
        at = int(events[identity].created_at.timestamp())
        return Head(identity, at, at)

    return call.page(list(events), arguments, events.__getitem__, kept(search, head, events.get))


def count_of(kind: str, fields: Mapping[str, Field]) -> Arguing:
    """`productsCount` and `ordersCount`: exact up to the limit, which is 10,000 unless told."""

    def count(
        _: object, call: Call, query: str | None = None, limit: int | None = 10_000, **__: object
    ) -> Counted:
        table: Table[Any] = getattr(call.shop, kind)
        search = call.search(f"{kind}Count", query, fields)
        match = kept(search, table.head, table.__getitem__)
        oldest = call.oldest_order if kind == "orders" else float("-inf")
        found = sum(1 for one in table.by_id() if table.head(one).created >= oldest and match(one))
        if limit is not None and found > limit:
            return Counted(limit, "AT_LEAST")
        return Counted(found)

    return Arguing(count)


def variants_count(
    _: object, call: Call, query: str | None = None, limit: int | None = 10_000
) -> Counted:
    """`productVariantsCount`, with the same limit."""
    search = call.search("productVariantsCount", query, VARIANT_SEARCH)
    stock = call.shop.stock

    def fits(head: Head) -> bool:
        return search.match(head, partial(stock.variant, head.id, numbering.VARIANT))

    found = sum(map(fits, stock.heads(numbering.VARIANT)))
    return Counted(found) if limit is None or found <= limit else Counted(limit, "AT_LEAST")
