"""Ids that say where a record belongs, so that none needs an index to be found."""

from dataclasses import dataclass

PRODUCT = 8_000_000_000_000
VARIANT = 41_000_000_000_000
ITEM = 43_000_000_000_000
OPTION = 10_000_000_000_000
ORDER = 5_600_000_000_000
LINE = 14_000_000_000_000
REFUND = 900_000_000_000
REFUND_LINE = 3_000_000_000_000
TRANSACTION = 6_900_000_000_000
CUSTOMER = 7_300_000_000_000
LOCATION = 82_000_000_000

STRIDE = 4096  # more than the 2,048 variants that a product may have
STEP = 32  # Shopify's ids are not consecutive either


@dataclass(frozen=True, slots=True)
class Place:
    """A variant's product (by its number, from 0) and the variant's place in it."""

    product: int
    variant: int


def product_id(number: int) -> int:
    """The id of the product with this number."""
    return PRODUCT + number * STEP


def product_number(number_id: int) -> int:
    """The opposite of `product_id`."""
    return (number_id - PRODUCT) // STEP


def variant_id(number: int, place: int) -> int:
    """The id of a product's variant."""
    return VARIANT + number * STRIDE + place


def item_id(number: int, place: int) -> int:
    """The id of a variant's inventory item."""
    return ITEM + number * STRIDE + place


def place_of(identity: int, base: int) -> Place:
    """Where the variant or the item with this id belongs; `base` is VARIANT or ITEM."""
    return Place(*divmod(identity - base, STRIDE))


def order_id(number: int) -> int:
    """The id of the order with this number, from 0."""
    return ORDER + number * STEP


def order_number(identity: int) -> int:
    """The opposite of `order_id`."""
    return (identity - ORDER) // STEP


def gid(typename: str, identity: int | str) -> str:
    """`gid://shopify/Product/8000000000032`."""
    return f"gid://shopify/{typename}/{identity}"
