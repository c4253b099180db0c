"""What the API shows of inventory items, their levels and locations."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from graphql import GraphQLError

from sync_assets.demo.shop.api.call import Arguments, Call
from sync_assets.demo.shop.api.fields import Arguing, Asking, Fields
from sync_assets.demo.shop.api.money import Money, stamp, stamped
from sync_assets.demo.shop.api.pages import Connection, key_of, listed, paged, taken_from
from sync_assets.demo.shop.api.search import BASIC, Field
from sync_assets.demo.shop.api.types.products import Counted
from sync_assets.demo.shop.data import numbering
from sync_assets.demo.shop.data.goods import Item, Level, Location
from sync_assets.demo.shop.data.numbering import gid
from sync_assets.demo.shop.data.table import Head

_NAMES = ("available", "on_hand", "committed", "incoming", "reserved", "damaged",
          "quality_control", "safety_stock")  # fmt: skip
_LEVEL_FIELDS: Mapping[str, Field] = BASIC | {
    "inventory_item_id": Field("number", lambda _, load: load().item_id)
}


@dataclass(frozen=True, slots=True)
class Quantity:
    """One of a level's quantities."""

    typename: ClassVar[str] = "InventoryQuantity"
    level: Level
    name: str


def level_gid(level: Level) -> str:
    """A level's id names both the location and the item."""
    return f"{gid('InventoryLevel', level.location_id)}?inventory_item_id={level.item_id}"


def levels_of(item: Item, call: Call, **arguments: Any) -> Connection:  # noqa: ANN401
    """An item's levels; `query:` filters them by their own times."""
    levels = call.shop.stock.levels(item.variant)
    return levels_page(levels, call, arguments, [level.location_id for level in levels])


def levels_page(
    levels: list[Level], call: Call, arguments: Arguments, keys: list[int]
) -> Connection:
    """The page of these levels that the arguments ask for."""
    search = call.search("inventoryLevels", arguments.get("query"), _LEVEL_FIELDS)
    matching = [
        (level, key)
        for level, key in zip(levels, keys, strict=True)
        if search.match(_level_head(level), lambda level=level: level)
    ]
    chosen = [key for _, key in matching]
    return listed([level for level, _ in matching], call.wanted(arguments), chosen)


def _level_head(level: Level) -> Head:
    created, updated = level.created_at, level.updated_at
    return Head(level.location_id, int(created.timestamp()), int(updated.timestamp()))


def _levels_at(location: Location, call: Call, **arguments: Any) -> Connection:  # noqa: ANN401
    """A location's levels, in the order of their items."""
    search = call.search("inventoryLevels", arguments.get("query"), _LEVEL_FIELDS)
    wanted = call.windowed(arguments)

    def level(identity: int) -> Level | None:
        item = call.shop.stock.item(identity)
        return call.shop.stock.level(item.variant, location.id) if item else None

    def keep(identity: int) -> bool:
        found = level(identity)
        return found is not None and search.match(_level_head(found), lambda: found)

    def page() -> Connection:
        if wanted.backwards or wanted.reverse:
            keys = [head.id for head in call.shop.stock.heads(numbering.ITEM)]
            return paged(keys, wanted, level, keep)
        after = key_of(wanted.cursor, 0) if wanted.cursor else 0
        heads = call.shop.stock.heads(numbering.ITEM, after)
        return taken_from((head.id for head in heads), wanted, level, keep)

    return call.rooted(page)


def _quantities(level: Level, _call: Call, names: list[str]) -> list[Quantity]:
    wrong = [name for name in names if name not in _NAMES]
    if wrong:
        raise GraphQLError(f"The quantity name '{wrong[0]}' is not valid.")
    return [Quantity(level, name) for name in names]


def _moved(quantity: Quantity) -> str | None:
    at: datetime | None = quantity.level.moved_at.get(quantity.name)
    return stamped(at)


def _level_at(item: Item, call: Call, **arguments: Any) -> Level | None:  # noqa: ANN401
    identity = int(arguments["locationId"].rsplit("/", 1)[-1])
    return call.shop.stock.level(item.variant, identity)


def _variants_of_item(item: Item, call: Call, **arguments: Any) -> Connection:  # noqa: ANN401
    return listed([item.variant], call.wanted(arguments))


ITEM_SEARCH: Mapping[str, Field] = BASIC | {
    "sku": Field("text", lambda _, load: load().variant.sku)
}
ITEM: Fields = {
    "id": lambda x: gid("InventoryItem", x.id),
    "legacyResourceId": lambda x: str(x.id),
    "sku": lambda x: x.variant.sku,
    "tracked": lambda x: x.variant.tracked,
    "requiresShipping": lambda _: True,
    "countryCodeOfOrigin": Asking(lambda _, call: call.shop.market.country),
    "harmonizedSystemCode": lambda _: None,
    "unitCost": Asking(
        lambda x, call: (
            None
            if x.variant.unit_cost is None
            else Money(x.variant.unit_cost, call.shop.market.currency)
        )
    ),
    "variant": lambda x: x.variant,
    "variants": Arguing(_variants_of_item),
    "inventoryLevel": Arguing(_level_at),
    "inventoryLevels": Arguing(levels_of),
    "locationsCount": Asking(lambda x, call: Counted(len(call.shop.stock.levels(x.variant)))),
    "createdAt": lambda x: stamp(x.created_at),
    "updatedAt": lambda x: stamp(x.updated_at),
}
LEVEL: Fields = {
    "id": level_gid,
    "isActive": lambda _: True,
    "item": Asking(lambda x, call: call.shop.stock.item(x.item_id)),
    "location": Asking(
        lambda x, call: next(y for y in call.shop.stock.locations if y.id == x.location_id)
    ),
    "quantities": Arguing(_quantities),
    "createdAt": lambda x: stamp(x.created_at),
    "updatedAt": lambda x: stamp(x.updated_at),
}
QUANTITY: Fields = {
    "id": lambda x: (
        f"{gid('InventoryQuantity', x.level.location_id)}?inventory_item_id="
        f"{x.level.item_id}&name={x.name}"
    ),
    "name": lambda x: x.name,
    "quantity": lambda x: x.level.quantities.get(x.name, 0),
    "updatedAt": _moved,
}
LOCATION: Fields = {
    "id": lambda x: gid("Location", x.id),
    "legacyResourceId": lambda x: str(x.id),
    "name": lambda x: x.name,
    "address": lambda x: x,
    "isActive": lambda _: True,
    "fulfillsOnlineOrders": lambda _: True,
    "shipsInventory": lambda _: True,
    "isFulfillmentService": lambda _: False,
    "inventoryLevels": Arguing(_levels_at),
    "createdAt": lambda x: stamp(x.created_at),
    "updatedAt": lambda x: stamp(x.updated_at),
}
ADDRESS: Fields = {
    "city": lambda x: x.city,
    "countryCode": lambda x: x.country_code,
    "formatted": lambda x: [x.city, x.country_code],
}

SERVED: Mapping[str, Fields] = {
    "InventoryItem": ITEM,
    "InventoryLevel": LEVEL,
    "InventoryQuantity": QUANTITY,
    "Location": LOCATION,
    "LocationAddress": ADDRESS,
}
