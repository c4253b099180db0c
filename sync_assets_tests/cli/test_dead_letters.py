"""`sync-assets dead-letters`."""

from uuid import UUID

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.requests import State
from sync_assets.core.tenants import Tenant
from sync_assets_tests.cli.conftest import Commands, sync_quietly
from sync_assets_tests.store.asking import ask, begin, know

pytestmark = pytest.mark.postgres


@pytest.fixture
def record(platform: Platform, acme: Tenant) -> int:
    """The letter of a term that PostgreSQL refuses."""
    with platform.database.as_owner() as connection:
        connection.execute("ALTER TABLE cms.wordpress_terms ADD CHECK (slug <> 'cidade')")
    sync_quietly(platform, acme.id)
    [letter] = platform.dead_letters.list()
    return letter.id


@pytest.fixture
def failed(platform: Platform) -> UUID:
    """A request that no attempt could do."""
    know(platform, "globex")
    sync_id = ask(platform, "globex")
    begin(platform, sync_id)
    platform.settling.give_up(sync_id, "It cannot be.")
    return sync_id


def test_they_are_listed_with_their_causes(run: Commands, record: int, failed: UUID) -> None:
    letters = run.json("dead-letters", "list")
    assert [(letter["tenant"], letter["collection"]) for letter in letters] == [
        ("globex", "request"),
        ("acme", "category"),
    ]
    assert (letters[0]["record"], letters[0]["cause"]) == (str(failed), "It cannot be.")
    assert letters[1]["id"] == record
    assert run("dead-letters", "list") == 0
    assert "PostgreSQL refused it" in run.out


@pytest.mark.usefixtures("record", "failed")
def test_without_a_verb_they_are_listed_too(run: Commands) -> None:
    assert run.json("dead-letters") == run.json("dead-letters", "list")
    [letter] = run.json("dead-letters", "--tenant", "acme")
    assert letter["tenant"] == "acme"


def test_one_is_shown_with_its_payload(run: Commands, record: int) -> None:
    shown = run.json("dead-letters", "show", str(record))
    assert shown["payload"]["slug"] == "cidade"
    assert run("dead-letters", "show", str(record)) == 0
    assert '"slug": "cidade"' in run.out


def test_a_records_replay_is_a_sync_of_its_stream(
    run: Commands, platform: Platform, record: int
) -> None:
    [answer] = run.json("dead-letters", "replay", str(record))
    request = platform.requests.get(UUID(answer["syncId"]))
    assert (request.tenant_id, request.streams) == ("acme", ("terms",))
    assert request.state is State.QUEUED


def test_a_requests_replay_is_its_retry(run: Commands, platform: Platform, failed: UUID) -> None:
    [letter] = platform.dead_letters.list()
    assert run("dead-letters", "replay", str(letter.id)) == 0
    assert run.err == f"Dead letter {letter.id}: sync {failed} tries it again.\n"
    assert platform.requests.get(failed).state is State.QUEUED


def test_a_request_that_waits_already_is_not_asked_for_twice(
    run: Commands, platform: Platform, failed: UUID
) -> None:
    [letter] = platform.dead_letters.list()
    for _ in range(2):
        assert run("dead-letters", "replay", str(letter.id)) == 0, run.err
    assert [entry.sync_id for entry in platform.history.list().entries] == [failed]


def test_a_resolved_one_is_not_replayed(run: Commands, platform: Platform, record: int) -> None:
    with platform.database.as_control() as connection:
        connection.execute("UPDATE sync.dead_letters SET resolved_at = now()")
    assert run.json("dead-letters", "list") == []
    assert run("dead-letters", "replay", str(record)) == 2
    assert "is resolved; there is nothing left to do" in run.err


@pytest.mark.usefixtures("platform")
@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("show", "7"), "There is no dead letter 7. 'sync-assets dead-letters list' shows them."),
        (("replay", "7"), "There is no dead letter 7."),
        (("replay",), "Missing argument"),
        (("show", "seven"), "not a valid int"),
        (("list", "--tenant", "nobody"), "There is no tenant 'nobody'"),
        (("bury",), "No such command 'bury'"),
    ],
)
def test_what_is_not_there_is_status_2(
    run: Commands, arguments: tuple[str, ...], complaint: str
) -> None:
    assert run("dead-letters", *arguments) == 2
    assert complaint in run.err
