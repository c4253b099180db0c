"""The roots of the API: queries for lists, for single records, for counts and for the shop."""

from collections.abc import Mapping

from sync_assets.demo.shop.api.call import Call
from sync_assets.demo.shop.api.contract import Access
from sync_assets.demo.shop.api.fields import PAGE_INFO, Arguing, Asking, Fields
from sync_assets.demo.shop.api.money import stamp
from sync_assets.demo.shop.api.types import inventory, lists, orders, payments, products
from sync_assets.demo.shop.api.types.nodes import Nodes, by_id, find_node
from sync_assets.demo.shop.api.types.operations import OPERATION, bulk_page, cancel, newest, run
from sync_assets.demo.shop.api.types.orders import ORDER_SEARCH
from sync_assets.demo.shop.api.types.products import PRODUCT_SEARCH
from sync_assets.demo.shop.data.numbering import gid
from sync_assets.demo.shop.data.shop import Happening


def _subject(event: Happening, call: Call) -> object:
    """What the event tells of, while it exists."""
    return find_node(call, event.subject)


_QUERIES: Fields = {
    "shop": Asking(lambda _, call: call.shop),
    "currentAppInstallation": Asking(lambda _, call: call),
    "products": Arguing(lists.products),
    "productVariants": Arguing(lists.variants),
    "inventoryItems": Arguing(lists.items),
    "orders": Arguing(lists.orders),
    "locations": Arguing(lists.locations),
    "events": Arguing(lists.events),
    "productsCount": lists.count_of("products", PRODUCT_SEARCH),
    "productVariantsCount": Arguing(lists.variants_count),
    "ordersCount": lists.count_of("orders", ORDER_SEARCH),
    "product": by_id("Product"),
    "productVariant": by_id("ProductVariant"),
    "inventoryItem": by_id("InventoryItem"),
    "inventoryLevel": by_id("InventoryLevel"),
    "location": by_id("Location"),
    "order": by_id("Order"),
    "refund": by_id("Refund"),
    "bulkOperation": by_id("BulkOperation"),
    "currentBulkOperation": Arguing(newest),
    "bulkOperations": Arguing(bulk_page),
}
_SHOP: Fields = {
    "id": lambda _: gid("Shop", 61_000_000_001),
    "name": lambda x: x.market.name,
    "email": lambda x: f"contact@{x.market.domain}.example",
    "myshopifyDomain": lambda x: x.domain,
    "url": lambda x: f"https://{x.domain}",
    "currencyCode": lambda x: x.market.currency,
    "ianaTimezone": lambda x: x.market.zone,
    "taxesIncluded": lambda x: x.market.taxes_included,
    "weightUnit": lambda _: "KILOGRAMS",
    "plan": lambda x: x,
    "createdAt": lambda x: stamp(x.sizes.since),
}
_EVENT: Fields = {
    "id": lambda x: gid("BasicEvent", x.id),
    "action": lambda x: x.action,
    "message": lambda x: x.message,
    "subjectId": lambda x: x.subject,
    "subjectType": lambda x: x.subject_type,
    "subject": Asking(_subject),
    "createdAt": lambda x: stamp(x.created_at),
    "appTitle": lambda _: None,
    "attributeToApp": lambda _: False,
    "attributeToUser": lambda _: True,
    "criticalAlert": lambda _: False,
}
_SCOPE: Fields = {"handle": lambda x: x, "description": lambda x: x.replace("_", " ")}


def served(access: Mapping[tuple[str, str], Access]) -> Mapping[str, Fields]:
    """Everything that the simulated shop serves, by type and field."""
    nodes = Nodes(access)
    return {
        **products.SERVED,
        **inventory.SERVED,
        **orders.SERVED,
        **payments.SERVED,
        "QueryRoot": {**_QUERIES, "node": Arguing(nodes.one), "nodes": Arguing(nodes.many)},
        "Mutation": {
            "bulkOperationRunQuery": Arguing(run),
            "bulkOperationCancel": Arguing(cancel),
        },
        "Shop": _SHOP,
        "ShopPlan": {
            "publicDisplayName": lambda _: "Basic",
            "partnerDevelopment": lambda _: False,
            "shopifyPlus": lambda _: False,
        },
        "BasicEvent": _EVENT,
        "AppInstallation": {
            "id": lambda _: gid("AppInstallation", 500_000_001),
            "accessScopes": lambda call: sorted(call.scopes),
        },
        "AccessScope": _SCOPE,
        "PageInfo": PAGE_INFO,
        "BulkOperation": OPERATION,
        "BulkOperationRunQueryPayload": _PAYLOAD,
        "BulkOperationCancelPayload": _PAYLOAD,
        "BulkOperationUserError": _USER_ERROR,
        "UserError": _USER_ERROR,
    }


_PAYLOAD: Fields = {
    "bulkOperation": lambda x: x.operation,
    "userErrors": lambda x: x.errors,
}
_USER_ERROR: Fields = {
    "field": lambda x: x.field,
    "message": lambda x: x.message,
    "code": lambda x: x.code,
}
