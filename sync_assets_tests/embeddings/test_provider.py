import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from semantic_text_splitter import TextSplitter

from sync_assets.core.errors import OperatorMustAct, OutOfTime, RetryLater, Stopped, kind_of
from sync_assets.core.stop import StopSignal
from sync_assets.embeddings.errors import Busy, NotBilled, WrongAnswer, before_call, may_be_billed
from sync_assets.embeddings.provider import bound, checked, estimate, no_vectors, readable

HALF_A_CHARACTER = "\udce9"


@given(st.text(min_size=1, max_size=60))
def test_no_text_has_more_tokens_than_its_bound(text: str):
    tokens = len(text.encode(errors="replace"))
    splitter = TextSplitter.from_tiktoken_model("gpt-4", tokens, trim=False)
    assert len(splitter.chunks(readable(text))) == 1
    assert tokens < bound(text)


@given(st.text())
def test_an_estimate_is_never_more_than_the_bound(text: str):
    assert estimate(text) <= bound(text)


def test_an_estimate_rounds_up():
    assert [estimate(text) for text in ("", "a", "abcd", "abcde", "ação")] == [0, 1, 1, 2, 2]


def test_half_a_character_is_counted_as_it_is_sent():
    assert readable(HALF_A_CHARACTER + "a") == "?a"
    assert bound(HALF_A_CHARACTER) == bound("?")


def test_vectors_become_float32_of_unit_length():
    vectors = checked([[3.0, 4.0], [0.0, -2.0]], 2, 2)
    assert vectors.dtype == np.float32
    assert vectors.tolist() == [[pytest.approx(0.6), pytest.approx(0.8)], [0.0, -1.0]]


def test_numbers_whose_squares_have_no_room_in_float32_keep_their_direction():
    huge = np.array([[3e30, 4e30]], dtype=np.float32)
    assert checked(huge, 1, 2)[0].tolist() == pytest.approx([0.6, 0.8])
    tiny = np.array([[3e-40, 4e-40]], dtype=np.float32)
    assert checked(tiny, 1, 2)[0].tolist() == pytest.approx([0.6, 0.8], rel=1e-4)


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([[1.0, 2.0]], id="too few"),
        pytest.param([[1.0, 2.0]] * 3, id="too many"),
        pytest.param([[1.0, 2.0, 3.0]] * 2, id="of another dimension"),
        pytest.param([[1.0, 2.0], [1.0]], id="of two dimensions"),
        pytest.param([1.0, 2.0], id="numbers instead of vectors"),
        pytest.param([], id="nothing"),
        pytest.param([[1.0, 2.0], [math.nan, 1.0]], id="NaN"),
        pytest.param([[1.0, 2.0], [math.inf, 1.0]], id="infinite"),
        pytest.param([[1.0, 2.0], [0.0, 0.0]], id="all zero"),
        pytest.param([[1.0, 2.0], [None, 1.0]], id="null"),
        pytest.param([[1.0, 2.0], [{}, 1.0]], id="an object"),
        pytest.param([[1.0, 2.0], [10**400, 1.0]], id="beyond every float"),
    ],
)
def test_no_other_vectors_pass(values):
    with pytest.raises(WrongAnswer):
        checked(values, 2, 2)


def test_no_texts_have_no_vectors_and_cost_nothing():
    answer = no_vectors(5)
    assert answer.vectors.shape == (0, 5)
    assert answer.tokens == 0


def test_only_what_was_refused_is_surely_not_billed():
    assert not may_be_billed(Busy("busy", after=3))
    assert may_be_billed(RetryLater("lost"))
    assert may_be_billed(Stopped("stopped"))
    assert may_be_billed(ValueError())


def test_a_busy_provider_is_one_to_ask_again_later():
    error = Busy("busy", after=3)
    assert isinstance(error, RetryLater)
    assert (kind_of(error), error.after) == ("RetryLater", 3)


def test_a_wrong_answer_names_who_gave_it():
    assert str(WrongAnswer("3 vectors for 4 texts").of("https://x/v1")).startswith(
        "https://x/v1 answered 3 vectors for 4 texts."
    )


def test_a_stop_before_the_call_is_not_billed():
    stop = StopSignal()
    stop.set()
    with pytest.raises(Stopped) as stopped, before_call():
        stop.check()
    assert isinstance(stopped.value, NotBilled)
    with pytest.raises(OutOfTime) as over, before_call():
        StopSignal(hard=-1).check()
    assert isinstance(over.value, NotBilled)
    assert kind_of(over.value) == "OutOfTime"


def test_other_errors_stay_as_they_are():
    with pytest.raises(OperatorMustAct) as error, before_call():
        raise OperatorMustAct("key")
    assert not isinstance(error.value, NotBilled)
