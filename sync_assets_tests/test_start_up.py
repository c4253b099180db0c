"""What a process loads before its work, and what becomes of the collector meanwhile."""

import gc
import subprocess
import sys
from collections.abc import Generator
from importlib import import_module
from threading import Event, Thread

import pytest

from sync_assets.settings import PROJECT
from sync_assets.start_up import loading

SYNC = "import bench.ours"  # stands for a sync without Dagster
COMMAND = "from sync_assets.cli import main; main()"
PLATFORM = "import sync_assets.bootstrap"
DAGSTER = "import sync_assets.definitions"
GATEWAY = "import sync_assets.gateway.__main__"

STATE = "print(gc.isenabled(), gc.get_freeze_count(), *sys.modules, file=sys.stderr)"
AT_EXIT = f"import atexit; atexit.register(lambda: {STATE}); "
AT_WORK = f"from sync_assets.cli.command import Command; Command.invoke = lambda *_: {STATE}; "


def told(code: str, *arguments: str) -> tuple[bool, int, set[str]]:
    """Whether the collector is on, how many objects it overlooks, and what was imported."""
    command = [sys.executable, "-c", f"import gc, sys; {code}", *arguments]
    run = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)  # noqa: S603 - our own code
    on, frozen, *modules = run.stderr.split()
    return on == "True", int(frozen), set(modules)


def test_a_command_is_at_work_with_the_collector_on_and_its_modules_frozen() -> None:
    on, frozen, modules = told(AT_WORK + COMMAND, "new-secret-key")
    assert on
    assert frozen > 10 * len(modules)


@pytest.mark.parametrize("code", [SYNC, DAGSTER, GATEWAY])
def test_a_process_works_with_the_collector_on_and_its_modules_frozen(code: str) -> None:
    on, frozen, modules = told(AT_EXIT + code)
    assert on
    assert frozen > 10 * len(modules)


def test_a_sync_loads_nothing_that_it_does_not_need() -> None:
    _, _, modules = told(AT_EXIT + SYNC)
    assert "sync_assets.sources.wordpress.client" in modules
    assert not modules & {
        "alembic", "cryptography", "dagster", "pandas", "pydantic", "requests", "rich",
        "sqlalchemy", "typer",
        "sync_assets.core.shops", "sync_assets.embeddings", "sync_assets.sources.shopify",
    }  # fmt: skip


def test_help_loads_neither_the_platform_nor_what_draws_and_asks() -> None:
    _, _, modules = told(AT_EXIT + COMMAND, "sync", "--help")
    assert "sync_assets.cli.sync" in modules
    assert not modules & {
        "alembic", "cryptography", "dagster", "http.client", "pandas", "psycopg", "pydantic",
        "rich", "sqlalchemy", "sync_assets.bootstrap", "sync_assets.sources",
    }  # fmt: skip


def test_the_platform_loads_no_source_and_nothing_that_cuts_texts() -> None:
    _, _, modules = told(AT_EXIT + PLATFORM)
    assert "sync_assets.sources" in modules
    assert not modules & {
        "alembic", "requests", "selectolax", "semantic_text_splitter", "sqlalchemy",
        "sync_assets.embeddings", "sync_assets.texts",
        "sync_assets.sources.shopify", "sync_assets.sources.wordpress",
    }  # fmt: skip


@pytest.fixture(params=[True, False], ids=["on", "off"])
def was_on(request: pytest.FixtureRequest) -> Generator[bool]:
    (gc.enable if request.param else gc.disable)()
    yield request.param
    gc.enable()


def test_the_collector_is_off_while_loading_and_as_it_was_behind_it(was_on: bool) -> None:
    with loading():
        assert not gc.isenabled()
    assert gc.isenabled() is was_on


def test_the_collector_is_as_it_was_behind_an_import_that_failed(was_on: bool) -> None:
    with pytest.raises(ImportError), loading():
        raise ImportError
    assert gc.isenabled() is was_on


def test_loading_what_is_loaded_freezes_nothing() -> None:
    before = gc.get_freeze_count()
    with loading():
        import_module("sync_assets.start_up")
    assert gc.get_freeze_count() == before


def test_a_second_thread_that_loads_meanwhile_does_not_leave_the_collector_off() -> None:
    inside, may_leave = Event(), Event()

    def load() -> None:
        with loading():
            inside.set()
            may_leave.wait(10)

    with loading():
        other = Thread(target=load)
        other.start()
        assert inside.wait(10)
    assert not gc.isenabled()  # the other one is not through yet
    may_leave.set()
    other.join(10)
    assert gc.isenabled()
