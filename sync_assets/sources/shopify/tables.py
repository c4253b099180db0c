"""The tables that Shopify's streams fill. Money is exact; its currency stands beside it."""

from sync_assets.core.streams import ChildTable, Column, ColumnType, Table

_TEXT, _BIGINT, _BOOLEAN = ColumnType.TEXT, ColumnType.BIGINT, ColumnType.BOOLEAN
_TIME, _JSON, _MONEY = ColumnType.TIMESTAMPTZ, ColumnType.JSONB, ColumnType.NUMERIC

_ORIGINAL = Column("original", _JSON)  # what the shop sent, without the parts' own

VARIANTS = ChildTable(
    "shopify_variants",
    "variants",
    owner="product_id",
    key="variant_id",
    columns=(
        Column("position", _BIGINT),
        Column("title", _TEXT),
        Column("sku", _TEXT),
        Column("barcode", _TEXT),
        Column("price", _MONEY),
        Column("compare_at_price", _MONEY),
        Column("options", _JSON),
        Column("inventory_item_id", _BIGINT),
        Column("created_at", _TIME),
        Column("updated_at", _TIME),
        _ORIGINAL,
    ),
)

PRODUCTS = Table(
    "shopify_products",
    key="product_id",
    children=(VARIANTS,),
    columns=(
        Column("title", _TEXT),
        Column("handle", _TEXT),
        Column("status", _TEXT),
        Column("vendor", _TEXT),
        Column("product_type", _TEXT),
        Column("tags", _JSON),
        Column("description_html", _TEXT),
        Column("online_store_url", _TEXT),
        Column("options", _JSON),
        Column("created_at", _TIME),
        Column("published_at", _TIME),
        _ORIGINAL,
    ),
)

QUANTITIES = ("available", "on_hand", "committed", "incoming", "reserved")

LEVELS = ChildTable(
    "shopify_inventory_levels",
    "levels",
    owner="inventory_item_id",
    key="location_id",
    columns=(
        Column("location", _TEXT),
        *(Column(name, _BIGINT) for name in QUANTITIES),
        Column("updated_at", _TIME),
        _ORIGINAL,
    ),
)

INVENTORY = Table(
    "shopify_inventory",
    key="inventory_item_id",
    children=(LEVELS,),
    columns=(
        Column("sku", _TEXT),
        Column("tracked", _BOOLEAN),
        Column("requires_shipping", _BOOLEAN),
        Column("unit_cost", _MONEY),
        Column("unit_cost_currency", _TEXT),
        Column("product_id", _BIGINT),
        Column("variant_id", _BIGINT),
        Column("created_at", _TIME),
        Column("updated_at", _TIME),
        _ORIGINAL,
    ),
)

LINES = ChildTable(
    "shopify_order_lines",
    "lines",
    owner="order_id",
    key="line_id",
    columns=(
        Column("title", _TEXT),
        Column("variant_title", _TEXT),
        Column("sku", _TEXT),
        Column("vendor", _TEXT),
        Column("product_id", _BIGINT),
        Column("variant_id", _BIGINT),
        Column("quantity", _BIGINT),
        Column("current_quantity", _BIGINT),
        Column("unit_price", _MONEY),
        Column("discount", _MONEY),
        Column("total", _MONEY),
        _ORIGINAL,
    ),
)

REFUNDS = ChildTable(
    "shopify_refunds",
    "refunds",
    owner="order_id",
    key="refund_id",
    columns=(
        Column("note", _TEXT),
        Column("total", _MONEY),
        Column("currency", _TEXT),
        Column("created_at", _TIME),
        Column("processed_at", _TIME),
        Column("updated_at", _TIME),
        _ORIGINAL,
    ),
)

REFUND_LINES = ChildTable(
    "shopify_refund_lines",
    "refund_lines",
    owner="order_id",
    key="refund_line_id",
    columns=(
        Column("refund_id", _BIGINT),
        Column("line_id", _BIGINT),
        Column("location_id", _BIGINT),
        Column("quantity", _BIGINT),
        Column("restock_type", _TEXT),
        Column("price", _MONEY),
        Column("subtotal", _MONEY),
        Column("tax", _MONEY),
        _ORIGINAL,
    ),
)

ORDERS = Table(
    "shopify_orders",
    key="order_id",
    children=(LINES, REFUNDS, REFUND_LINES),
    columns=(
        Column("name", _TEXT),
        Column("financial_status", _TEXT),
        Column("fulfillment_status", _TEXT),
        Column("test", _BOOLEAN),
        Column("source_name", _TEXT),
        Column("note", _TEXT),
        Column("tags", _JSON),
        Column("currency", _TEXT),
        Column("presentment_currency", _TEXT),
        Column("subtotal", _MONEY),
        Column("discounts", _MONEY),
        Column("shipping", _MONEY),
        Column("tax", _MONEY),
        Column("total", _MONEY),
        Column("current_total", _MONEY),
        Column("received", _MONEY),
        Column("refunded", _MONEY),
        Column("outstanding", _MONEY),
        Column("cancel_reason", _TEXT),
        Column("created_at", _TIME),
        Column("processed_at", _TIME),
        Column("cancelled_at", _TIME),
        Column("closed_at", _TIME),
        _ORIGINAL,
    ),
)
