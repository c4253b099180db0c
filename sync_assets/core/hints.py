"""Hints: word from a source that a record may have changed; where to look, and nothing else."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sync_assets.core.records import Payload


@dataclass(frozen=True, slots=True, order=True)
class Hint:
    """A record that may have changed, come or gone.

    Attributes:
        stream: the stream that it belongs to.
        collection: the name of its collection, as in `Collection.name`.
        key: its id at the source.
        mark: given by the store; another one once the same record was hinted at again.
    """

    stream: str
    collection: str
    key: int
    mark: int = 0


class Message(NamedTuple):
    """A signed message of a platform's.

    Attributes:
        identity: the same for every try to deliver it.
        said: what a source's `hint` reads; None where the body is none that can be read.
        host: of the account that it says it is about, which need not be signed; empty for none.
    """

    identity: str
    said: Payload | None
    host: str = ""


Door = Callable[[str, Mapping[str, str], bytes], Message | None]
"""What a message says, given the tenant's secret, headers in any case, and the body as it came;
None where it was not signed with that secret."""
