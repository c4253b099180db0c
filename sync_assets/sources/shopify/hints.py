"""What a webhook of Shopify's points to."""

from collections.abc import Mapping

from sync_assets.core.hints import Hint
from sync_assets.core.records import Payload

# The stream of a topic, and where the body says which record: a refund is a part of its order, a
# level of its inventory item.
_TOPICS = {
    "products": ("products", "id"),
    "orders": ("orders", "id"),
    "refunds": ("orders", "order_id"),
    "inventory_items": ("inventory", "id"),
    "inventory_levels": ("inventory", "inventory_item_id"),
}


def to_hint(settings: Mapping[str, str], said: Payload) -> Hint | None:
    """Where `{"topic": "products/update", "id": 7}` points; None for what is not synced.

    A collection has the name of its stream: there is one for each.
    """
    del settings
    topic = said.get("topic")
    found = _TOPICS.get(topic.partition("/")[0]) if isinstance(topic, str) else None
    if found is None:
        return None
    stream, field = found
    key = said.get(field)
    return Hint(stream, stream, key) if type(key) is int and 0 < key < 2**63 else None
