"""What the API shows of products and their variants."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any, ClassVar

from sync_assets.demo.shop.api.call import Call
from sync_assets.demo.shop.api.fields import Arguing, Asking, Fields
from sync_assets.demo.shop.api.money import cents, stamp, stamped
from sync_assets.demo.shop.api.pages import Connection, listed
from sync_assets.demo.shop.api.search import BASIC, Field
from sync_assets.demo.shop.data.goods import Item, Option, Product, Variant
from sync_assets.demo.shop.data.numbering import gid


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of an option, as a selected one and as one to select."""

    typename: ClassVar[str] = "SelectedOption"
    name: str
    value: str
    id: int = 0


@dataclass(frozen=True, slots=True)
class Counted:
    """How many, and whether that is all of them."""

    typename: ClassVar[str] = "Count"
    count: int
    precision: str = "EXACT"


def variants_of(product: Product, call: Call, **arguments: Any) -> Connection:  # noqa: ANN401
    """A product's variants by position, which is the order of their ids."""
    arguments.pop("sortKey", None)
    return listed(product.variants, call.wanted(arguments))


def available(variant: Variant, call: Call) -> int:
    """A variant's quantity for sale, over all locations."""
    return sum(level.quantities["available"] for level in call.shop.stock.levels(variant))


def _total(product: Product, call: Call) -> int:
    return sum(available(variant, call) for variant in product.variants if variant.tracked)


def _plain(product: Product, _call: Call, **_: object) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", product.description_html)).strip()


def _address(product: Product, call: Call) -> str | None:
    return f"https://{call.shop.domain}/products/{product.handle}" if product.published_at else None


def _options(product: Product, _call: Call, first: int | None = None) -> list[Option]:
    return list(product.options)[:first]


def _option_values(option: Option) -> list[Choice]:
    named = enumerate(option.values)
    return [Choice(option.name, value, option.id * 64 + place) for place, value in named]


def _positions(option: Option) -> int:
    return option.id % 8 + 1


PRODUCT_SEARCH: Mapping[str, Field] = BASIC | {
    "title": Field("text", lambda _, load: load().title),
    "handle": Field("list", lambda _, load: load().handle),
    "status": Field("list", lambda _, load: load().status),
    "vendor": Field("text", lambda _, load: load().vendor),
    "product_type": Field("list", lambda _, load: load().product_type),
    "tag": Field("text", lambda _, load: load().tags),
    "sku": Field("text", lambda _, load: tuple(x.sku for x in load().variants)),
}
VARIANT_SEARCH: Mapping[str, Field] = BASIC | {
    "sku": Field("text", lambda _, load: load().sku),
    "product_id": Field("number", lambda _, load: load().product_id),
}

PRODUCT: Fields = {
    "id": lambda x: gid("Product", x.id),
    "legacyResourceId": lambda x: str(x.id),
    "title": lambda x: x.title,
    "handle": lambda x: x.handle,
    "description": Arguing(_plain),
    "descriptionHtml": lambda x: x.description_html,
    "vendor": lambda x: x.vendor,
    "productType": lambda x: x.product_type,
    "status": lambda x: x.status,
    "tags": lambda x: x.tags,
    "options": Arguing(_options),
    "variants": Arguing(variants_of),
    "variantsCount": lambda x: Counted(len(x.variants)),
    "totalInventory": Asking(_total),
    "tracksInventory": lambda x: any(variant.tracked for variant in x.variants),
    "hasOnlyDefaultVariant": lambda x: x.options[0].values == ("Default Title",),
    "isGiftCard": lambda _: False,
    "onlineStoreUrl": Asking(_address),
    "templateSuffix": lambda _: None,
    "featuredMedia": lambda _: None,
    "category": lambda _: None,
    "createdAt": lambda x: stamp(x.created_at),
    "updatedAt": lambda x: stamp(x.updated_at),
    "publishedAt": lambda x: stamped(x.published_at),
}
OPTION: Fields = {
    "id": lambda x: gid("ProductOption", x.id),
    "name": lambda x: x.name,
    "position": _positions,
    "values": lambda x: x.values,
    "optionValues": _option_values,
}
OPTION_VALUE: Fields = {
    "id": lambda x: gid("ProductOptionValue", x.id),
    "name": lambda x: x.value,
    "hasVariants": lambda _: True,
}
SELECTED: Fields = {"name": lambda x: x.name, "value": lambda x: x.value}
VARIANT: Fields = {
    "id": lambda x: gid("ProductVariant", x.id),
    "legacyResourceId": lambda x: str(x.id),
    "title": lambda x: x.title,
    "displayName": Asking(lambda x, call: f"{call.shop.products[x.product_id].title} - {x.title}"),
    "position": lambda x: x.position,
    "sku": lambda x: x.sku,
    "barcode": lambda x: x.barcode,
    "price": lambda x: cents(x.price),
    "compareAtPrice": lambda x: None if x.compare_at_price is None else cents(x.compare_at_price),
    "selectedOptions": lambda x: [Choice(name, value) for name, value in x.choices],
    "taxable": lambda _: True,
    "availableForSale": Asking(lambda x, call: not x.tracked or available(x, call) > 0),
    "inventoryPolicy": lambda _: "DENY",
    "inventoryQuantity": Asking(available),
    "sellableOnlineQuantity": Asking(available),
    "inventoryItem": Item,
    "product": Asking(lambda x, call: call.shop.products[x.product_id]),
    "createdAt": lambda x: stamp(x.created_at),
    "updatedAt": lambda x: stamp(x.updated_at),
}
COUNT: Fields = {"count": lambda x: x.count, "precision": lambda x: x.precision}

SERVED: Mapping[str, Fields] = {
    "Product": PRODUCT,
    "ProductOption": OPTION,
    "ProductOptionValue": OPTION_VALUE,
    "SelectedOption": SELECTED,
    "ProductVariant": VARIANT,
    "Count": COUNT,
}
