"""What the tables must hold, taken from what the shop holds and not from what its API says."""

from collections.abc import Callable, Iterator, Mapping
from itertools import zip_longest
from typing import Any

from sync_assets.bootstrap import Platform
from sync_assets.demo.shop import ShopSite
from sync_assets.demo.shop.data.goods import QUANTITIES, Item, Level, Location, Product, Variant
from sync_assets.demo.shop.data.orders import Line, Order, Refund, RefundLine
from sync_assets.demo.shop.data.shop import Shop
from sync_assets.sources.shopify.streams import SPEC
from sync_assets_tests.sources.shopify import originals
from sync_assets_tests.sources.shopify.comparing import differences
from sync_assets_tests.sources.shopify.originals import forgotten

Rows = dict[int, dict[str, Any]]


def held(platform: Platform, stream: str, tenant: str = "loja") -> Rows:
    """The live rows of a stream by key, as an export gives them."""
    return {row[SPEC.stream(stream).table.key]: row for row in _rows(platform, stream, tenant)}


def check(platform: Platform, site: ShopSite, *streams: str, tenant: str = "loja") -> int:
    """Hold every field of every row against the shop; gives how many rows and parts there are."""
    compared = 0
    for stream in streams or tuple(TRUTH):
        table = SPEC.stream(stream).table
        rows = _rows(platform, stream, tenant)
        for row, truth in zip_longest(rows, TRUTH[stream](site.shop)):
            found = (row and row[table.key], truth and truth[table.key])
            assert found[0] == found[1], f"{stream}: {found[0]} instead of {found[1]}"
            assert row
            assert truth
            assert differences(table, row, truth) == [], (stream, found[0])
            compared += 1 + sum(len(row[part.field]) for part in table.children)
    return compared


def _rows(platform: Platform, stream: str, tenant: str) -> Iterator[dict[str, Any]]:
    for chunk in platform.export.chunks(tenant, SPEC.stream(stream)):
        yield from chunk


def products(shop: Shop) -> Iterator[dict[str, Any]]:
    return (_product(shop, product) for product in shop.products)


def _product(shop: Shop, x: Product) -> dict[str, Any]:
    address = f"https://{shop.domain}/products/{x.handle}" if x.published_at else None
    return {
        **_common(x),
        "product_id": x.id,
        "title": x.title,
        "handle": x.handle,
        "status": x.status,
        "vendor": x.vendor,
        "product_type": x.product_type,
        "tags": list(x.tags),
        "description_html": x.description_html,
        "online_store_url": address or "",
        "options": originals.options(x.options),
        "created_at": x.created_at,
        "published_at": x.published_at,
        "original": originals.product(x, address),
        "variants": [_variant(v) for v in sorted(x.variants, key=lambda v: v.id)],
    }


def _variant(x: Variant) -> dict[str, Any]:
    return {
        "variant_id": x.id,
        "position": x.position,
        "title": x.title,
        "sku": x.sku,
        "barcode": x.barcode or "",
        "price": x.price,
        "compare_at_price": x.compare_at_price,
        "options": originals.choices(x),
        "inventory_item_id": x.item_id,
        "created_at": x.created_at,
        "updated_at": x.updated_at,
        "original": originals.variant(x),
    }


def inventory(shop: Shop) -> Iterator[dict[str, Any]]:
    return (_item(shop, item) for item in shop.items())


def _item(shop: Shop, x: Item) -> dict[str, Any]:
    stock, currency = shop.stock, shop.market.currency
    places = {location.id: location for location in stock.locations}
    cost = x.variant.unit_cost
    return {
        **_common(x),
        "source_modified_at": None,  # no time of an item moves with its quantities
        "inventory_item_id": x.id,
        "sku": x.variant.sku,
        "tracked": x.variant.tracked,
        "requires_shipping": True,
        "unit_cost": cost,
        "unit_cost_currency": "" if cost is None else currency,
        "product_id": x.variant.product_id,
        "variant_id": x.variant.id,
        "created_at": x.created_at,
        "updated_at": x.updated_at,
        "original": originals.item(x, currency),
        "levels": [_level(level, places[level.location_id]) for level in stock.levels(x.variant)],
    }


def _level(x: Level, location: Location) -> dict[str, Any]:
    quantities = {name: x.quantities[name] for name in QUANTITIES}
    return {
        "location_id": location.id,
        "location": location.name,
        **quantities,
        "updated_at": x.updated_at,
        "original": originals.level(x, location, quantities),
    }


def orders(shop: Shop) -> Iterator[dict[str, Any]]:
    return (_order(shop, order) for order in shop.orders)


def _order(shop: Shop, x: Order) -> dict[str, Any]:
    back = [(refund, line) for refund in x.refunds for line in refund.lines]
    return {
        **_common(x),
        "order_id": x.id,
        "name": x.name,
        "financial_status": x.financial_status,
        "fulfillment_status": x.fulfillment_status,
        "test": x.test,
        "source_name": x.source,
        "note": x.note or "",
        "tags": list(x.tags),
        "currency": x.currency,
        "presentment_currency": x.presentment,
        "subtotal": x.subtotal,
        "discounts": x.discounts,
        "shipping": x.shipping,
        "tax": x.tax,
        "total": x.total,
        "current_total": x.current_total,
        "received": x.received,
        "refunded": x.refunded,
        "outstanding": x.outstanding,
        "cancel_reason": x.cancel_reason or "",
        "created_at": x.created_at,
        "processed_at": x.processed_at,
        "cancelled_at": x.cancelled_at,
        "closed_at": x.closed_at,
        "original": originals.order(x),
        "lines": [_line(shop, x, line) for line in sorted(x.lines, key=lambda line: line.id)],
        "refunds": [_refund(x, refund) for refund in sorted(x.refunds, key=lambda y: y.id)],
        "refund_lines": [_refund_line(x, *pair) for pair in sorted(back, key=lambda y: y[1].id)],
    }


def _line(shop: Shop, x: Order, line: Line) -> dict[str, Any]:
    there = line.product_id in shop.products
    for_sale = shop.stock.has_variant(line.variant_id)
    return {
        "line_id": line.id,
        "title": line.title,
        "variant_title": line.variant_title,
        "sku": line.sku,
        "vendor": line.vendor,
        "product_id": forgotten(line.product_id, there),
        "variant_id": forgotten(line.variant_id, for_sale),
        "quantity": line.quantity,
        "current_quantity": line.quantity - x.returned(line.id),
        "unit_price": line.unit_price,
        "discount": line.discount,
        "total": line.unit_price * line.quantity - line.discount,
        "original": originals.line(x, line, there, for_sale),
    }


def _refund(x: Order, refund: Refund) -> dict[str, Any]:
    return {
        "refund_id": refund.id,
        "note": refund.note or "",
        "total": refund.total,
        "currency": x.currency,
        "created_at": refund.created_at,
        "processed_at": refund.processed_at,
        "updated_at": refund.updated_at,
        "original": originals.refund(x, refund),
    }


def _refund_line(x: Order, refund: Refund, line: RefundLine) -> dict[str, Any]:
    return {
        "refund_line_id": line.id,
        "refund_id": refund.id,
        "line_id": line.line_id,
        "location_id": line.location_id,
        "quantity": line.quantity,
        "restock_type": line.restock_type,
        "price": line.price,
        "subtotal": line.subtotal,
        "tax": line.tax,
        "original": originals.refund_line(x, line),
    }


def _common(x: Product | Item | Order) -> dict[str, Any]:
    """What all live rows have that nobody edited here."""
    return {"source_modified_at": x.updated_at, "local_modified_at": None, "deleted_at": None}


TRUTH: Mapping[str, Callable[[Shop], Iterator[dict[str, Any]]]] = {
    "products": products,
    "inventory": inventory,
    "orders": orders,
}
