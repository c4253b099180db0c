"""Streams run in their order, and the record says how each of them ended."""

import contextlib
from collections.abc import Generator
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from sync_assets.core.correlation import correlation
from sync_assets.core.counts import Counts
from sync_assets.core.errors import (
    LeaseLost,
    OutOfTime,
    RetryLater,
    Stopped,
    SyncError,
    SyncHeld,
    TenantMustAct,
)
from sync_assets.core.ports import Connection, SyncOptions, SyncRequest
from sync_assets.core.run import Outcome, StreamStatus, run_stream, run_tenant
from sync_assets.core.stop import StopSignal
from sync_assets.core.streams import SourceSpec, StreamSpec, Table
from sync_assets.core.tenants import Tenant
from sync_assets_tests.core.fake_source import FakeCollection, FakeConnection, FakeSite, site_of
from sync_assets_tests.core.memory_store import MemoryStore


def stream(name: str, *needs: str) -> StreamSpec:
    return StreamSpec(name, Table(f"fake_{name}", "id", ()), needs, "")


SPEC = SourceSpec("fake", "Fake", (stream("a"), stream("b"), stream("c", "a")), {})
REQUEST = SyncRequest(UUID(int=7), Tenant("acme", "fake", "Acme", "mem://"), ("a", "b", "c"))


@dataclass
class Held(MemoryStore):
    """A stream that is held."""

    ended: list[tuple[StreamStatus, str | None]] = field(
        default_factory=list[tuple[StreamStatus, str | None]]
    )
    kinds: list[str | None] = field(default_factory=list[str | None])

    def finish(
        self, status: StreamStatus, error: str | None = None, kind: str | None = None
    ) -> None:
        self.ended.append((status, error))
        self.kinds.append(kind)

    def put_back(self) -> None:
        raise AssertionError("A stream is done in one step.")


@dataclass
class FakeSyncs:
    """The record of one sync."""

    streams: dict[str, Held] = field(default_factory=dict[str, Held])
    skipped: dict[str, str] = field(default_factory=dict[str, str])
    kinds: dict[str, str | None] = field(default_factory=dict[str, str | None])
    begun: int = 0
    taken: str = ""

    def begin(self, request: SyncRequest) -> None:
        assert request is REQUEST
        self.begun += 1

    @contextlib.contextmanager
    def hold(self, request: SyncRequest, stream: str) -> Generator[Held]:
        assert request is REQUEST
        if stream == self.taken:
            raise SyncHeld(f"another sync holds {stream}")
        yield self.streams.setdefault(stream, Held())

    def skip(
        self, sync_id: UUID, tenant_id: str, stream: str, reason: str, kind: str | None = None
    ) -> None:
        assert (sync_id, tenant_id) == (REQUEST.id, "acme")
        self.skipped[stream] = reason
        self.kinds[stream] = kind

    def ends(self) -> dict[str, list[tuple[StreamStatus, str | None]]]:
        return {name: held.ended for name, held in self.streams.items()}


class FakeSource:
    """A source whose streams may fail."""

    spec = SPEC

    def __init__(self, failures: dict[str, BaseException] | None = None) -> None:
        self.failures = failures or {}
        self.connects = self.closes = 0

    @contextlib.contextmanager
    def connect(
        self, tenant: Tenant, options: SyncOptions, stop: StopSignal
    ) -> Generator[Connection]:
        assert (tenant, options) == (REQUEST.tenant, REQUEST.options)
        del stop
        self.connects += 1
        yield FailingConnection([FakeCollection(site_of(range(1, 4)))], failures=self.failures)
        self.closes += 1


@dataclass(slots=True)
class FailingConnection(FakeConnection):
    """Fails where it is told to."""

    failures: dict[str, BaseException] = field(default_factory=dict[str, BaseException])

    def collections(self, stream: str):
        if stream in self.failures:
            raise self.failures[stream]
        return self.parts


def run(source: FakeSource, syncs: FakeSyncs) -> list[Outcome]:
    return run_tenant(REQUEST, source, syncs, StopSignal())  # pyright: ignore[reportArgumentType] - a ClassVar


def created(outcome: Outcome) -> int:
    assert isinstance(outcome.counts, Counts)
    return outcome.counts.created


DONE = [(StreamStatus.DONE, None)]


def test_all_streams_are_synced_over_one_connection():
    source, syncs = FakeSource(), FakeSyncs()
    outcomes = run(source, syncs)
    assert [created(outcome) for outcome in outcomes] == [3, 3, 3]
    assert syncs.ends() == {"a": DONE, "b": DONE, "c": DONE}
    assert (syncs.begun, source.connects, source.closes) == (1, 1, 1)


def test_a_failed_stream_skips_only_those_that_need_it():
    source, syncs = FakeSource({"a": RetryLater("busy")}), FakeSyncs()
    outcomes = run(source, syncs)
    assert syncs.ends() == {"a": [(StreamStatus.FAILED, "busy")], "b": DONE}
    assert syncs.skipped == {"c": "c needs a, which was not synced."}
    assert [outcome.counts is not None for outcome in outcomes] == [False, True, False]
    assert str(outcomes[0].error) == "busy"


def test_a_stream_that_another_sync_holds_skips_those_that_need_it():
    syncs = FakeSyncs(taken="a")
    outcomes = run(FakeSource(), syncs)
    assert isinstance(outcomes[0].error, SyncHeld)
    assert syncs.skipped == {
        "a": "another sync holds a",
        "c": "c needs a, which was not synced.",
    }


def test_a_turn_that_is_over_defers_the_stream_and_begins_no_other():
    syncs = FakeSyncs()
    outcomes = run(FakeSource({"a": OutOfTime("the turn is over")}), syncs)
    assert syncs.ends() == {"a": [(StreamStatus.DEFERRED, None)]}
    assert (len(outcomes), syncs.skipped) == (1, {})


def test_a_stop_is_recorded_and_ends_the_run():
    syncs, source = FakeSyncs(), FakeSource({"b": Stopped("stopped")})
    with pytest.raises(Stopped):
        run(source, syncs)
    assert syncs.ends() == {"a": DONE, "b": [(StreamStatus.STOPPED, "The sync was stopped.")]}


def test_a_lost_lease_leaves_the_record_to_its_new_holder():
    syncs = FakeSyncs()
    outcomes = run(FakeSource({"b": LeaseLost("lost")}), syncs)
    assert syncs.ends()["b"] == []
    assert isinstance(outcomes[1].error, LeaseLost)


def test_an_error_nobody_thought_of_stops_no_other_stream_and_shows_no_text():
    syncs = FakeSyncs()
    a, b, c = run(FakeSource({"a": ZeroDivisionError("secret")}), syncs)
    assert str(a.error) == "ZeroDivisionError: see the program's log."
    assert (b.error, c.counts) == (None, None)
    ((status, text),) = syncs.ends()["a"]
    assert status is StreamStatus.FAILED
    assert text == "ZeroDivisionError: see the program's log."


def test_an_interrupt_stops_the_requests_in_flight_too():
    syncs, stop = FakeSyncs(), StopSignal()
    connection = FailingConnection([FakeCollection(FakeSite())], failures={"a": SystemExit()})
    with pytest.raises(SystemExit):
        run_stream(REQUEST, "a", syncs, lambda: connection, stop)
    assert syncs.ends()["a"] == [(StreamStatus.STOPPED, "The sync was stopped.")]
    with pytest.raises(Stopped):
        stop.check()


def test_a_site_that_cannot_be_reached_fails_the_stream_that_asked():
    def connect() -> Connection:
        raise RetryLater("no answer")

    syncs = FakeSyncs()
    with pytest.raises(RetryLater):
        run_stream(REQUEST, "a", syncs, connect, StopSignal())
    assert syncs.ends()["a"] == [(StreamStatus.FAILED, "no answer")]


@pytest.mark.parametrize("error", [None, RetryLater("busy")])
def test_the_work_knows_its_correlation_id_and_forgets_it_afterwards(error: SyncError | None):
    heard: list[dict[str, str]] = []

    def hook(call: str) -> None:
        heard.append(correlation())
        if call == "fetch" and error is not None:
            raise error

    part = FakeCollection(site_of(range(1, 4)), hook)
    with contextlib.suppress(RetryLater):
        run_stream(REQUEST, "a", FakeSyncs(), lambda: FakeConnection([part]), StopSignal())
    assert heard
    assert all(said == {"sync_id": str(REQUEST.id), "tenant": "acme"} for said in heard)
    assert correlation() == {}


class Unwell(RetryLater):
    """A more special error of some source."""


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Unwell("busy"), "RetryLater"),
        (TenantMustAct("no"), "TenantMustAct"),
        (KeyError("?"), "Unexpected"),
    ],
)
def test_a_failure_is_recorded_with_the_kind_that_decides_on_another_attempt(
    error: Exception, kind: str
):
    source, syncs = FakeSource({"a": error}), FakeSyncs()
    run_tenant(REQUEST, source, syncs, StopSignal())
    assert syncs.streams["a"].kinds == [kind]


def test_a_stream_that_is_held_is_recorded_as_such_and_those_that_need_it_are_not():
    syncs = FakeSyncs(taken="a")
    run_tenant(REQUEST, FakeSource({}), syncs, StopSignal())
    assert syncs.kinds["a"] == "SyncHeld"
    assert {kind for stream, kind in syncs.kinds.items() if stream != "a"} == {None}
