"""What an answer of an OpenAI-compatible API means: vectors, or an error that says who must act."""

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import orjson

from sync_assets.core.clock import utc_now
from sync_assets.core.errors import RetryLater, SyncError
from sync_assets.embeddings.errors import Busy, Refused, TextRefused, WrongAnswer
from sync_assets.embeddings.provider import Answer, checked
from sync_assets.embeddings.wire import Raw

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

KEY = "SYNC_ASSETS_EMBEDDINGS_API_KEY"
MODEL = "SYNC_ASSETS_EMBEDDINGS_MODEL"
URL = "SYNC_ASSETS_EMBEDDINGS_URL"
DIMENSION = "SYNC_ASSETS_EMBEDDINGS_DIMENSION"

_MOST_TOKENS = 2**31  # beyond it no usage is one
_NO_SUCH_THING = {404, 405, 410, 501}


def answer_of(body: bytes, count: int, dimension: int) -> Answer:
    """The vectors in the order of the texts, and what they cost.

    Raises:
        WrongAnswer: this is not what the API promises for so many texts.
    """
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        page = body.lstrip().startswith(b"<")
        raise WrongAnswer(
            "a web page instead of JSON" if page else "something that is not JSON"
        ) from error
    vectors = [_numbers(item.get("embedding")) for item in _in_order(found, count)]
    return Answer(checked(vectors, count, dimension), _tokens(found))


def error_of(raw: Raw, provider: str, model: str) -> SyncError:
    """What an answer that is none of success means; never more of its body than a known code.

    Args:
        raw: of a status beyond 299.
        provider: its address, as messages may show it.
        model: that was asked for.
    """
    status, code = raw.status, _code(raw.body)
    if status == 402 or code == "insufficient_quota":
        return Refused(
            f"{provider} has no quota left for this API key ({status}). Look at the account's plan "
            f"and bill, or give another key in {KEY}."
        )
    if status == 429:
        return Busy(f"{provider} has too much to do (429). Waiting helps.", after=_after(raw))
    if status == 408 or (status >= 500 and status not in _NO_SUCH_THING):
        return RetryLater(
            f"{provider} answered {status}. Waiting helps, as a rule.", after=_after(raw)
        )
    if status in {413, 422} or (status == 400 and code != "model_not_found"):
        return TextRefused(
            f"{provider} does not take such a text for the model {model} ({status}). If it takes "
            f"none at all, look at {MODEL} and {DIMENSION}."
        )
    return Refused(_refusal(raw, provider, model))


def refuses_base64(raw: Raw) -> bool:
    """Does it want to be asked for plain numbers?"""
    about = b"encoding_format" in raw.body or b"base64" in raw.body
    return 400 <= raw.status < 500 and about


def _refusal(raw: Raw, provider: str, model: str) -> str:
    status = raw.status
    if status < 400:
        return (
            f"{provider} redirects to {_home(raw.headers)} ({status}), and the API key is not sent "
            f"there. If that is the API's address, give it in {URL}."
        )
    if status == 401:
        return f"{provider} refused the API key (401). Give it the right one in {KEY}."
    if status == 403:
        return (
            f"{provider} does not let this API key use the model {model} (403). Give the key that "
            f"right, or another key in {KEY}."
        )
    return (
        f"{provider} knows no model {model}, or there is no embeddings API at that address "
        f"({status}). Look at {MODEL} and {URL}."
    )


def _in_order(found: Any, count: int) -> list[dict[str, Any]]:  # noqa: ANN401 - JSON
    """The items by their index, where each text has exactly one."""
    items = cast(Any, found).get("data") if isinstance(found, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in cast(Any, items)):
        raise WrongAnswer("JSON without a list of vectors")
    listed = cast(list[dict[str, Any]], items)
    if len(listed) != count:
        raise WrongAnswer(f"{len(listed)} vectors for {count} texts")
    by_index = {item.get("index"): item for item in listed if type(item.get("index")) is int}
    if by_index.keys() != set(range(count)):
        raise WrongAnswer("vectors of which it is not clear to which texts they belong")
    return [by_index[index] for index in range(count)]


def _numbers(embedding: Any) -> "list[Any] | NDArray[np.float32]":  # noqa: ANN401 - JSON
    """One vector: a list, or float32 in base64, the lowest byte first."""
    import numpy as np

    if isinstance(embedding, str):
        try:
            return np.frombuffer(base64.b64decode(embedding, validate=True), dtype="<f4")
        except (binascii.Error, ValueError) as error:
            raise WrongAnswer("vectors in base64 that cannot be read") from error
    if not isinstance(embedding, list) or not all(
        type(number) in (float, int) for number in cast(list[Any], embedding)
    ):
        raise WrongAnswer("vectors that are not lists of numbers")
    return cast(list[Any], embedding)


def _tokens(found: dict[str, Any]) -> int | None:
    usage: Any = found.get("usage")
    tokens = cast(Any, usage).get("total_tokens") if isinstance(usage, dict) else None
    return tokens if type(tokens) is int and 0 < tokens < _MOST_TOKENS else None


def _code(body: bytes) -> str | None:
    """The error's code or type, where it is one that something follows from."""
    try:
        error = orjson.loads(body)["error"]
        told = {error.get("code"), error.get("type")}
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return next((code for code in ("insufficient_quota", "model_not_found") if code in told), None)


def _after(raw: Raw) -> float | None:
    """Seconds that the provider asks us to wait."""
    text = raw.headers.get("Retry-After", "").strip()
    if text.replace(".", "", 1).isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (_aware(moment) - utc_now()).total_seconds())


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _home(headers: Mapping[str, str]) -> str:
    try:
        parts = urlsplit(headers.get("Location", ""))
    except ValueError:
        return "another address"
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}" if host else "another address"
