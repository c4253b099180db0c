"""Hints: word from a source that a record may have changed; where to look, and nothing else."""

from dataclasses import dataclass


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
