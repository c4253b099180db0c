"""Stores vectors at half precision, a batch as one binary array."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sync_assets.core.texts import VectorSet
from sync_assets.store.arrays import HEAD, Array, array
from sync_assets.store.connection import Connection

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_TYPE = b"SELECT 'halfvec'::regtype::oid::bigint"
_INSERT = b"""
    INSERT INTO cms.vectors (tenant_id, set_id, hash, embedding)
    SELECT current_setting('sync_assets.tenant_id'), %(set)s, hash, embedding
    FROM unnest(%(hashes)s::bytea[], %(vectors)s::halfvec[]) AS page (hash, embedding)
    ON CONFLICT (tenant_id, set_id, hash) DO NOTHING
"""


def insert(
    connection: Connection, into: VectorSet, hashes: Sequence[bytes], vectors: "NDArray[np.float32]"
) -> int:
    """Store a batch in one statement; gives how many were not there yet.

    Args:
        connection: in a transaction that named its tenant.
        into: the set.
        hashes: of the texts.
        vectors: float32 (texts, dimension), in the texts' order.

    Raises:
        ValueError: these are not the vectors of these texts in this set's dimension, or hold
            something that is no number.
    """
    expected = (len(hashes), into.key.dimension)
    if vectors.shape != expected:
        raise ValueError(f"The vectors are {vectors.shape}, not {expected}.")
    (oid,) = connection.execute(_TYPE).fetchone() or (0,)
    parameters = {
        "set": into.id,
        "hashes": array("bytea", hashes),
        "vectors": halfvecs(vectors, oid),
    }
    return connection.execute(_INSERT, parameters).rowcount


def halfvecs(vectors: "NDArray[np.float32]", oid: int) -> Array:
    """An array of pgvector's `halfvec`, whose type has this number in the database.

    Args:
        vectors: float32 (n, dimension); ValueError where one is not finite, also at half precision.
        oid: differs from database to database, because the type belongs to an extension.
    """
    import numpy as np  # who only loads the definitions never needs it

    count, dimension = vectors.shape
    with np.errstate(over="ignore"):  # what does not fit becomes infinite, and is refused below
        halves = vectors.astype(">f2")
    if not np.isfinite(halves).all():
        raise ValueError("A vector holds something that is no number, or is too large.")
    member = [
        ("bytes", ">i4"),
        ("dimension", ">i2"),
        ("unused", ">i2"),
        ("halves", ">f2", dimension),
    ]
    members = np.zeros(count, dtype=member)
    members["bytes"] = 4 + 2 * dimension
    members["dimension"] = dimension
    members["halves"] = halves
    return Array(HEAD(1, 0, oid, count, 1) + members.tobytes())
