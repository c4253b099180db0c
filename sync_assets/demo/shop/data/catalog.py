"""Makes a shop's products, each from its number alone and always the same."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product

from sync_assets.demo.shop.data.dice import Dice
from sync_assets.demo.shop.data.goods import Option, Product, Variant
from sync_assets.demo.shop.data.numbering import OPTION, item_id, product_id, variant_id
from sync_assets.demo.shop.data.sizes import Sizes
from sync_assets.demo.shop.data.words import MARKETS, Market
from sync_assets.demo.slugs import slugify

_TIMES, _LOOKS, _VARIANT, _PRICE, _SKU = 1, 2, 3, 4, 5
_SECOND = timedelta(seconds=1)
_WIDE_EVERY, _WIDE = 97, 120  # a product whose variants no single page of 50 or 100 holds
_STATUS = ("ACTIVE",) * 17 + ("DRAFT", "DRAFT", "ARCHIVED")
_CENTS = (Decimal("0.00"), Decimal("0.50"), Decimal("0.90"), Decimal("0.99"))


class Catalog:
    """The products of a shop of these sizes, as they were before anybody edited them."""

    def __init__(self, sizes: Sizes) -> None:
        self.sizes = sizes
        self.market: Market = MARKETS[sizes.market]
        self._start = int(sizes.since.timestamp())
        self._span = int((sizes.until - sizes.since).total_seconds())

    def times(self, number: int) -> tuple[int, int]:
        """When a product was created and last updated, in seconds since 1970."""
        dice = Dice(self.sizes.seed, _TIMES, number)
        created = self._start + self._span * number // (2 * self.sizes.products + 1)
        return created, created + dice.roll(max(1, self._start + self._span - created))

    def breadth(self, number: int) -> int:
        """How many variants a product has."""
        if number % _WIDE_EVERY == 5:
            return _WIDE
        return (1, 1, 2, 3, 4, 6, 8)[Dice(self.sizes.seed, _LOOKS, number).roll(7)]

    def product(self, number: int) -> Product:
        """The product with this number."""
        dice = Dice(self.sizes.seed, _LOOKS, number, 1)
        created, updated = (moment(seconds) for seconds in self.times(number))
        title, vendor = self._name(dice, number)
        status = dice.pick(_STATUS)
        options = self._options(number)
        return Product(
            id=product_id(number),
            title=title,
            handle=f"{slugify(title)}-{number}",
            description_html=self._description(dice),
            vendor=vendor,
            product_type=dice.pick(self.market.types),
            status=status,
            tags=tuple(sorted({dice.pick(self.market.tags) for _ in range(dice.roll(4))})),
            options=options,
            variants=self._variants(number, options, created, updated),
            created_at=created,
            updated_at=updated,
            published_at=created + timedelta(hours=1) if status == "ACTIVE" else None,
        )

    def _name(self, dice: Dice, number: int) -> tuple[str, str]:
        """The title and the vendor; the first that is rolled, so that a label is cheap."""
        thing = self.market.things[number % len(self.market.things)]
        title = f"{thing} {dice.pick(self.market.materials)} {dice.pick(self.market.qualities)}"
        return title, dice.pick(self.market.vendors)

    def label(self, number: int, place: int) -> tuple[str, str, str, str]:
        """Product title, variant title, sku and vendor of a variant, without the rest of it."""
        title, vendor = self._name(Dice(self.sizes.seed, _LOOKS, number, 1), number)
        values: list[str] = []
        rest = place
        for _, choice in reversed(self._choices(self.breadth(number))):
            rest, at = divmod(rest, len(choice))
            values.insert(0, choice[at])
        return title, " / ".join(values), self._sku(number, place), vendor

    def _sku(self, number: int, place: int) -> str:
        """The stock keeping unit, which two variants in a hundred lack."""
        lacking = Dice(self.sizes.seed, _SKU, number, place).chance(2)
        return "" if lacking else f"SKU-{number:05}-{place:03}"

    def _description(self, dice: Dice) -> str:
        lines = [dice.pick(self.market.sentences) for _ in range(dice.between(1, 4))]
        paragraphs = "\n".join(f"<p>{line.replace('&', '&amp;')}</p>" for line in lines)
        return "" if dice.chance(4) else paragraphs

    def _options(self, number: int) -> tuple[Option, ...]:
        return tuple(
            Option(OPTION + number * 8 + place, name, values)
            for place, (name, values) in enumerate(self._choices(self.breadth(number)))
        )

    def _choices(self, breadth: int) -> list[tuple[str, tuple[str, ...]]]:
        """The options of a product with so many variants, which are all their combinations."""
        (color, colors), (size, sizes), _ = self.market.choices.items()
        if breadth == 1:
            return [("Title", ("Default Title",))]
        if breadth == _WIDE:
            return [(color, tuple(colors[:4])), (size, tuple(map(str, range(30, 30 + _WIDE // 4))))]
        if breadth <= 3:
            return [(color, tuple(colors[:breadth]))]
        return [(color, tuple(colors[: breadth // 2])), (size, tuple(sizes[:2]))]

    def _variants(
        self, number: int, options: tuple[Option, ...], created: datetime, updated: datetime
    ) -> tuple[Variant, ...]:
        names = [option.name for option in options]
        combinations = product(*(option.values for option in options))
        return tuple(
            self._variant(number, place, tuple(zip(names, values, strict=True)), created, updated)
            for place, values in enumerate(combinations)
        )

    def _variant(
        self,
        number: int,
        place: int,
        choices: tuple[tuple[str, str], ...],
        created: datetime,
        updated: datetime,
    ) -> Variant:
        dice = Dice(self.sizes.seed, _VARIANT, number, place)
        price = self.price(number, place)
        return Variant(
            id=variant_id(number, place),
            product_id=product_id(number),
            item_id=item_id(number, place),
            position=place + 1,
            choices=choices,
            sku=self._sku(number, place),
            barcode=f"789{number:06}{place:04}" if dice.chance(70) else None,
            price=price,
            compare_at_price=price + 20 if dice.chance(20) else None,
            tracked=not dice.chance(5),
            unit_cost=(price / 2).quantize(Decimal("0.01")) if dice.chance(60) else None,
            created_at=created,
            updated_at=updated,
            item_updated_at=created + (updated - created) / 2 // _SECOND * _SECOND,
        )

    def price(self, number: int, place: int) -> Decimal:
        """What a variant costs, before anybody edited it."""
        base = Dice(self.sizes.seed, _PRICE, number)
        return Decimal(base.between(9, 480)) + base.pick(_CENTS) + place % 3 * 10


def moment(seconds: int) -> datetime:
    """Seconds since 1970 as an aware time."""
    return datetime.fromtimestamp(seconds, UTC)
