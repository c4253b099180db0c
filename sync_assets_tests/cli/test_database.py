import json
import subprocess
import sys
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from sync_assets.bootstrap import Platform
from sync_assets.environment import environment
from sync_assets.settings import PROJECT, Settings
from sync_assets_tests.cli.conftest import Commands

pytestmark = pytest.mark.postgres


def test_the_database_url_is_the_one_in_use(
    run: Commands, settings: Settings, database_url: str
) -> None:
    assert run("database-url") == 0
    assert run.out.strip() == database_url == settings.given_database_url
    assert run.json("database-url") == {"databaseUrl": database_url}


def test_the_exports_survive_a_shell(
    run: Commands,
    platform: Platform,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    home = tmp_path / "it's a $HOME; with `marks`"
    monkeypatch.setenv("SYNC_ASSETS_HOME", str(home))
    assert run("env") == 0
    script = f'{run.out}\nprintf "%s\\n" "$DAGSTER_HOME" "$DATABASE_URL" "$SYNC_ASSETS_HOME"'
    said = subprocess.run(  # noqa: S603
        ["/bin/sh", "-c", script], capture_output=True, text=True, check=True
    )
    assert said.stdout.splitlines() == [str(PROJECT), platform.database_url, str(home)]


@pytest.mark.usefixtures("settings")
def test_dagsters_own_commands_work_in_such_a_shell(run: Commands, tmp_path: Path) -> None:
    assert run("env") == 0
    programs = Path(sys.executable).parent
    script = f"""{run.out}
        dg list defs --json > {tmp_path}/defs.json
        dagster job list -w workspace.yaml > {tmp_path}/jobs"""
    done = subprocess.run(  # noqa: S603 - our own script
        ["/bin/sh", "-e", "-c", script],
        cwd=PROJECT,
        env={"PATH": f"{programs}:/usr/bin:/bin", "HOME": str(tmp_path), "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assets = json.loads((tmp_path / "defs.json").read_text())["assets"]
    assert "wordpress/posts" in {asset["asset_key"] for asset in assets}
    assert "Job: wordpress_sync" in (tmp_path / "jobs").read_text()


def test_dagsters_tables_go_into_a_schema_of_their_own(platform: Platform) -> None:
    url = environment(platform)["SYNC_ASSETS_DAGSTER_URL"]
    assert make_url(url).drivername == "postgresql+psycopg2"
    engine = create_engine(url)
    with engine.begin() as connection:
        assert connection.execute(text("SELECT current_schema()")).scalar() == "dagster"
        assert connection.connection.dbapi_connection.__class__.__module__.startswith(
            psycopg2.__name__
        )
    engine.dispose()


def test_options_of_the_operators_url_are_kept(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"{platform.database_url}?options=-cstatement_timeout%3D90s")
    other = Platform(Settings())
    engine = create_engine(environment(other)["SYNC_ASSETS_DAGSTER_URL"])
    other.close()
    with engine.begin() as connection:
        assert connection.execute(text("SHOW statement_timeout")).scalar() == "90s"
        assert connection.execute(text("SHOW search_path")).scalar() == "dagster"
    engine.dispose()


@pytest.mark.usefixtures("settings")
def test_stopping_what_does_not_run_is_harmless(run: Commands) -> None:
    assert run.json("stop") == {"stopped": False}
