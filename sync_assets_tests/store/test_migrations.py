"""Any database gets to the newest schema, whoever migrates it and how many at once."""

import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from sync_assets.settings import PROJECT
from sync_assets.store import migrate as migrating
from sync_assets.store.database import Database
from sync_assets.store.migrate import migrate, revision
from sync_assets_tests.store.new_server import HEAD, NewServer, ask, exists, upgrade

pytestmark = pytest.mark.postgres

MIGRATE = """
import sys
from sync_assets.store.database import Database
from sync_assets.store.migrate import migrate
print("ready", flush=True)
sys.stdin.read()
migrate(Database(sys.argv[1]))
"""


def newest() -> str:
    """The revision of the newest file; they are numbered."""
    files = Path(migrating.__file__).parent.glob("migrations/versions/[0-9]*.py")
    return max(file.name.partition("_")[0] for file in files)


def alembic(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", "alembic", *arguments],
        cwd=PROJECT,
        env={"DATABASE_URL": url, "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )


def at_once(urls: Sequence[str]) -> list[int]:
    """Migrate in several processes, all let loose at the same moment; gives their statuses."""
    with ExitStack() as stack:
        processes: list[subprocess.Popen[bytes]] = []
        for url in urls:
            command = [sys.executable, "-c", MIGRATE, url]
            pipe = subprocess.PIPE
            process = subprocess.Popen(command, stdin=pipe, stdout=pipe)  # noqa: S603
            processes.append(stack.enter_context(process))
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.close()
        return [process.wait() for process in processes]


def test_an_empty_database_gets_the_newest_schema(new_server: NewServer):
    database = Database(new_server.database())
    with database.as_owner() as connection:
        assert revision(connection) is None
    migrate(database)
    with database.as_owner() as connection:
        assert revision(connection) == newest()


def test_migrating_twice_changes_nothing(new_server: NewServer):
    url = new_server.database()
    upgrade(url)
    state = "SELECT (max(oid::bigint), count(*), sum(xmin::text::bigint))::text FROM pg_class"
    before = ask(url, state)
    upgrade(url)
    assert ask(url, state) == before


def test_two_processes_may_migrate_a_database_at_once(new_server: NewServer):
    url = new_server.database()
    assert at_once([url, url]) == [0, 0]
    assert ask(url, HEAD) == newest()


def test_so_may_two_databases_of_a_server_which_share_their_roles(new_server: NewServer):
    urls = [new_server.database(), new_server.database()]
    assert at_once(urls) == [0, 0]
    assert [ask(url, HEAD) for url in urls] == [newest(), newest()]


def test_alembic_itself_goes_to_the_newest_schema_and_back(new_server: NewServer):
    url = new_server.database()
    done = alembic(url, "upgrade", "head")
    assert done.returncode == 0, done.stderr
    assert ask(url, HEAD) == newest()
    upgrade(url)
    done = alembic(url, "downgrade", "base")
    assert done.returncode == 0, done.stderr
    assert not exists(url, "cms")
    upgrade(url)
    assert ask(url, "SELECT count(*) FROM cms.wordpress_posts") == 0


def test_alembic_without_a_database_says_what_to_set():
    done = alembic("", "upgrade", "head")
    assert done.returncode != 0
    assert "Set DATABASE_URL first" in done.stderr
