"""Shopify's JSON to records. Pure: no client, no clock, no store."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, cast

import orjson

from sync_assets.core.errors import Unmappable
from sync_assets.core.records import Child, Payload, Record, Scalar
from sync_assets.core.repair import Repairs
from sync_assets.sources.shopify.identities import key_of
from sync_assets.sources.shopify.tables import QUANTITIES

_Node = Mapping[str, Any]
_NOTHING: _Node = {}


def to_product(payload: Payload) -> Record:
    """A product with its variants."""
    mend, node = Repairs(), _node(payload)
    values = (
        mend.text(node.get("title"), "title"),
        mend.text(node.get("handle"), "handle"),
        mend.text(node.get("status"), "status"),
        mend.text(node.get("vendor"), "vendor"),
        mend.text(node.get("productType"), "productType"),
        mend.json(node.get("tags")),
        mend.text(node.get("descriptionHtml"), "descriptionHtml"),
        mend.text(node.get("onlineStoreUrl"), "onlineStoreUrl"),
        mend.json(node.get("options")),
        mend.moment(node.get("createdAt"), "createdAt"),
        mend.moment(node.get("publishedAt"), "publishedAt"),
        _original(mend, _without(node, "variants")),
    )
    variants = _sorted(_variant(mend, variant) for variant in _nodes(node, "variants"))
    modified = mend.moment(node.get("updatedAt"), "updatedAt")
    return Record(payload["id"], modified, values, (), mend.count, (variants,))


def _variant(mend: Repairs, node: _Node) -> Child:
    return _child(
        node,
        mend.integer(node.get("position"), "position"),
        mend.text(node.get("title"), "title"),
        mend.text(node.get("sku"), "sku"),
        mend.text(node.get("barcode"), "barcode"),
        mend.decimal(node.get("price"), "price"),
        mend.decimal(node.get("compareAtPrice"), "compareAtPrice"),
        mend.json(node.get("selectedOptions")),
        _reference(node, "inventoryItem"),
        mend.moment(node.get("createdAt"), "createdAt"),
        mend.moment(node.get("updatedAt"), "updatedAt"),
        _original(mend, node),
    )


def to_inventory(payload: Payload) -> Record:
    """An inventory item with its levels; no time of it moves with the quantities.

    It belongs to one variant as a rule. Where several share it, the first by its id stands for
    them; `original` has all.
    """
    mend, node = Repairs(), _node(payload)
    variants = sorted(_nodes(node, "variants"), key=lambda x: key_of(x.get("id")) or 0)
    variant, cost = next(iter(variants), _NOTHING), _inner(node, "unitCost")
    values = (
        mend.text(node.get("sku"), "sku"),
        node.get("tracked") is True,
        node.get("requiresShipping") is True,
        mend.decimal(cost.get("amount"), "unitCost"),
        mend.text(cost.get("currencyCode"), "unitCost"),
        _reference(variant, "product"),
        key_of(variant.get("id")),
        mend.moment(node.get("createdAt"), "createdAt"),
        mend.moment(node.get("updatedAt"), "updatedAt"),
        _original(mend, {**_without(node, "inventoryLevels"), "variants": variants}),
    )
    levels = _sorted(_level(mend, level) for level in _nodes(node, "inventoryLevels"))
    return Record(payload["id"], None, values, (), mend.count, (levels,))


def _level(mend: Repairs, node: _Node) -> Child:
    location = _inner(node, "location")
    held = {entry.get("name"): entry.get("quantity") for entry in _nodes(node, "quantities")}
    values = (
        mend.text(location.get("name"), "location"),
        *(mend.integer(held.get(name), name) for name in QUANTITIES),
        mend.moment(node.get("updatedAt"), "updatedAt"),
        _original(mend, node),
    )
    return _child(location, *values)


def to_order(payload: Payload) -> Record:
    """An order with its lines, its refunds, and the lines of these."""
    mend, node = Repairs(), _node(payload)
    values = (
        mend.text(node.get("name"), "name"),
        mend.text(node.get("displayFinancialStatus"), "displayFinancialStatus"),
        mend.text(node.get("displayFulfillmentStatus"), "displayFulfillmentStatus"),
        node.get("test") is True,
        mend.text(node.get("sourceName"), "sourceName"),
        mend.text(node.get("note"), "note"),
        mend.json(node.get("tags")),
        mend.text(node.get("currencyCode"), "currencyCode"),
        mend.text(node.get("presentmentCurrencyCode"), "presentmentCurrencyCode"),
        _money(mend, node, "subtotalPriceSet"),
        _money(mend, node, "totalDiscountsSet"),
        _money(mend, node, "totalShippingPriceSet"),
        _money(mend, node, "totalTaxSet"),
        _money(mend, node, "totalPriceSet"),
        _money(mend, node, "currentTotalPriceSet"),
        _money(mend, node, "totalReceivedSet"),
        _money(mend, node, "totalRefundedSet"),
        _money(mend, node, "totalOutstandingSet"),
        mend.text(node.get("cancelReason"), "cancelReason"),
        mend.moment(node.get("createdAt"), "createdAt"),
        mend.moment(node.get("processedAt"), "processedAt"),
        mend.moment(node.get("cancelledAt"), "cancelledAt"),
        mend.moment(node.get("closedAt"), "closedAt"),
        _original(mend, _without(node, "lineItems", "refunds")),
    )
    refunds = _nodes(node, "refunds")
    children = (
        _sorted(_line(mend, line) for line in _nodes(node, "lineItems")),
        _sorted(_refund(mend, refund) for refund in refunds),
        _sorted(
            _refund_line(mend, refund, line)
            for refund in refunds
            for line in _nodes(refund, "refundLineItems")
        ),
    )
    modified = mend.moment(node.get("updatedAt"), "updatedAt")
    return Record(payload["id"], modified, values, (), mend.count, children)


def _line(mend: Repairs, node: _Node) -> Child:
    """An order's line, as sold: the totals of all lines are the order's subtotal."""
    whole, discount = _money(mend, node, "originalTotalSet"), _discount(mend, node)
    total = None if whole is None else whole - discount
    return _child(
        node,
        mend.text(node.get("title"), "title"),
        mend.text(node.get("variantTitle"), "variantTitle"),
        mend.text(node.get("sku"), "sku"),
        mend.text(node.get("vendor"), "vendor"),
        _reference(node, "product"),
        _reference(node, "variant"),
        mend.integer(node.get("quantity"), "quantity"),
        mend.integer(node.get("currentQuantity"), "currentQuantity"),
        _money(mend, node, "originalUnitPriceSet"),
        discount,
        total,
        _original(mend, node),
    )


def _discount(mend: Repairs, node: _Node) -> Decimal:
    """A line's share of all discounts: its own, codes, and those of the whole order."""
    shares = _nodes(node, "discountAllocations")
    amounts = (_money(mend, share, "allocatedAmountSet") for share in shares)
    return sum((amount for amount in amounts if amount is not None), Decimal(0))


def _refund(mend: Repairs, node: _Node) -> Child:
    total = _inner(_inner(node, "totalRefundedSet"), "shopMoney")
    return _child(
        node,
        mend.text(node.get("note"), "note"),
        _money(mend, node, "totalRefundedSet"),
        mend.text(total.get("currencyCode"), "currencyCode"),
        mend.moment(node.get("createdAt"), "createdAt"),
        mend.moment(node.get("processedAt"), "processedAt"),
        mend.moment(node.get("updatedAt"), "updatedAt"),
        _original(mend, _without(node, "refundLineItems")),
    )


def _refund_line(mend: Repairs, refund: _Node, node: _Node) -> Child:
    return _child(
        node,
        key_of(refund.get("id")),
        _reference(node, "lineItem"),
        _reference(node, "location"),
        mend.integer(node.get("quantity"), "quantity"),
        mend.text(node.get("restockType"), "restockType"),
        _money(mend, node, "priceSet"),
        _money(mend, node, "subtotalSet"),
        _money(mend, node, "totalTaxSet"),
        _original(mend, node),
    )


def _node(payload: Payload) -> _Node:
    return payload["node"]


def _nodes(node: _Node, name: str) -> list[_Node]:
    """A list of objects: a connection has lost its pages by now."""
    value = node.get(name)
    if not isinstance(value, list):
        raise Unmappable(f"{name} is a {type(value).__name__}, not a list")
    entries = cast("list[object]", value)
    if not all(isinstance(entry, dict) for entry in entries):
        raise Unmappable(f"{name} has an entry that is no object")
    return cast("list[_Node]", entries)


def _child(node: _Node, *values: Scalar) -> Child:
    key = key_of(node.get("id"))
    if key is None:
        raise Unmappable(f"a part of it has the id {node.get('id')!r:.60}")
    return Child(key, values)


def _sorted(children: Iterable[Child]) -> tuple[Child, ...]:
    """In the order of their keys, each once: pages that shift may show one twice."""
    found = {child.key: child for child in children}
    return tuple(found[key] for key in sorted(found))


def _reference(node: _Node, name: str) -> int | None:
    return key_of(_inner(node, name).get("id"))


def _original(mend: Repairs, node: _Node) -> str | None:
    """What the shop sent, as canonical JSON; much quicker where nothing has to be mended."""
    try:
        text = orjson.dumps(node, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:  # nested too deep, or with a lone surrogate
        return mend.json(node)
    return mend.json(node) if b"\\u0000" in text else text.decode()


def _inner(node: _Node, name: str) -> _Node:
    """An object inside of another; empty where it is null."""
    value = node.get(name)
    if value is not None and not isinstance(value, dict):
        raise Unmappable(f"{name} is a {type(value).__name__}, not an object")
    return cast("_Node", value or {})


def _money(mend: Repairs, node: _Node, name: str) -> Decimal | None:
    """The amount in the shop's currency."""
    try:
        amount = node[name]["shopMoney"]["amount"]  # as a rule
    except (KeyError, TypeError):
        amount = _inner(_inner(node, name), "shopMoney").get("amount")
    return mend.decimal(amount, name)


def _without(node: _Node, *names: str) -> dict[str, Any]:
    return {name: value for name, value in node.items() if name not in names}
