"""The questions that we ask Shopify, as GraphQL; tests hold them against the published schema."""

from sync_assets.sources.shopify.entity import BAG, PAGE, Entity, Part, Query

PRODUCT = Entity(
    "Product",
    "products",
    "id title handle status vendor productType tags descriptionHtml onlineStoreUrl isGiftCard "
    "options { id name position values } createdAt updatedAt publishedAt",
    (
        Part(
            "Product",
            "ProductVariant",
            "variants",
            "id title position sku barcode price compareAtPrice taxable inventoryPolicy "
            "selectedOptions { name value } inventoryItem { id } createdAt updatedAt",
        ),
    ),
    order="sortKey: ID",
)

ITEM = Entity(
    "InventoryItem",
    "inventoryItems",
    "id sku tracked requiresShipping unitCost { amount currencyCode } createdAt updatedAt",
    (
        Part(
            "InventoryItem",
            "InventoryLevel",
            "inventoryLevels",
            "id location { id name } updatedAt quantities(names: "
            '["available", "on_hand", "committed", "incoming", "reserved"]) { name quantity }',
        ),
        # One as a rule; where variants share an item, there are more.
        Part("InventoryItem", "ProductVariant", "variants", "id product { id }", size=2),
    ),
    sizes=10,
)

ORDER = Entity(
    "Order",
    "orders",
    "id name test sourceName note tags currencyCode presentmentCurrencyCode taxesIncluded "
    "displayFinancialStatus displayFulfillmentStatus cancelReason createdAt processedAt "
    "updatedAt cancelledAt closedAt "
    + " ".join(
        f"{name} {BAG}"
        for name in (
            "subtotalPriceSet",
            "totalDiscountsSet",
            "totalShippingPriceSet",
            "totalTaxSet",
            "totalPriceSet",
            "currentTotalPriceSet",
            "totalReceivedSet",
            "totalRefundedSet",
            "totalOutstandingSet",
        )
    ),
    (
        Part(
            "Order",
            "LineItem",
            "lineItems",
            "id title variantTitle sku vendor quantity currentQuantity product { id } "
            f"variant {{ id }} originalUnitPriceSet {BAG} originalTotalSet {BAG} "
            # A line's own discount leaves out codes, and what was taken off the whole order.
            f"discountAllocations {{ allocatedAmountSet {BAG} }}",
        ),
        Part(
            "Refund",
            "RefundLineItem",
            "refundLineItems",
            f"id quantity restockType lineItem {{ id }} location {{ id }} priceSet {BAG} "
            f"subtotalSet {BAG} totalTaxSet {BAG}",
            within="refunds",
        ),
    ),
    order="sortKey: ID",
    in_bulk="refunds { id }",
)

ENTITIES = {"products": PRODUCT, "inventory": ITEM, "orders": ORDER}

ACCOUNT = Query("Account", "{ shop { id } currentAppInstallation { accessScopes { handle } } }")
COUNTED = {
    "products": ("productsCount", "productVariantsCount"),
    "inventory": ("productVariantsCount",),
    "orders": ("ordersCount",),
}
"""The fields that say how many records a stream has, and how many parts where these may be many
more. Inventory has about as many items as there are variants: some may share one."""

COUNTS = {
    name: Query(
        f"Count{name.capitalize()}", f"{{ {' '.join(f'{x} {{ count }}' for x in fields)} }}"
    )
    for name, fields in COUNTED.items()
}

EVENTS = Query(
    "ListEvents",
    "query($first: Int!, $after: String, $query: String) { "
    "events(first: $first, after: $after, query: $query, sortKey: ID) "
    f"{{ nodes {{ id ... on BasicEvent {{ subjectId }} }} {PAGE} }} }}",
)

_OPERATION = (
    "id status errorCode query url fileSize objectCount rootObjectCount partialDataUrl createdAt"
)
RUN = Query(
    "RunBulk",
    "mutation($query: String!) { bulkOperationRunQuery(query: $query, groupObjects: true) "
    f"{{ bulkOperation {{ {_OPERATION} }} userErrors {{ code message }} }} }}",
)
POLL = Query("PollBulk", f"query($id: ID!) {{ bulkOperation(id: $id) {{ {_OPERATION} }} }}")
OPERATIONS = Query(
    "FindBulk",
    f"query($first: Int!) {{ bulkOperations(first: $first, sortKey: CREATED_AT, reverse: true) "
    f"{{ nodes {{ {_OPERATION} }} }} }}",
)
