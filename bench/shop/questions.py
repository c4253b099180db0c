"""What dlt's users would ask a shop: the fields that we store, as they would write them."""

_BAG = "{ shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }"
_MONEY = " ".join(
    f"{name} {_BAG}"
    for name in (
        *("subtotalPriceSet", "totalDiscountsSet", "totalShippingPriceSet", "totalTaxSet"),
        *("totalPriceSet", "currentTotalPriceSet", "totalReceivedSet", "totalRefundedSet"),
        "totalOutstandingSet",
    )
)
_ORDER = (
    "id name test sourceName note tags currencyCode presentmentCurrencyCode taxesIncluded "
    "displayFinancialStatus displayFulfillmentStatus cancelReason createdAt processedAt updatedAt "
    f"cancelledAt closedAt {_MONEY}"
)
_LINE = (
    "id title variantTitle sku vendor quantity currentQuantity product { id } variant { id } "
    f"originalUnitPriceSet {_BAG} originalTotalSet {_BAG} "
    f"discountAllocations {{ allocatedAmountSet {_BAG} }}"
)
_REFUND_LINE = (
    f"id quantity restockType lineItem {{ id }} location {{ id }} priceSet {_BAG} "
    f"subtotalSet {_BAG} totalTaxSet {_BAG}"
)
_REFUNDS = (
    f"refunds {{ id note createdAt processedAt updatedAt totalRefundedSet {_BAG} "
    f"refundLineItems(first: 100) {{ nodes {{ {_REFUND_LINE} }} }} }}"
)

PAGE = 50  # 932 points; a hundred orders would be more than the 1,000 that a question may cost
PAGES = (
    f"query($after: String) {{ orders(first: {PAGE}, after: $after, sortKey: ID) {{ nodes {{ "
    f"{_ORDER} lineItems(first: 100) {{ nodes {{ {_LINE} }} }} {_REFUNDS} }} "
    "pageInfo { hasNextPage endCursor } } }"
)
BULK = (
    f"{{ orders {{ edges {{ node {{ {_ORDER} refunds {{ id }} "
    f"lineItems {{ edges {{ node {{ {_LINE} }} }} }} }} }} }} }}"
)
REFUNDS = f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Order {{ id {_REFUNDS} }} }} }}"
RUN = (
    "mutation($query: String!) { bulkOperationRunQuery(query: $query) "
    "{ bulkOperation { id } userErrors { message } } }"
)
POLL = "query($id: ID!) { bulkOperation(id: $id) { status url errorCode } }"
