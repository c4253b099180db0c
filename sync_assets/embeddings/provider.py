"""What turns texts into vectors: the port, the bounds of a call, what every answer must pass."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from sync_assets.core.stop import StopSignal
from sync_assets.embeddings.errors import WrongAnswer

if TYPE_CHECKING:  # it takes a while to load, and most of the program's processes need none of it
    import numpy as np
    from numpy.typing import NDArray

PER_TOKEN = 4  # bytes of prose, in the languages of Europe
_MARKS = 3  # tokens that models put around a text: its begin, its end, a space before it


@dataclass(frozen=True, slots=True)
class Answer:
    """The vectors of some texts.

    Attributes:
        vectors: float32 of shape (texts, dimension), in their order; finite, of unit length.
        tokens: what the provider bills, None where it does not say.
    """

    vectors: "NDArray[np.float32]"
    tokens: int | None


class Provider(Protocol):
    """A model, here or elsewhere; safe to use from several threads."""

    @property
    def model(self) -> str:
        """Its name; vectors of two models have nothing in common."""
        ...

    @property
    def dimension(self) -> int:
        """Numbers a vector."""
        ...

    @property
    def max_inputs(self) -> int:
        """Texts a call, at most; may be lower after a call."""
        ...

    @property
    def max_tokens(self) -> int:
        """Tokens a call, at most."""
        ...

    @property
    def price(self) -> Decimal:
        """Money per million tokens."""
        ...

    def embed(self, texts: Sequence[str], stop: StopSignal) -> Answer:
        """The vectors of these texts, within the bounds of a call.

        It is paid for once at most: nothing that may have been billed is tried again in here.
        Whether a call that failed may be billed, `errors.may_be_billed` tells.

        Raises:
            RetryLater: the provider is busy or unwell.
            OperatorMustAct: it refuses key, rights, model, address or quota.
            SourceChanged: its answer cannot be trusted, or it does not take these texts.
            Stopped: a stop was asked for, and the answer is not waited for.
            OutOfTime: the signal's hard limit is over, and the answer is not waited for.
        """
        ...


def bound(text: str) -> int:
    """Tokens of a text, at most: a byte-pair encoding never has more of them than bytes."""
    return _bytes(text) + _MARKS


def estimate(text: str) -> int:
    """Tokens of a text, about; never more than `bound`."""
    return -(-_bytes(text) // PER_TOKEN)


def readable(text: str) -> str:
    """The text as it can be sent: half a character, as a command line may hold, becomes `?`."""
    return text.encode(errors="replace").decode()


def checked(values: Any, count: int, dimension: int) -> "NDArray[np.float32]":  # noqa: ANN401
    """Vectors that may be stored, brought to unit length.

    Args:
        values: numbers of shape (count, dimension), in whatever form.
        count: texts that were sent.
        dimension: of the model.

    Raises:
        WrongAnswer: too few, too many, of another dimension, no numbers, not finite, or all zero.
    """
    import numpy as np

    try:
        found = np.asarray(values, dtype=np.float64)  # squares of large float32 have no room there
    except (TypeError, ValueError, OverflowError) as error:
        raise WrongAnswer("vectors that are not lists of numbers, all of one length") from error
    if found.shape != (count, dimension):
        raise WrongAnswer(f"vectors of shape {found.shape} instead of {(count, dimension)}")
    lengths = np.linalg.norm(found, axis=1)
    if not np.isfinite(lengths).all():
        raise WrongAnswer("vectors with numbers that are not finite")
    if not lengths.all():
        raise WrongAnswer("vectors that are all zero")
    return (found / lengths[:, np.newaxis]).astype(np.float32)


def no_vectors(dimension: int) -> Answer:
    """The answer for no texts, which nobody needs to be asked for."""
    import numpy as np

    return Answer(np.empty((0, dimension), dtype=np.float32), 0)


def _bytes(text: str) -> int:
    return len(text.encode(errors="replace"))
