"""Which provider the operator chose: the model that comes with the program, or one behind HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from sync_assets.core.errors import OperatorMustAct
from sync_assets.embeddings import local
from sync_assets.embeddings.answers import DIMENSION, KEY, MODEL, URL
from sync_assets.embeddings.local import LocalProvider
from sync_assets.embeddings.provider import Provider
from sync_assets.embeddings.remote import Account, RemoteProvider

_PRICES = "SYNC_ASSETS_EMBEDDINGS_PRICES"

_DIMENSIONS = {
    "text-embedding-3-small": 1536,
    "text-embedding-3-large": 3072,
    "text-embedding-ada-002": 1536,
    "mistral-embed": 1024,
    "bge-m3": 1024,
}
_MAY_BE_SHORTENED = "text-embedding-3-"


@dataclass(frozen=True, slots=True)
class Choice:
    """What the operator said about embeddings; see the settings of these names.

    Attributes:
        url: None for the model that comes with the program.
        prices: money per million tokens, by model.
        allow_private: let the key, and the texts, go over plain http.
    """

    url: str | None = None
    model: str | None = None
    key: str | None = field(default=None, repr=False)
    dimension: int | None = None
    prices: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal])
    allow_private: bool = False


def provider_of(choice: Choice) -> Provider:
    """The provider, which is not asked or loaded yet.

    Raises:
        OperatorMustAct: the settings do not fit together, or one is missing.
    """
    if choice.url is None:
        return _local(choice)
    model = choice.model
    if not model:
        raise OperatorMustAct(f"{URL} needs the name of a model in {MODEL}.")
    dimension, shortened = _dimension(model, choice.dimension)
    url = _base(choice.url, allow_private=choice.allow_private)
    price = _price(choice.prices, model)
    return RemoteProvider(Account(url, model, dimension, price, _key(choice.key), shortened))


def _local(choice: Choice) -> LocalProvider:
    if choice.model not in {None, local.MODEL}:
        raise OperatorMustAct(
            f"The model {choice.model} of {MODEL} does not come with the program. Say in {URL} who "
            f"has it, or choose {local.MODEL}."
        )
    if choice.dimension not in {None, local.DIMENSION}:
        raise OperatorMustAct(
            f"The model {local.MODEL} has {local.DIMENSION} dimensions. Take {DIMENSION} away."
        )
    if local.MODEL in choice.prices:
        return LocalProvider(_price(choice.prices, local.MODEL))
    return LocalProvider()


def _dimension(model: str, wanted: int | None) -> tuple[int, bool]:
    """Of the vectors, and whether the provider must be asked for it."""
    own = _DIMENSIONS.get(model.rpartition("/")[2])
    if own is None and wanted is None:
        raise OperatorMustAct(f"Say in {DIMENSION} how many dimensions {model} has.")
    if own is None or wanted is None or own == wanted:
        return wanted or own or 0, False
    if wanted > own or not model.startswith(_MAY_BE_SHORTENED):
        raise OperatorMustAct(f"The model {model} has {own} dimensions. Change {DIMENSION}.")
    return wanted, True


def _price(prices: Mapping[str, Decimal], model: str) -> Decimal:
    """A model without a price is refused: every budget would let it through."""
    price = prices.get(model)
    if price is None:
        raise OperatorMustAct(
            f"Say what a million tokens of {model} cost: {_PRICES}='{{\"{model}\": 0.02}}', or 0 "
            "where nobody is paid."
        )
    if not price.is_finite() or price < 0:
        raise OperatorMustAct(f"The price of {model} in {_PRICES} is {price}, which is no price.")
    return price


def _key(key: str | None) -> str | None:
    key = (key or "").strip()
    if not (key.isascii() and key.isprintable()) or " " in key:  # HTTP's own error would show it
        raise OperatorMustAct(f"{KEY} holds blanks or characters that no API key has.")
    return key or None


def _base(url: str, *, allow_private: bool) -> str:
    """The address in front of `/embeddings`."""
    parts = _parts(url)
    if parts.username is not None or parts.query or parts.fragment:
        raise OperatorMustAct(f"{URL} must be an address only. A key belongs in {KEY}.")
    if parts.scheme == "http" and not (allow_private or _is_here(parts.hostname or "")):
        raise OperatorMustAct(
            f"{URL} must begin with https://, so that nobody on the way reads the key or the "
            "texts. In a network that is trusted, SYNC_ASSETS_ALLOW_PRIVATE_URLS=1 allows http."
        )
    return url.strip().rstrip("/").removesuffix("/embeddings")


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url.strip())
        _ = parts.port  # raises where it is none
    except ValueError:
        parts = None
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise OperatorMustAct(f"{URL} must be an address such as https://api.openai.com/v1.")
    return parts


def _is_here(host: str) -> bool:
    """Is it this machine? Nobody is on the way then."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
