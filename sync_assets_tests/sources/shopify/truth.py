"""What the tables must hold, taken from what the shop holds and not from what its API says."""

from decimal import Decimal
from typing import Any

from sync_assets.bootstrap import Platform
from sync_assets.demo.shop import ShopSite
from sync_assets.demo.shop.data.goods import Product, Variant
from sync_assets.demo.shop.data.orders import Order
from sync_assets.sources.shopify.streams import SPEC

Rows = dict[int, dict[str, Any]]


def held(platform: Platform, stream: str, tenant: str = "loja") -> Rows:
    """The live rows of a stream by key, as an export gives them."""
    spec = SPEC.stream(stream)
    chunks = platform.export.chunks(tenant, spec)
    return {row[spec.table.key]: row for chunk in chunks for row in chunk}


def products(site: ShopSite) -> Rows:
    return {product.id: _product(product) for product in site.shop.products}


def _product(x: Product) -> dict[str, Any]:
    return {
        "product_id": x.id,
        "title": x.title,
        "handle": x.handle,
        "status": x.status,
        "vendor": x.vendor,
        "product_type": x.product_type,
        "tags": list(x.tags),
        "description_html": x.description_html,
        "created_at": x.created_at,
        "published_at": x.published_at,
        "source_modified_at": x.updated_at,
        "variants": [_variant(v) for v in sorted(x.variants, key=lambda v: v.id)],
    }


def _variant(x: Variant) -> dict[str, Any]:
    return {
        "variant_id": x.id,
        "position": x.position,
        "title": x.title,
        "sku": x.sku,
        "barcode": x.barcode or "",
        "price": _money(x.price),
        "compare_at_price": _money(x.compare_at_price),
        "options": [{"name": name, "value": value} for name, value in x.choices],
        "inventory_item_id": x.item_id,
    }


def inventory(site: ShopSite) -> Rows:
    names = {location.id: location.name for location in site.shop.stock.locations}
    found: Rows = {}
    for product in site.shop.products:
        for variant in product.variants:
            levels = site.shop.stock.levels(variant)
            found[variant.item_id] = {
                "inventory_item_id": variant.item_id,
                "sku": variant.sku,
                "tracked": variant.tracked,
                "unit_cost": variant.unit_cost,
                "product_id": product.id,
                "variant_id": variant.id,
                "levels": [
                    {
                        "location_id": level.location_id,
                        "location": names[level.location_id],
                        **{
                            name: level.quantities.get(name, 0)
                            for name in (
                                "available",
                                "on_hand",
                                "committed",
                                "incoming",
                                "reserved",
                            )
                        },
                    }
                    for level in sorted(levels, key=lambda level: level.location_id)
                ],
            }
    return found


def orders(site: ShopSite) -> Rows:
    there = {product.id for product in site.shop.products}
    return {order.id: _order(there, order) for order in site.shop.orders}


def _order(there: set[int], x: Order) -> dict[str, Any]:
    return {
        "order_id": x.id,
        "name": x.name,
        "test": x.test,
        "note": x.note or "",
        "tags": list(x.tags),
        "financial_status": x.financial_status,
        "fulfillment_status": x.fulfillment_status,
        "currency": x.currency,
        "presentment_currency": x.presentment,
        "subtotal": x.subtotal,
        "discounts": x.discounts,
        "shipping": x.shipping,
        "tax": x.tax,
        "total": x.total,
        "current_total": x.total - x.refunded,
        "received": x.received,
        "refunded": x.refunded,
        "cancelled_at": x.cancelled_at,
        "cancel_reason": x.cancel_reason or "",
        "closed_at": x.closed_at,
        "created_at": x.created_at,
        "source_modified_at": x.updated_at,
        "lines": [
            {
                "line_id": line.id,
                "title": line.title,
                "sku": line.sku,
                "quantity": line.quantity,
                "current_quantity": line.quantity - x.returned(line.id),
                # A line forgets a product that was deleted, and the order's time does not move.
                **({"product_id": line.product_id} if line.product_id in there else {}),
                "unit_price": _money(line.unit_price),
                "discount": _money(line.discount),
            }
            for line in sorted(x.lines, key=lambda line: line.id)
        ],
        "refunds": [
            {
                "refund_id": refund.id,
                "note": refund.note or "",
                "total": _money(refund.total),
                "currency": x.currency,
            }
            for refund in sorted(x.refunds, key=lambda refund: refund.id)
        ],
        "refund_lines": [
            {
                "refund_line_id": line.id,
                "refund_id": refund.id,
                "line_id": line.line_id,
                "quantity": line.quantity,
                "restock_type": line.restock_type,
                "subtotal": _money(line.subtotal),
                "tax": _money(line.tax),
            }
            for refund, line in sorted(
                ((refund, line) for refund in x.refunds for line in refund.lines),
                key=lambda pair: pair[1].id,
            )
        ],
    }


def check(platform: Platform, site: ShopSite, *streams: str, tenant: str = "loja") -> None:
    """Hold every field of every row against the shop."""
    wanted = {"products": products, "inventory": inventory, "orders": orders}
    for stream in streams or tuple(wanted):
        rows, truth = held(platform, stream, tenant), wanted[stream](site)
        assert rows.keys() == truth.keys(), stream
        for key, row in truth.items():
            assert _same(rows[key], row) == [], (stream, key)


def _same(found: Any, wanted: Any, path: str = "") -> list[str]:
    """What differs; a row may have more than is wanted of it, a list may not."""
    if isinstance(wanted, dict):
        return [
            said
            for name, value in wanted.items()
            for said in _same(found[name], value, f"{path}.{name}")
        ]
    if isinstance(wanted, list):
        if len(found) != len(wanted):
            return [f"{path}: {len(found)} instead of {len(wanted)}"]
        return [said for x, y in zip(found, wanted, strict=True) for said in _same(x, y, path)]
    if path.rpartition(".")[2] in _AMOUNTS and wanted is not None and found is not None:
        found, wanted = Decimal(found), Decimal(wanted)
    return [] if found == wanted else [f"{path}: {found!r} instead of {wanted!r}"]


_AMOUNTS = {"price", "compare_at_price", "unit_price", "discount", "total", "subtotal", "tax"}


def _money(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)
