"""Any OpenAI-compatible API: `POST {url}/embeddings`."""

import logging
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import Any

import orjson
import urllib3

from sync_assets.core.errors import RetryLater, SyncError
from sync_assets.core.retry import Backoff
from sync_assets.core.stop import StopSignal
from sync_assets.embeddings.answers import answer_of, error_of, refuses_base64
from sync_assets.embeddings.errors import (
    Busy,
    Refused,
    TextRefused,
    TooMuch,
    WrongAnswer,
    before_call,
)
from sync_assets.embeddings.provider import Answer, no_vectors, readable
from sync_assets.embeddings.stoppable import Overdue
from sync_assets.embeddings.wire import Oversized, Patience, Raw, Wire

_LOG = logging.getLogger(__name__)

_PER_NUMBER = 32  # bytes of JSON, with all digits of a double and blanks around it
_PER_VECTOR = 1024
_AROUND = 64 * 1024
_MOST_INPUTS = 2048  # OpenAI's limit
_FEWER = 8  # from 2,048 texts to the 32 that text-embeddings-inference takes are two steps
_NOT_CONNECTED = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
)
_BACKOFF = Backoff(attempts=3, ceiling=60.0)  # money is reserved meanwhile: two minutes at most


@dataclass(frozen=True, slots=True)
class Account:
    """What is asked of whom.

    Attributes:
        url: the base address, without a slash at its end.
        model: as the provider calls it.
        dimension: of its vectors.
        price: money per million tokens.
        key: goes to this address only; None for a provider that wants none.
        shortened: ask for the dimension, which is not the model's own.
    """

    url: str
    model: str
    dimension: int
    price: Decimal
    key: str | None = field(default=None, repr=False)
    shortened: bool = False


class RemoteProvider:
    """A provider behind HTTP; its connections are kept alive.

    Args:
        account: what is asked of whom.
        backoff: how often and when to try again what was refused without being billed.
        patience: how long one exchange may take.
    """

    max_tokens = 300_000  # OpenAI's limit

    def __init__(
        self, account: Account, *, backoff: Backoff = _BACKOFF, patience: Patience | None = None
    ) -> None:
        self.max_inputs = _MOST_INPUTS
        self._text_was_bad = False
        self.model = account.model
        self.dimension = account.dimension
        self.price = account.price
        self._url = f"{account.url}/embeddings"
        self._question: dict[str, Any] = {"model": account.model, "encoding_format": "base64"}
        if account.shortened:
            self._question["dimensions"] = account.dimension
        headers = {} if account.key is None else {"Authorization": f"Bearer {account.key}"}
        self._wire = Wire(self._url, headers, patience or Patience())
        self._backoff = backoff

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def embed(self, texts: Sequence[str], stop: StopSignal) -> Answer:
        """The vectors of these texts; see `Provider.embed`."""
        if not texts:
            return no_vectors(self.dimension)
        for attempt in count(1):
            with before_call():
                stop.check()
            try:
                return self._ask(texts, stop)
            except Busy as error:
                delay = self._backoff.delay(attempt, error.after)
                if delay is None:
                    raise
            with before_call():
                stop.wait(delay)
        raise AssertionError  # count() does not end

    def _ask(self, texts: Sequence[str], stop: StopSignal) -> Answer:
        raw = self._exchange(texts, stop)
        if "encoding_format" in self._question and refuses_base64(raw):
            self._question = {k: v for k, v in self._question.items() if k != "encoding_format"}
            raw = self._exchange(texts, stop)
        if raw.status >= 300:
            raise self._error(raw, len(texts))
        if self._text_was_bad:  # so it was that text, and not how many there were
            self._text_was_bad, self.max_inputs = False, _MOST_INPUTS
        try:
            return answer_of(raw.body, len(texts), self.dimension)
        except WrongAnswer as wrong:
            raise wrong.of(self._url) from wrong

    def _exchange(self, texts: Sequence[str], stop: StopSignal) -> Raw:
        body = orjson.dumps({**self._question, "input": [readable(text) for text in texts]})
        most = len(texts) * (self.dimension * _PER_NUMBER + _PER_VECTOR) + _AROUND
        try:
            raw = self._wire.post(body, most, stop)
        except Oversized as error:
            wrong = WrongAnswer(f"more than {len(texts)} vectors of this model can need")
            raise wrong.of(self._url) from error
        except (urllib3.exceptions.HTTPError, OSError, Overdue) as error:
            raise self._broken(error) from error
        _LOG.debug(
            "POST %s",
            self._url,
            extra={"url": self._url, "status": raw.status, "texts": len(texts)},
        )
        return raw

    def _error(self, raw: Raw, texts: int) -> SyncError:
        """The error of an answer; a call that is too large teaches how large one may be."""
        error = error_of(raw, self._url, self.model)
        if isinstance(error, TextRefused) and texts == 1:
            self._text_was_bad = True
        elif isinstance(error, TextRefused):
            self.max_inputs = max(1, min(self.max_inputs, texts // _FEWER))
            return TooMuch(
                f"{self._url} does not take {texts} texts a call ({raw.status}). It is asked for "
                f"{self.max_inputs} from now on."
            )
        return error

    def _broken(self, error: Exception) -> SyncError:
        """An exchange without an answer."""
        if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in error.args):
            return Refused(
                f"{self._url} shows a TLS certificate that cannot be trusted. Have it renewed or "
                "completed, or add its authority to those of this machine."
            )
        if isinstance(error, _NOT_CONNECTED):
            return Busy(f"{self._url} cannot be reached now. Waiting helps, as a rule.")
        if isinstance(error, Overdue | urllib3.exceptions.TimeoutError):
            return RetryLater(f"{self._url} did not answer in time. Waiting helps, as a rule.")
        return RetryLater(f"The connection to {self._url} broke off. Waiting helps, as a rule.")
