"""What holds for all commands."""

import subprocess
import sys
import time

import pytest
from cryptography.fernet import Fernet

from sync_assets_tests.cli.conftest import Commands


def test_help_is_quick_and_loads_nothing_heavy() -> None:
    code = (
        "import sys, time; from sync_assets.cli.commands import app;"
        "app(['--help'], standalone_mode=False);"
        "print(time.process_time(), *sys.modules, file=sys.stderr)"
    )
    command = [sys.executable, "-c", code]
    seconds, *modules = subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, check=True
    ).stderr.split()
    assert not {"dagster", "pandas", "pyarrow", "sqlalchemy", "alembic"} & set(modules)
    assert float(seconds) < 1


@pytest.mark.parametrize(
    "path",
    [
        (), ("tenant",), ("tenant", "add"), ("tenant", "list"), ("tenant", "show"),
        ("tenant", "update"), ("tenant", "remove"), ("sync",), ("report",), ("export",),
        ("request",), ("cancel",), ("retry",), ("reschedule",), ("status",), ("log",),
        ("history",), ("queue",), ("dead-letters",), ("dead-letters", "list"),
        ("dead-letters", "show"), ("dead-letters", "replay"),
        ("database-url",), ("env",), ("doctor",), ("new-secret-key",), ("dev",), ("stop",),
    ],
)  # fmt: skip
def test_every_command_explains_itself(run: Commands, path: tuple[str, ...]) -> None:
    assert run(*path, "--help") == 0
    assert run.out.startswith(f"Usage: {' '.join(('sync-assets', *path))} [OPTIONS]")


@pytest.mark.parametrize(
    "arguments", [("nonsense",), ("sync",), ("sync", "a", "--batch-size", "0")]
)
def test_wrong_usage_is_status_2(run: Commands, arguments: tuple[str, ...]) -> None:
    assert run(*arguments) == 2
    assert run.out == ""
    assert "Error" in run.err


def test_a_new_key_is_one(run: Commands) -> None:
    assert run("new-secret-key") == 0
    assert Fernet(run.out.strip())


def test_bad_configuration_is_one_sentence_without_its_value(
    run: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNC_ASSETS_ALLOW_PRIVATE_URLS", "perhaps-a-secret")
    assert run("tenant", "list") == 2
    assert "SYNC_ASSETS_ALLOW_PRIVATE_URLS" in run.err
    assert "perhaps-a-secret" not in run.err
    assert len(run.err.splitlines()) == 1


def test_bad_configuration_names_its_variable_once(
    run: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNC_ASSETS_TIMEZONE", "Mars/Olympus")
    assert run("tenant", "list") == 2
    assert run.err.count("SYNC_ASSETS_TIMEZONE") == 1


@pytest.mark.parametrize("url", ["mysql://host/database", "nonsense"])
def test_a_database_that_is_none_of_ours_is_bad_configuration(
    run: Commands, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    assert run("tenant", "list") == 2
    assert run.err.startswith("Error: DATABASE_URL ")


def test_verbose_shows_where_it_failed(run: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:9/nothing")
    assert run("tenant", "list") == 1
    assert "Traceback" not in run.err
    assert "secret" not in run.err
    assert run("tenant", "list", "--verbose") == 1
    assert "Traceback" in run.err


def test_a_reader_that_leaves_early_is_no_error() -> None:
    command = [sys.executable, "-c", "from sync_assets.cli import main; main()", "new-secret-key"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:  # noqa: S603
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        time.sleep(0.1)
        assert b"Traceback" not in child.stderr.read()
