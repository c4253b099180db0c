"""What a shop sells and where it lies, in Python's types: aware times, decimal money."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

QUANTITIES = ("available", "on_hand", "committed", "incoming", "reserved")


@dataclass(frozen=True, slots=True)
class Option:
    """A product's choice, such as Size, with its values in order."""

    typename: ClassVar[str] = "ProductOption"
    id: int
    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Variant:
    """One thing that can be bought; its inventory item has its own id and times."""

    typename: ClassVar[str] = "ProductVariant"
    id: int
    product_id: int
    item_id: int
    position: int
    choices: tuple[tuple[str, str], ...]
    sku: str
    barcode: str | None
    price: Decimal
    compare_at_price: Decimal | None
    tracked: bool
    unit_cost: Decimal | None
    created_at: datetime
    updated_at: datetime
    item_updated_at: datetime

    @property
    def title(self) -> str:
        """`Azul / M`, or what Shopify calls the only variant of a product."""
        return " / ".join(value for _, value in self.choices) or "Default Title"


@dataclass(frozen=True, slots=True)
class Product:
    """A product with all its variants."""

    typename: ClassVar[str] = "Product"
    id: int
    title: str
    handle: str
    description_html: str
    vendor: str
    product_type: str
    status: str
    tags: tuple[str, ...]
    options: tuple[Option, ...]
    variants: tuple[Variant, ...]
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class Item:
    """The inventory side of a variant."""

    typename: ClassVar[str] = "InventoryItem"
    variant: Variant

    @property
    def id(self) -> int:
        """Its own id, not the variant's."""
        return self.variant.item_id

    @property
    def created_at(self) -> datetime:
        """When the variant was created."""
        return self.variant.created_at

    @property
    def updated_at(self) -> datetime:
        """When the item itself changed: its sku or its cost, never its quantities."""
        return self.variant.item_updated_at


@dataclass(frozen=True, slots=True)
class Location:
    """A place that holds stock."""

    typename: ClassVar[str] = "Location"
    id: int
    name: str
    city: str
    country_code: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Level:
    """An inventory item's quantities at one location, by name, with when each last moved."""

    typename: ClassVar[str] = "InventoryLevel"
    item_id: int
    location_id: int
    quantities: Mapping[str, int]
    moved_at: Mapping[str, datetime]
    created_at: datetime
    updated_at: datetime
