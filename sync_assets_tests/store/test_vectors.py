"""Vectors come back as they were, at half precision, and nothing else is stored."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sync_assets.bootstrap import Platform
from sync_assets.core.texts import SetKey, VectorSet
from sync_assets.store import vectors
from sync_assets.store.embedding_sets import open_set
from sync_assets_tests.store.articles import Embedder
from sync_assets_tests.store.looking import Owner, one
from sync_assets_tests.store.writing import begin, request

pytestmark = pytest.mark.postgres


def hashes(count: int) -> list[bytes]:
    return [number.to_bytes(16, "big") for number in range(count)]


def store(platform: Platform, found: NDArray[np.float32], keys: Sequence[bytes] = ()) -> VectorSet:
    """Store vectors in the set of their dimension, under hashes in rising order."""
    with platform.database.as_tenant("acme") as connection:
        own = open_set(connection, SetKey("model", found.shape[1], "lines"))
        vectors.insert(connection, own, keys or hashes(len(found)), found)
    return own


def stored(platform: Platform) -> NDArray[np.float32]:
    query = "SELECT embedding::real[] FROM cms.vectors ORDER BY hash"
    return np.array(Embedder(platform).ask(query), dtype=np.float32)


@pytest.fixture
def acme(platform: Platform) -> Platform:
    begin(platform, request())
    return platform


@pytest.mark.parametrize("dimension", [1, 3, 512, 1536, 4000])
def test_vectors_come_back_in_their_order_at_half_precision(acme: Platform, dimension: int):
    found = np.random.default_rng(7).standard_normal((20, dimension)).astype(np.float32)
    store(acme, found)
    assert np.array_equal(stored(acme), found.astype(np.float16).astype(np.float32))


def test_the_smallest_and_largest_numbers_come_back(acme: Platform):
    found = np.array([[0.0, -0.0, 6e-8, 65504.0, -65504.0, 1e-10]], dtype=np.float32)
    store(acme, found)
    assert np.array_equal(stored(acme), found.astype(np.float16).astype(np.float32))


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 70000.0])
def test_what_is_no_number_is_not_stored(acme: Platform, owner: Owner, wrong: float):
    found = np.ones((3, 4), dtype=np.float32)
    found[1, 2] = wrong
    with pytest.raises(ValueError, match="no number"):
        store(acme, found)
    assert one(owner, "SELECT count(*) FROM cms.vectors") == 0


@pytest.mark.parametrize("count", [0, 2, 4])
def test_another_number_of_vectors_than_of_texts_is_refused(acme: Platform, count: int):
    with pytest.raises(ValueError, match=f"\\({count}, 4\\), not \\(3, 4\\)"):
        store(acme, np.ones((count, 4), dtype=np.float32), hashes(3))


def test_a_text_keeps_the_vector_that_it_has(acme: Platform):
    first, second = np.ones((1, 4), dtype=np.float32), np.zeros((2, 4), dtype=np.float32)
    store(acme, first)
    store(acme, second)
    assert np.array_equal(stored(acme), [[1, 1, 1, 1], [0, 0, 0, 0]])


def test_no_vectors_are_no_trouble(acme: Platform, owner: Owner):
    store(acme, np.ones((0, 4), dtype=np.float32))
    assert one(owner, "SELECT count(*) FROM cms.vectors") == 0


def test_vectors_stay_in_their_rows(acme: Platform, owner: Owner):
    store(acme, np.ones((100, 1536), dtype=np.float32))
    query = (
        "SELECT pg_relation_size(reltoastrelid) FROM pg_class WHERE oid = 'cms.vectors'::regclass"
    )
    assert one(owner, query) == 0


NUMBERS = st.floats(-1, 1, width=32)


@given(st.lists(st.lists(NUMBERS, min_size=3, max_size=3), max_size=5))
def test_an_array_is_as_long_as_it_says(rows: list[list[float]]):
    found = np.array(rows, dtype=np.float32).reshape(len(rows), 3)
    data = vectors.halfvecs(found, 17).data
    assert len(data) == 20 + len(rows) * (4 + 4 + 2 * 3)
    assert data[8:12] == (17).to_bytes(4, "big")
