"""What every source must do when something is wrong with the site, the wire or a record."""

import threading
import time
from collections.abc import Callable

import pytest

from sync_assets.core.errors import (
    RetryLater,
    SourceChanged,
    Stopped,
    SyncError,
    TenantMustAct,
    Unmappable,
)
from sync_assets.core.ports import Collection, Connection
from sync_assets.core.records import Record
from sync_assets.core.stop import StopSignal
from sync_assets_tests.contracts.conversation import Eavesdropper, connected, listed, story
from sync_assets_tests.contracts.lab import SourceLab, Spoilt, Trouble
from sync_assets_tests.contracts.reading_contract import sync
from sync_assets_tests.core.memory_store import MemoryStore

PASSING = [Trouble.BUSY, Trouble.BROKEN, Trouble.DOWN, Trouble.TRUNCATED, Trouble.HANG_UP]
LASTING = [Trouble.BROKEN, Trouble.DOWN, Trouble.TRUNCATED, Trouble.HANG_UP]
NONSENSE = [Trouble.MALFORMED, Trouble.PAGE]
SLOW = {Trouble.DRIP, Trouble.RESTING}


def list_all(lab: SourceLab, collection: Collection) -> object:
    del lab
    return listed(collection)


def fetch_some(lab: SourceLab, collection: Collection) -> object:
    return collection.fetch(sorted(lab.keys())[:3])


def prove_absence(lab: SourceLab, collection: Collection) -> object:
    return collection.absent(sorted(lab.keys())[:3])


Reading = Callable[[SourceLab, Collection], object]
READINGS = [list_all, fetch_some, prove_absence]


def each(kinds: list[Trouble]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("kind", kinds, ids=lambda kind: kind.name.lower())


class CredentialsContract:
    """Credentials that are no good are the tenant's business, and are noticed in time."""

    def test_a_refused_account_asks_the_tenant_to_act(self, lab: SourceLab):
        lab.revoke()
        with pytest.raises(TenantMustAct) as caught, connected(lab):
            pass
        assert lab.tenant.id in str(caught.value)
        assert "sync-assets tenant update" in str(caught.value)

    def test_a_revocation_is_noticed(self, lab: SourceLab):
        with connected(lab) as (connection, _):
            connection.verify()
            lab.revoke()
            with pytest.raises(TenantMustAct):
                connection.verify()

    @pytest.mark.parametrize("reading", READINGS)
    def test_nothing_is_concluded_after_a_revocation(self, lab: SourceLab, reading: Reading):
        def conclude(connection: Connection, collection: Collection) -> None:
            reading(lab, collection)
            connection.verify()

        with connected(lab) as (connection, collection):
            lab.revoke()
            with pytest.raises(TenantMustAct):
                conclude(connection, collection)

    @pytest.mark.parametrize("reading", [list_all, fetch_some])
    @each([Trouble.UNAUTHORIZED, Trouble.FORBIDDEN])
    def test_a_refusal_in_between_asks_the_tenant_to_act(
        self, lab: SourceLab, kind: Trouble, reading: Reading
    ):
        with connected(lab) as (_, collection):
            lab.trouble(kind)
            with pytest.raises(TenantMustAct, match=lab.tenant.id):
                reading(lab, collection)


class PatienceContract:
    """What passes is waited for; what lasts is left for later."""

    @pytest.mark.parametrize("reading", READINGS)
    @each(PASSING)
    def test_trouble_that_passes_is_not_noticed(
        self, lab: SourceLab, kind: Trouble, reading: Reading
    ):
        with connected(lab) as (_, collection):
            undisturbed = reading(lab, collection)
            lab.trouble(kind, times=2)
            assert reading(lab, collection) == undisturbed

    @pytest.mark.parametrize("reading", [list_all, fetch_some])
    @each(LASTING)
    def test_trouble_that_lasts_is_left_for_later(
        self, lab: SourceLab, kind: Trouble, reading: Reading
    ):
        with connected(lab) as (_, collection):
            lab.trouble(kind)
            with pytest.raises(RetryLater):
                reading(lab, collection)

    @pytest.mark.parametrize("reading", [list_all, fetch_some])
    @each(NONSENSE)
    def test_what_is_not_json_is_never_taken_for_an_answer(
        self, lab: SourceLab, kind: Trouble, reading: Reading
    ):
        with connected(lab) as (_, collection):
            lab.trouble(kind)
            with pytest.raises((RetryLater, SourceChanged)):
                reading(lab, collection)

    @each([kind for kind in Trouble if kind not in SLOW])
    def test_no_trouble_proves_an_absence(self, lab: SourceLab, kind: Trouble):
        with connected(lab) as (_, collection):
            lab.trouble(kind)
            assert proved(collection, sorted(lab.keys())[:3]) == set()

    def test_a_site_that_wants_hours_is_not_waited_for(self, lab: SourceLab):
        with connected(lab) as (_, collection):
            lab.trouble(Trouble.BUSY_FOR_HOURS)
            began = time.monotonic()
            with pytest.raises(RetryLater) as caught:
                listed(collection)
            assert time.monotonic() - began < lab.patience.stop
            assert caught.value.after is not None
            assert caught.value.after >= 3600

    def test_every_request_is_counted_repetitions_too(self, lab: SourceLab):
        with connected(lab) as (connection, collection):
            before = connection.stats.requests - lab.requests()
            lab.trouble(Trouble.BROKEN, times=2)
            listed(collection)
            fetch_some(lab, collection)
            assert connection.stats.requests - lab.requests() == before
            assert connection.stats.milliseconds > 0

    def test_a_site_that_is_down_cannot_be_connected_to(self, lab: SourceLab):
        lab.trouble(Trouble.DOWN)
        with pytest.raises(RetryLater), connected(lab):
            pass


class StopContract:
    """A stop is obeyed at once, whatever the source is waiting for."""

    @pytest.mark.parametrize("reading", READINGS)
    def test_a_stop_is_obeyed_while_an_answer_drips(self, lab: SourceLab, reading: Reading):
        self.stops(lab, reading, Trouble.DRIP)

    def test_a_stop_is_obeyed_while_waiting_for_another_try(self, lab: SourceLab):
        self.stops(lab, list_all, Trouble.RESTING)

    def test_a_stopped_source_asks_nothing_more(self, lab: SourceLab):
        stop = StopSignal()
        with connected(lab, stop) as (_, collection):
            stop.set()
            asked = lab.requests()
            with pytest.raises(Stopped):
                listed(collection)
            assert lab.requests() <= asked + 1

    def stops(self, lab: SourceLab, reading: Reading, kind: Trouble) -> None:
        stop = StopSignal()
        with connected(lab, stop) as (_, collection):
            lab.trouble(kind)
            timer = threading.Timer(0.05, stop.set)
            timer.start()
            began = time.monotonic()
            with pytest.raises(Stopped):
                reading(lab, collection)
            took = time.monotonic() - began
            timer.join()
        assert took < lab.patience.stop


class BadRecordContract:
    """One bad record is one record's trouble."""

    @pytest.mark.parametrize("kind", [Spoilt.NUL, Spoilt.IMPOSSIBLE_DATE])
    def test_what_can_be_mended_is_mended_and_counted(self, lab: SourceLab, kind: Spoilt):
        skip_unless_possible(lab, kind)
        key = min(lab.keys())
        lab.spoil(key, kind)
        with connected(lab) as (_, collection):
            record = collection.to_record(collection.fetch([key]).payloads[0])
        assert record.repaired > 0
        assert storable(record)

    def test_what_cannot_be_mended_is_refused_by_name(self, lab: SourceLab):
        key = min(lab.keys())
        lab.spoil(key, Spoilt.WRONG_TYPE)
        with connected(lab) as (_, collection):
            payload = collection.fetch([key]).payloads[0]
            with pytest.raises(Unmappable):
                collection.to_record(payload)

    @pytest.mark.parametrize("kind", list(Spoilt))
    def test_the_others_arrive_and_the_account_adds_up(self, lab: SourceLab, kind: Spoilt):
        skip_unless_possible(lab, kind)
        store = MemoryStore()
        bad = sorted(lab.keys())[1]
        lab.spoil(bad, kind)
        counts = sync(lab, store)
        assert set(store.live()) >= lab.keys() - {bad}
        assert counts.adds_up()
        lost = kind in (Spoilt.WRONG_TYPE, Spoilt.UNSERVABLE)
        assert ({key for key, _ in store.dead_letters} == {bad}) == lost
        assert (counts.failed, bad in store.rows) == (int(lost), not lost)


class SecrecyContract:
    """No secret ever leaves the source."""

    @each(list(Trouble))
    def test_no_trouble_tells_the_secret(self, lab: SourceLab, kind: Trouble):
        ear = Eavesdropper()
        told: list[str] = []
        stop = StopSignal()
        with ear.listening(), connected(lab, stop) as (connection, collection):
            told += [repr(connection), repr(collection), repr(lab.source), repr(lab.tenant)]
            lab.trouble(kind)
            timer = threading.Timer(0.1 if kind in SLOW else 60, stop.set)
            timer.start()
            for reading in READINGS:
                try:
                    told.append(repr(reading(lab, collection)))
                except SyncError as error:
                    told.append(story(error))
            timer.cancel()
        self.assert_silent(lab, [*told, *ear.heard])

    def test_a_refused_secret_is_not_repeated(self, lab: SourceLab):
        ear = Eavesdropper()
        lab.revoke()
        with ear.listening(), pytest.raises(TenantMustAct) as caught, connected(lab):
            pass
        self.assert_silent(lab, [story(caught.value), *ear.heard])

    def assert_silent(self, lab: SourceLab, told: list[str]) -> None:
        assert told
        assert not [secret for secret in lab.secrets if any(secret in text for text in told)]


def proved(collection: Collection, keys: list[int]) -> set[int]:
    """What the collection takes for absent; nothing when it cannot tell."""
    try:
        return collection.absent(keys)
    except SyncError:
        return set()


def skip_unless_possible(lab: SourceLab, kind: Spoilt) -> None:
    if kind not in lab.spoilable:
        pytest.skip(f"no record of this collection can be {kind.name.lower()}")


def storable(record: Record) -> bool:
    """Can PostgreSQL hold every value?"""
    return not any(isinstance(value, str) and "\x00" in value for value in record.values)
