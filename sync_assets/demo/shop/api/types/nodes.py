"""Single records by their global ids."""

from collections.abc import Callable, Mapping

from graphql import GraphQLError

from sync_assets.demo.shop.api.call import Call
from sync_assets.demo.shop.api.contract import Access
from sync_assets.demo.shop.api.fields import Arguing, denied
from sync_assets.demo.shop.api.types.payments import Part
from sync_assets.demo.shop.data import numbering
from sync_assets.demo.shop.data.orders import Order


def _order(call: Call, identity: int) -> Order | None:
    order = call.shop.orders.get(identity)
    return order if order and order.created_at.timestamp() >= call.oldest_order else None


def _refund(call: Call, identity: int) -> object:
    order = _order(call, numbering.order_id((identity - numbering.REFUND) // 16))
    found = (x for x in (order.refunds if order else ()) if x.id == identity)
    return next((Part(order, x) for x in found if order), None)


def _location(call: Call, identity: int) -> object:
    return next((x for x in call.shop.stock.locations if x.id == identity), None)


_FINDERS: Mapping[str, Callable[[Call, int], object]] = {
    "Product": lambda call, identity: call.shop.products.get(identity),
    "ProductVariant": lambda call, x: call.shop.stock.variant(x, numbering.VARIANT),
    "InventoryItem": lambda call, identity: call.shop.stock.item(identity),
    "Location": _location,
    "Order": _order,
    "Refund": _refund,
}


def find_node(call: Call, identity: str) -> object:
    """The record with a global id; None for one that is not there, or hidden."""
    typename, _, rest = identity.removeprefix("gid://shopify/").partition("/")
    if not identity.startswith("gid://shopify/") or not rest:
        raise GraphQLError(f"Invalid global id '{identity}'")
    if typename == "BulkOperation":
        number = int(rest)
        return next((x for x in call.operations.of(call.app) if x.id == number), None)
    number, _, query = rest.partition("?inventory_item_id=")
    if typename == "InventoryLevel":
        item = call.shop.stock.item(int(query))
        return call.shop.stock.level(item.variant, int(number)) if item else None
    find = _FINDERS.get(typename)
    if find is None:
        raise GraphQLError(f"The simulated shop does not serve nodes of type {typename}")
    return find(call, int(number))


class Nodes:
    """`node` and `nodes`, which lead to any type and so ask for that type's scopes."""

    def __init__(self, access: Mapping[tuple[str, str], Access]) -> None:
        self._access = access

    def one(self, _: object, call: Call, id: str) -> object:
        """`node(id:)`."""
        typename = id.removeprefix("gid://shopify/").partition("/")[0]
        needed = self._access.get((typename, ""))
        if needed and needed.scopes.isdisjoint(call.scopes):
            raise denied("node", needed)
        return find_node(call, id)

    def many(self, _: object, call: Call, ids: list[str]) -> list[object]:
        """`nodes(ids:)`, in the order of the ids, with null for those that are not there."""
        if len(ids) > 250:
            raise GraphQLError("The input array size of 'ids' is greater than the maximum of 250.")
        return [self.one(None, call, one) for one in ids]


def by_id(typename: str) -> Arguing:
    """`product(id:)` and its like, for ids of one type."""

    def find(_: object, call: Call, id: str) -> object:
        if not id.startswith(f"gid://shopify/{typename}/"):
            raise GraphQLError(f"Invalid global id '{id}'")
        return find_node(call, id)

    return Arguing(find)
