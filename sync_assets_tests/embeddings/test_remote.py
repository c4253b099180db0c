import logging
import math
import ssl
import threading
import time
import traceback
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sync_assets.core.errors import OperatorMustAct, OutOfTime, RetryLater, SourceChanged, Stopped
from sync_assets.core.retry import Backoff
from sync_assets.core.stop import StopSignal
from sync_assets.embeddings import errors
from sync_assets.embeddings.errors import may_be_billed
from sync_assets.embeddings.remote import Account, RemoteProvider
from sync_assets.embeddings.stoppable import GRACE
from sync_assets.embeddings.wire import Patience
from sync_assets_tests.embeddings import tricks
from sync_assets_tests.embeddings.fake_provider import (
    DIMENSION,
    KEY,
    MODEL,
    FakeProvider,
    Refusal,
    fake_provider,
    tokens_of,
    vector_of,
)
from sync_assets_tests.sources.certificates import self_signed
from sync_assets_tests.sources.hostile import drip, hostile_server, reply

TEXTS = ["Olá, mundo", "a second text", "a third 😀", "the last"]
TOKENS = sum(map(tokens_of, TEXTS))


class Impatient(Backoff):
    """Waits next to nothing, but gives up where others do."""

    def delay(
        self, attempt: int, asked: float | None, jitter: Callable[[], float] = lambda: 0.0
    ) -> float | None:
        self.asked.append(asked)
        return super().delay(attempt, asked and min(asked, asked / 1000), jitter)

    asked: list[float | None] = []  # noqa: RUF012 - emptied by the fixture


QUICK = Impatient(attempts=4, base=0.001, ceiling=20.0)

Connect = Callable[..., RemoteProvider]


@pytest.fixture
def server() -> Generator[FakeProvider]:
    with fake_provider() as server:
        yield server


@pytest.fixture
def connect(server: FakeProvider) -> Generator[Connect]:
    opened: list[RemoteProvider] = []
    QUICK.asked.clear()

    def connect(
        url: str = "", *, backoff: Backoff = QUICK, answer: float = 30.0, **more: Any
    ) -> RemoteProvider:
        account = replace(Account(server.url, MODEL, DIMENSION, Decimal("0.02"), KEY), **more)
        account = replace(account, url=url or server.url)
        patience = Patience(connect=2.0, answer=answer)
        opened.append(RemoteProvider(account, backoff=backoff, patience=patience))
        return opened[-1]

    yield connect
    for provider in opened:
        provider.close()


@pytest.fixture
def provider(connect: Connect) -> RemoteProvider:
    return connect()


@pytest.fixture
def stop() -> StopSignal:
    return StopSignal()


def expected(texts: list[str] = TEXTS, dimension: int = DIMENSION) -> np.ndarray:
    vectors = np.array([vector_of(text, dimension) for text in texts])
    return vectors / np.linalg.norm(vectors, axis=1)[:, np.newaxis]


def is_right(answer) -> bool:
    return answer.vectors.dtype == np.float32 and np.allclose(answer.vectors, expected(), atol=1e-6)


# Good answers


def test_each_text_gets_its_vector_and_the_bill_is_the_providers(provider, server, stop):
    answer = provider.embed(TEXTS, stop)
    assert is_right(answer)
    assert answer.tokens == TOKENS == server.billed[KEY].tokens


def test_the_question_is_what_the_api_wants(provider, server, stop):
    provider.embed(TEXTS, stop)
    assert server.seen[0].key == KEY
    assert server.seen[0].body == {"model": MODEL, "encoding_format": "base64", "input": TEXTS}


def test_the_dimension_is_asked_for_where_it_is_not_the_models_own(connect, server, stop):
    answer = connect(dimension=5, shortened=True).embed(TEXTS, stop)
    assert server.seen[0].body["dimensions"] == 5
    assert np.allclose(answer.vectors, expected(dimension=5), atol=1e-6)


def test_plain_numbers_are_as_good_as_base64(provider, server, stop):
    server.play(tricks.in_floats)
    assert is_right(provider.embed(TEXTS, stop))


def test_a_provider_that_knows_no_base64_is_not_asked_for_it_again(provider, server, stop):
    server.takes_base64 = False
    assert is_right(provider.embed(TEXTS, stop))
    assert is_right(provider.embed(TEXTS, stop))
    assert ["encoding_format" in seen.body for seen in server.seen] == [True, False, False]
    assert server.billed[KEY].calls == 2


def test_vectors_are_sorted_by_their_index(provider, server, stop):
    server.play(tricks.shuffled)
    assert is_right(provider.embed(TEXTS, stop))


@pytest.mark.parametrize(
    "usage", [None, {}, {"total_tokens": None}, {"total_tokens": -1}, {"total_tokens": "9"}, 7]
)
def test_a_missing_bill_is_not_made_up(usage, provider, server, stop):
    server.play(tricks.usage(usage))
    answer = provider.embed(TEXTS, stop)
    assert answer.tokens is None
    assert is_right(answer)


def test_a_connection_is_kept_for_the_next_call(provider, server, stop):
    for _ in range(3):
        provider.embed(TEXTS, stop)
    assert len({seen.connection for seen in server.seen}) == 1


def test_no_texts_cost_no_call(provider, server, stop):
    assert provider.embed([], stop).vectors.shape == (0, DIMENSION)
    assert not server.seen


def test_half_a_character_can_be_asked_for(provider, server, stop):
    provider.embed(["caf\udce9"], stop)
    assert server.seen[0].body["input"] == ["caf?"]


def test_a_provider_without_keys_gets_none(connect, server, stop):
    connect(key=None).embed(TEXTS, stop)
    assert server.seen[0].key is None


def test_threads_get_the_vectors_of_their_own_texts(provider, server, stop):
    with ThreadPoolExecutor(8) as pool:
        texts = [f"text {number}" for number in range(40)]
        found = pool.map(lambda text: provider.embed([text], stop).vectors[0], texts)
        assert np.allclose(list(found), expected(texts), atol=1e-6)
    assert server.billed[KEY].calls == 40


def test_neither_proxy_nor_netrc_of_the_environment_is_used(
    connect, server, stop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    connect(key=None).embed(TEXTS, stop)
    assert server.seen[0].key is None


# Refusals, which cost nothing


@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(Refusal(429), id="429"),
        pytest.param(Refusal(429, "rate_limit_exceeded"), id="429 with its reason"),
        pytest.param(Refusal(429, headers={"Retry-After": "2"}), id="429 with Retry-After"),
    ],
)
def test_a_busy_provider_is_asked_again(refusal, provider, server, stop):
    server.play(refusal, refusal)
    assert is_right(provider.embed(TEXTS, stop))
    assert (server.calls[KEY], server.tokens) == (3, TOKENS)


def test_its_wish_is_honoured(provider, server, stop):
    server.play(
        Refusal(429, headers={"Retry-After": "2"}),
        Refusal(429, headers={"Retry-After": "0.5"}),
        Refusal(429, headers={"Retry-After": _date(timedelta(seconds=15))}),
    )
    provider.embed(TEXTS, stop)
    assert QUICK.asked == [2, 0.5, pytest.approx(15, abs=5)]


@pytest.mark.parametrize("wish", ["soon", "-5", "", "1.2.3", "Mon, 99 Foo 2026"])
def test_a_wish_that_nobody_understands_is_none(wish, provider, server, stop):
    server.play(Refusal(429, headers={"Retry-After": wish}))
    provider.embed(TEXTS, stop)
    assert QUICK.asked == [None]


def test_a_provider_that_stays_busy_is_left_alone(provider, server, stop):
    server.play(*[Refusal(429)] * 9)
    with pytest.raises(RetryLater) as error:
        provider.embed(TEXTS, stop)
    assert not may_be_billed(error.value)
    assert (server.calls[KEY], server.tokens) == (4, 0)


def test_a_wish_for_a_long_pause_is_handed_on(connect, server, stop):
    server.play(Refusal(429, headers={"Retry-After": "600"}))
    with pytest.raises(RetryLater) as error:
        connect(backoff=Backoff()).embed(TEXTS, stop)
    assert error.value.after == 600
    assert server.calls[KEY] == 1


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (Refusal(429, "insufficient_quota"), "no quota left"),
        (Refusal(402), "no quota left"),
        (Refusal(401, "invalid_api_key"), "refused the API key .* in SYNC_ASSETS_EMBEDDINGS_API_K"),
        (Refusal(403), "does not let this API key use the model fake-embedding"),
        (Refusal(404, "model_not_found"), "knows no model fake-embedding"),
        (Refusal(400, "model_not_found"), "knows no model fake-embedding"),
        (Refusal(501), "there is no embeddings API"),
        (Refusal(301, headers={"Location": "https://else.example/v1"}), "https://else.example/v1"),
        (Refusal(307, headers={"Location": "/other"}), "redirects to another address"),
        (Refusal(308), "redirects"),
    ],
)
def test_what_only_the_operator_can_mend_is_said_once(refusal, words, provider, server, stop):
    server.play(refusal)
    with pytest.raises(OperatorMustAct, match=words) as error:
        provider.embed(TEXTS, stop)
    assert not may_be_billed(error.value)
    assert (server.calls[KEY], server.tokens) == (1, 0)


def test_the_key_does_not_follow_a_redirect(connect, server, stop):
    with fake_provider() as other:
        for status in (301, 302, 303, 307, 308):
            server.play(Refusal(status, headers={"Location": f"{other.url}/embeddings"}))
            with pytest.raises(OperatorMustAct):
                connect().embed(TEXTS, stop)
        assert not other.seen


def test_an_unknown_model_is_the_operators_to_mend(connect, stop):
    with pytest.raises(OperatorMustAct, match="knows no model misspelt"):
        connect(model="misspelt").embed(TEXTS, stop)


def test_nobody_there_costs_nothing(connect, stop):
    with fake_provider() as gone:
        url = gone.url
    with pytest.raises(RetryLater, match="cannot be reached") as error:
        connect(url).embed(TEXTS, stop)
    assert not may_be_billed(error.value)


def test_a_certificate_that_nobody_trusts_gets_no_key(connect, stop, tmp_path: Path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    with hostile_server(lambda plain: context.wrap_socket(plain, server_side=True)) as stranger:
        stranger.play(reply(b"{}"))
        with pytest.raises(OperatorMustAct, match="certificate") as error:
            connect(stranger.url).embed(TEXTS, stop)
        assert not stranger.seen
    assert not may_be_billed(error.value)


def test_a_provider_that_takes_few_texts_a_call_teaches_how_many(provider, server, stop):
    server.most_inputs = 32
    texts = [f"text {number}" for number in range(2048)]
    for most in (256, 32):
        with pytest.raises(errors.TooMuch, match=f"asked for {most}") as error:
            provider.embed(texts[: provider.max_inputs], stop)
        assert provider.max_inputs == most
        assert not may_be_billed(error.value)
    assert provider.embed(texts[:32], stop).vectors.shape == (32, DIMENSION)


def test_a_single_text_that_is_not_taken_is_said_to_be_so(provider, server, stop):
    server.play(Refusal(400))
    with pytest.raises(SourceChanged, match="does not take such a text") as error:
        provider.embed(["too long"], stop)
    assert not may_be_billed(error.value)
    assert provider.max_inputs == 2048


# What may have been billed


@pytest.mark.parametrize(
    "trick",
    [
        pytest.param(tricks.broken(500), id="500"),
        pytest.param(tricks.broken(502), id="502"),
        pytest.param(tricks.broken(503, Retry_After="7"), id="503"),
        pytest.param(tricks.broken(529), id="529"),
        pytest.param(tricks.broken(408), id="408"),
        pytest.param(tricks.hang_up, id="cut after working"),
        pytest.param(Refusal(None), id="cut before working"),
        pytest.param(tricks.half, id="half of the answer"),
        pytest.param(tricks.half_chunked, id="half of an answer in chunks"),
    ],
)
def test_trouble_is_not_paid_for_twice(trick, provider, server, stop):
    server.play(trick)
    with pytest.raises(RetryLater) as error:
        provider.embed(TEXTS, stop)
    assert may_be_billed(error.value)
    assert server.calls[KEY] == 1
    assert is_right(provider.embed(TEXTS, stop))


def test_a_wish_beside_other_trouble_is_handed_on(provider, server, stop):
    server.play(tricks.broken(503, Retry_After="7"))
    with pytest.raises(RetryLater) as error:
        provider.embed(TEXTS, stop)
    assert error.value.after == 7


def test_an_answer_is_not_waited_for_without_end(connect, server, stop):
    server.play(tricks.slow())
    with pytest.raises(RetryLater, match="in time") as error:
        connect(answer=0.3).embed(TEXTS, stop)
    assert may_be_billed(error.value)


@pytest.mark.parametrize(
    ("trick", "words"),
    [
        pytest.param(tricks.short, "3 vectors for 4 texts", id="short list"),
        pytest.param(tricks.long, "5 vectors for 4 texts", id="long list"),
        pytest.param(tricks.doubled, "not clear to which texts", id="doubled index"),
        pytest.param(tricks.without_index, "not clear to which texts", id="no index"),
        pytest.param(tricks.last(lambda v: [math.nan, *v[1:]]), "not finite", id="NaN in base64"),
        pytest.param(tricks.last(lambda v: [math.inf, *v[1:]]), "not finite", id="infinity"),
        pytest.param(tricks.last(lambda v: [0.0] * len(v)), "all zero", id="zeros"),
        pytest.param(tricks.last(lambda v: v[1:]), "one length", id="one is shorter"),
        pytest.param(tricks.each(lambda v: v[1:]), r"\(4, 7\) instead", id="wrong dimension"),
        pytest.param(tricks.each(lambda v: [*v, 1.0]), r"\(4, 9\) instead", id="longer"),
        pytest.param(tricks.each(lambda v: [math.nan, *v[1:]]), "not JSON", id="NaN in JSON"),
        pytest.param(tricks.each(lambda v: [None, *v[1:]]), "lists of numbers", id="null"),
        pytest.param(tricks.each(lambda v: ["1.5", *v[1:]]), "lists of numbers", id="strings"),
        pytest.param(tricks.each(lambda v: [True, *v[1:]]), "lists of numbers", id="booleans"),
        pytest.param(tricks.each(lambda v: [v]), "lists of numbers", id="nested"),
        pytest.param(tricks.each(lambda _: None), "lists of numbers", id="nothing"),
        pytest.param(tricks.each(lambda _: "not base64!"), "cannot be read", id="no base64"),
        pytest.param(tricks.each(lambda _: "QUJD"), "cannot be read", id="half a number"),
        pytest.param(tricks.body(b"<html>Sign in</html>"), "a web page", id="HTML"),
        pytest.param(tricks.body(b""), "not JSON", id="empty"),
        pytest.param(tricks.body(b"[]"), "without a list of vectors", id="a list"),
        pytest.param(tricks.body(b'{"data": {}}'), "without a list of vectors", id="no list"),
        pytest.param(tricks.body(b'{"data": [1,2,3,4]}'), "without a list", id="no objects"),
        pytest.param(tricks.giant(1_000_000), "more than 4 vectors", id="giant"),
    ],
)
def test_a_wrong_answer_gives_no_vectors(trick, words, provider, server, stop):
    server.play(trick)
    with pytest.raises(SourceChanged, match=words) as error:
        provider.embed(TEXTS, stop)
    assert may_be_billed(error.value)
    assert server.calls[KEY] == 1
    assert is_right(provider.embed(TEXTS, stop))


def test_a_long_page_with_an_error_is_not_read_to_its_end(provider, server, stop):
    server.play(Refusal(401, text="x" * 10_000_000))
    with pytest.raises(OperatorMustAct):
        provider.embed(TEXTS, stop)
    assert is_right(provider.embed(TEXTS, stop))
    assert len({seen.connection for seen in server.seen}) == 2


def test_answers_of_the_largest_call_have_room(connect, server, stop):
    server.dimension = 64
    server.play(tricks.in_floats)
    texts = [f"text {number}" for number in range(2048)]
    assert connect(dimension=64).embed(texts, stop).vectors.shape == (2048, 64)


# Stops


def test_a_stop_ends_a_slow_call(provider, server, stop):
    server.play(tricks.slow())
    threading.Thread(target=lambda: (_until(lambda: server.seen), stop.set())).start()
    with pytest.raises(Stopped) as stopped:
        provider.embed(TEXTS, stop)
    assert may_be_billed(stopped.value)


def test_the_hard_limit_ends_a_slow_call(provider, server):
    server.play(tricks.slow())
    with pytest.raises(OutOfTime) as over:
        provider.embed(TEXTS, StopSignal(hard=0.3))
    assert may_be_billed(over.value)


def test_a_stop_ends_a_long_wait_and_costs_nothing(connect, server, stop):
    server.play(Refusal(429, headers={"Retry-After": "1000"}))
    threading.Thread(target=lambda: (_until(lambda: server.seen), stop.set())).start()
    with pytest.raises(Stopped) as stopped:
        connect(backoff=Backoff(ceiling=2000)).embed(TEXTS, stop)
    assert not may_be_billed(stopped.value)


def test_after_a_stop_nobody_is_asked(provider, server, stop):
    stop.set()
    with pytest.raises(Stopped) as stopped:
        provider.embed(TEXTS, stop)
    assert not may_be_billed(stopped.value)
    assert not server.seen


def test_an_answer_that_nobody_waited_for_is_not_given_to_the_next_call(provider, server, stop):
    server.play(tricks.slow(GRACE + 0.5))
    with pytest.raises(OutOfTime):
        provider.embed(["somebody else's"], StopSignal(hard=0.2))
    for _ in range(4):
        assert is_right(provider.embed(TEXTS, stop))
        time.sleep(0.2)


def test_an_answer_that_comes_a_moment_after_the_stop_is_not_thrown_away(provider, server):
    server.play(tricks.slow(0.5))
    assert is_right(provider.embed(TEXTS, StopSignal(hard=0.2)))


def test_nobody_goes_on_reading_what_nobody_waits_for(connect):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n{"
    with hostile_server() as stranger:
        stranger.play(drip(stranger, head))
        with pytest.raises(OutOfTime):
            connect(stranger.url).embed(TEXTS, StopSignal(hard=0.3))
        _until(lambda: "call" not in {thread.name for thread in threading.enumerate()})


# The key


@pytest.mark.parametrize(
    "act",
    [
        Refusal(401),
        Refusal(400, text=f"Your key {KEY} is wrong"),
        Refusal(403, code=KEY),
        Refusal(307, headers={"Location": f"https://{KEY}@else.example/?key={KEY}"}),
        Refusal(None),
        tricks.broken(500),
        tricks.short,
        tricks.half,
        tricks.body(f"<html>{KEY}</html>".encode()),
    ],
)
def test_no_error_and_no_log_shows_the_key(act, provider, server, stop, caplog):
    caplog.set_level(logging.DEBUG)
    server.play(act)
    with pytest.raises((OperatorMustAct, SourceChanged, RetryLater)) as error:
        provider.embed(TEXTS, stop)
    provider.embed(TEXTS, stop)
    shown = "".join(traceback.format_exception(error.value)) + caplog.text + repr(provider)
    shown += "".join(str(vars(record)) for record in caplog.records)
    assert KEY not in shown
    assert "POST" in caplog.text


def test_what_describes_the_account_does_not_show_the_key():
    assert KEY not in repr(Account("https://x/v1", MODEL, DIMENSION, Decimal(1), KEY))


def _date(ahead: timedelta) -> str:
    return format_datetime(datetime.now(UTC) + ahead, usegmt=True)


def _until(happened: Callable[[], object]) -> None:
    for _ in range(2000):
        if happened():
            return
        time.sleep(0.01)
    raise AssertionError("It did not happen.")
