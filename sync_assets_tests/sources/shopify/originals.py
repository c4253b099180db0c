"""What `original` must hold: every field that we ask for, from what the shop holds."""

from decimal import Decimal
from typing import Any

from sync_assets.demo.shop.data.goods import Item, Level, Location, Option, Product, Variant
from sync_assets.demo.shop.data.orders import Line, Order, Refund, RefundLine
from sync_assets_tests.sources.shopify.comparing import AnyOf

Json = dict[str, Any]
_CENT = Decimal("0.01")


def gid(kind: str, key: int) -> str:
    return f"gid://shopify/{kind}/{key}"


def product(x: Product, address: str | None) -> Json:
    return {
        "id": gid("Product", x.id),
        "title": x.title,
        "handle": x.handle,
        "status": x.status,
        "vendor": x.vendor,
        "productType": x.product_type,
        "tags": list(x.tags),
        "descriptionHtml": x.description_html,
        "onlineStoreUrl": address,
        "isGiftCard": False,
        "options": options(x.options),
        "createdAt": x.created_at,
        "updatedAt": x.updated_at,
        "publishedAt": x.published_at,
    }


def options(found: tuple[Option, ...]) -> list[Json]:
    return [
        {
            "id": gid("ProductOption", x.id),
            "name": x.name,
            "position": place,
            "values": list(x.values),
        }
        for place, x in enumerate(found, 1)
    ]


def choices(x: Variant) -> list[Json]:
    return [{"name": name, "value": value} for name, value in x.choices]


def variant(x: Variant) -> Json:
    return {
        "id": gid("ProductVariant", x.id),
        "title": x.title,
        "position": x.position,
        "sku": x.sku,
        "barcode": x.barcode,
        "price": x.price,
        "compareAtPrice": x.compare_at_price,
        "taxable": True,
        "inventoryPolicy": "DENY",
        "selectedOptions": choices(x),
        "inventoryItem": {"id": gid("InventoryItem", x.item_id)},
        "createdAt": x.created_at,
        "updatedAt": x.updated_at,
    }


def item(x: Item, currency: str) -> Json:
    cost = x.variant.unit_cost
    return {
        "id": gid("InventoryItem", x.id),
        "sku": x.variant.sku,
        "tracked": x.variant.tracked,
        "requiresShipping": True,
        "unitCost": None if cost is None else {"amount": cost, "currencyCode": currency},
        "variants": [
            {
                "id": gid("ProductVariant", x.variant.id),
                "product": {"id": gid("Product", x.variant.product_id)},
            }
        ],
        "createdAt": x.created_at,
        "updatedAt": x.updated_at,
    }


def level(x: Level, location: Location, quantities: dict[str, int]) -> Json:
    known = [{"name": name, "quantity": quantity} for name, quantity in quantities.items()]
    return {
        "id": f"{gid('InventoryLevel', x.location_id)}?inventory_item_id={x.item_id}",
        "location": {"id": gid("Location", location.id), "name": location.name},
        "updatedAt": x.updated_at,
        "quantities": known,
    }


def order(x: Order) -> Json:
    return {
        "id": gid("Order", x.id),
        "name": x.name,
        "test": x.test,
        "sourceName": x.source,
        "note": x.note,
        "tags": list(x.tags),
        "currencyCode": x.currency,
        "presentmentCurrencyCode": x.presentment,
        "taxesIncluded": x.taxes_included,
        "displayFinancialStatus": x.financial_status,
        "displayFulfillmentStatus": x.fulfillment_status,
        "cancelReason": x.cancel_reason,
        "createdAt": x.created_at,
        "processedAt": x.processed_at,
        "updatedAt": x.updated_at,
        "cancelledAt": x.cancelled_at,
        "closedAt": x.closed_at,
        "subtotalPriceSet": money(x, x.subtotal),
        "totalDiscountsSet": money(x, x.discounts),
        "totalShippingPriceSet": money(x, x.shipping),
        "totalTaxSet": money(x, x.tax),
        "totalPriceSet": money(x, x.total),
        "currentTotalPriceSet": money(x, x.current_total),
        "totalReceivedSet": money(x, x.received),
        "totalRefundedSet": money(x, x.refunded),
        "totalOutstandingSet": money(x, x.outstanding),
    }


def line(x: Order, sold: Line, there: bool, for_sale: bool) -> Json:
    shares = [{"allocatedAmountSet": money(x, sold.discount)}] if x.discount else []
    return {
        "id": gid("LineItem", sold.id),
        "title": sold.title,
        "variantTitle": sold.variant_title,
        "sku": sold.sku,
        "vendor": sold.vendor,
        "quantity": sold.quantity,
        "currentQuantity": sold.quantity - x.returned(sold.id),
        "product": forgotten({"id": gid("Product", sold.product_id)}, there),
        "variant": forgotten({"id": gid("ProductVariant", sold.variant_id)}, for_sale),
        "originalUnitPriceSet": money(x, sold.unit_price),
        "originalTotalSet": money(x, sold.unit_price * sold.quantity),
        "discountAllocations": shares,
    }


def refund(x: Order, given: Refund) -> Json:
    return {
        "id": gid("Refund", given.id),
        "note": given.note,
        "createdAt": given.created_at,
        "processedAt": given.processed_at,
        "updatedAt": given.updated_at,
        "totalRefundedSet": money(x, given.total),
    }


def refund_line(x: Order, back: RefundLine) -> Json:
    where = back.location_id
    return {
        "id": gid("RefundLineItem", back.id),
        "quantity": back.quantity,
        "restockType": back.restock_type,
        "lineItem": {"id": gid("LineItem", back.line_id)},
        "location": None if where is None else {"id": gid("Location", where)},
        "priceSet": money(x, back.price),
        "subtotalSet": money(x, back.subtotal),
        "totalTaxSet": money(x, back.tax),
    }


def forgotten(value: Any, there: bool) -> Any:
    """A line forgets a product that was deleted, and the order's time does not move for it."""
    return value if there else AnyOf((value, None))


def money(x: Order, amount: Decimal) -> Json:
    """In the shop's currency, and as the customer saw it."""
    shown = (amount * x.rate).quantize(_CENT)
    return {
        "shopMoney": {"amount": amount, "currencyCode": x.currency},
        "presentmentMoney": {"amount": shown, "currencyCode": x.presentment},
    }
