"""How many of what lie where: a level for every inventory item at every location that stocks it."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sync_assets.demo.shop.data.catalog import Catalog, moment
from sync_assets.demo.shop.data.dice import Dice
from sync_assets.demo.shop.data.goods import QUANTITIES, Item, Level, Location, Product, Variant
from sync_assets.demo.shop.data.numbering import (
    ITEM,
    LOCATION,
    STRIDE,
    VARIANT,
    place_of,
    product_id,
    product_number,
)
from sync_assets.demo.shop.data.table import Head, Table

_LEVEL = 21


class Stock:
    """Levels are made from their ids; those that moved are kept."""

    def __init__(self, catalog: Catalog, products: Table[Product]) -> None:
        self._catalog = catalog
        self._products = products
        self._moved: dict[tuple[int, int], Level] = {}
        self.locations: Sequence[Location] = tuple(self._locations())

    def _locations(self) -> Iterator[Location]:
        sizes, market = self._catalog.sizes, self._catalog.market
        for number in range(sizes.locations):
            city = market.cities[number % len(market.cities)]
            name = city if number < len(market.cities) else f"{city} {number}"
            identity = LOCATION + number * 32
            yield Location(identity, name, city, market.country, sizes.since, sizes.since)

    def variant(self, identity: int, base: int) -> Variant | None:
        """The variant with this id, or with this item's id, as `base` says."""
        place = place_of(identity, base)
        product = self._products.get(product_id(place.product))
        variants = product.variants if product else ()
        chosen = (x for x in variants if identity in (x.id, x.item_id))
        return next(chosen, None)

    def has_variant(self, identity: int) -> bool:
        """Whether there is a variant with this id; does not make its product to find out."""
        place = place_of(identity, VARIANT)
        product = product_id(place.product)
        if product not in self._products:
            return False
        changed = self._products.changed(product)
        if changed is None:
            return place.variant < self._catalog.breadth(place.product)
        return any(variant.id == identity for variant in changed.variants)

    def item(self, identity: int) -> Item | None:
        """An inventory item."""
        variant = self.variant(identity, ITEM)
        return Item(variant) if variant else None

    def heads(self, base: int, after: int = 0) -> Iterator[Head]:
        """Heads of all variants, or of all items (`base` says which), with ids above `after`."""
        ids = self._products.by_id()
        first = product_id(place_of(after, base).product) if after > base else 0
        for identity in ids[bisect_left(ids, first) :]:
            for head in self._heads_of(identity, base):
                if head.id > after:
                    yield head

    def _heads_of(self, identity: int, base: int) -> Iterator[Head]:
        number = product_number(identity)
        if product := self._products.changed(identity):
            for x in product.variants:
                chosen = (x.item_id, x.item_updated_at) if base == ITEM else (x.id, x.updated_at)
                created, updated = int(x.created_at.timestamp()), int(chosen[1].timestamp())
                yield Head(chosen[0], created, updated)
            return
        created, updated = self._catalog.times(number)
        at = created + (updated - created) // 2 if base == ITEM else updated
        for place in range(self._catalog.breadth(number)):
            yield Head(base + number * STRIDE + place, created, at)

    def levels(self, variant: Variant) -> list[Level]:
        """The levels of a variant's item, ordered by location."""
        levels = (self.level(variant, location.id) for location in self.locations)
        return [level for level in levels if level is not None]

    def level(self, variant: Variant, location_id: int) -> Level | None:
        """The level at one location, where the item is stocked."""
        return self._moved.get((variant.item_id, location_id)) or self._made(variant, location_id)

    def _made(self, variant: Variant, location_id: int) -> Level | None:
        number = (location_id - LOCATION) // 32
        dice = Dice(self._catalog.sizes.seed, _LEVEL, variant.item_id, number)
        if number and dice.chance(15):
            return None
        committed, incoming, reserved = dice.roll(4), dice.pick((0, 0, 0, 12, 48)), dice.roll(2)
        available = 0 if dice.chance(12) else dice.between(1, 80)
        on_hand = available + committed + reserved
        counts = (available, on_hand, committed, incoming, reserved)
        life = max(1, int((self._catalog.sizes.until - variant.created_at).total_seconds()))
        at = moment(int(variant.created_at.timestamp()) + dice.roll(life))
        moved = dict.fromkeys(QUANTITIES, at)
        return Level(
            item_id=variant.item_id,
            location_id=location_id,
            quantities=dict(zip(QUANTITIES, counts, strict=True)),
            moved_at=moved | {"incoming": at - timedelta(hours=1)},
            created_at=variant.created_at,
            updated_at=at,
        )

    def move(self, variant: Variant, location_id: int, at: datetime, **changes: int) -> Level:
        """Changes quantities by so much; `on_hand` follows what it is the sum of.

        KeyError when the item is not stocked there, or a name is no quantity's.
        """
        level = self.level(variant, location_id)
        if level is None:
            raise KeyError(location_id)
        changes["on_hand"] = sum(
            changes.get(name, 0) for name in ("available", "committed", "reserved")
        )
        quantities = dict(level.quantities)
        for name, amount in changes.items():
            quantities[name] = quantities[name] + amount
        moved = dict(level.moved_at) | {name: at for name, amount in changes.items() if amount}
        changed = Level(level.item_id, location_id, quantities, moved, level.created_at, at)
        self._moved[variant.item_id, location_id] = changed
        return changed

    def forget(self, product: Product) -> None:
        """Drops what is kept of a product that is deleted."""
        for variant in product.variants:
            for location in self.locations:
                self._moved.pop((variant.item_id, location.id), None)
