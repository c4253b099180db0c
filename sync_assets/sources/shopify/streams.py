"""What Shopify has: three streams and the settings of a tenant."""

from sync_assets.core.streams import SourceSpec, StreamSpec, Text
from sync_assets.sources.shopify.figures import FIGURES
from sync_assets.sources.shopify.hints import to_hint
from sync_assets.sources.shopify.settings import SETTINGS
from sync_assets.sources.shopify.tables import INVENTORY, ORDERS, PRODUCTS
from sync_assets.sources.shopify.webhooks import door

SPEC = SourceSpec(
    name="shopify",
    title="Shopify",
    streams=(
        StreamSpec(
            "products",
            PRODUCTS,
            needs=(),
            description="Products with their variants.",
            text=Text(
                "shop_product",
                {"status": "ACTIVE"},
                body="description_html",
                link="online_store_url",
            ),
        ),
        StreamSpec(
            "inventory",
            INVENTORY,
            needs=("products",),
            description="What can be stocked, with its quantities at each location.",
        ),
        StreamSpec(
            "orders",
            ORDERS,
            needs=("products",),
            description="Orders with their lines and refunds.",
        ),
    ),
    settings=SETTINGS,
    hint=to_hint,
    door=door,
    figures=FIGURES,
)
