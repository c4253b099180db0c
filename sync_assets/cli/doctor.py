"""`sync-assets doctor`: is everything in order, and if not, what is to be done?"""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from sync_assets.cli.account import check as check_account
from sync_assets.cli.command import FAILED, App, Json, option, sentence
from sync_assets.cli.opened import opened
from sync_assets.cli.output import print_json, print_text
from sync_assets.core.errors import OperatorMustAct
from sync_assets.upkeep.findings import Finding

if TYPE_CHECKING:
    from sync_assets.bootstrap import Platform

app = App()

_AT_ONCE = 4  # sites that are asked at the same time

_OK = ("ok    ", "green")
_WARNING = ("warn  ", "yellow")
_FAILED = ("failed", "bold red")


@app.verb()
def doctor(
    *,
    tenants: Annotated[
        bool, option("--tenants/--no-tenants", help="Ask each tenant's site, too.")
    ] = True,
    json: Json = False,
) -> None:
    """Check the installation and each tenant's account.

    Exits with 1 where something does not work; a warning is for somebody to look at.
    """
    findings: list[Finding] = []
    with opened() as platform:
        for finding in examine(platform, tenants=tenants):
            findings.append(finding)
            if not json:
                _print(finding)
    if json:
        print_json([asdict(finding) for finding in findings])
    if any(finding.serious and not finding.ok for finding in findings):
        raise typer.Exit(FAILED)


def examine(platform: "Platform", *, tenants: bool = True) -> Iterator[Finding]:
    """All checks; those that need the database are left out when it cannot be used."""
    database = _tried("database", lambda: _server(platform))
    yield database
    if not database.ok:
        return
    schema = _tried("migrations", lambda: _schema(platform))
    yield schema
    if not schema.ok:
        return
    yield _tried("pgvector", lambda: _vector(platform))
    yield _tried("secret key", lambda: _key(platform))
    yield from _health(platform)
    if tenants:
        yield from _tenants(platform)


def _tried(name: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(name, ok=True, detail=look())
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what the doctor found
        return Finding(name, ok=False, detail=sentence(error))


def _server(platform: "Platform") -> str:

    from sync_assets.adapters import uses_embedded_server
    from sync_assets.store.database import Database

    database = Database(platform.database_url)
    with database.as_owner() as connection:
        version = connection.execute("SHOW server_version").scalar_one()
    kind = "embedded" if uses_embedded_server(platform.settings) else "DATABASE_URL"
    return f"PostgreSQL {version}, {kind}: {database.address.shown}"


def _schema(platform: "Platform") -> str:
    from sync_assets.store.migrate import revision

    with platform.database.as_owner() as connection:  # opening it migrates, or says why it cannot
        return f"at the newest revision, {revision(connection)}"


def _vector(platform: "Platform") -> str:

    with platform.database.as_owner() as connection:
        query = "SELECT extversion FROM pg_extension WHERE extname = 'vector'"
        version = connection.execute(query).scalar()
    if version is None:
        raise OperatorMustAct("It is not in this database. Run 'CREATE EXTENSION vector' there.")
    return f"version {version}"


def _key(platform: "Platform") -> str:
    platform.vault.seal("a test")
    given = platform.settings.secret_key is not None
    return "in SYNC_ASSETS_SECRET_KEY" if given else f"in {platform.settings.home / 'secret.key'}"


def _health(platform: "Platform") -> Iterator[Finding]:
    """What the asset checks of `sync_assets/health` say, looked at now and without Dagster."""
    from sync_assets.core.clock import utc_now
    from sync_assets.store.dagster_tables import heartbeats
    from sync_assets.upkeep.health import AREAS, examine

    areas = [area for area in AREAS if area != "database"]  # that was looked at first
    yield from examine(platform, lambda: heartbeats(platform.database), utc_now(), areas)


def _tenants(platform: "Platform") -> Iterator[Finding]:
    from concurrent.futures import ThreadPoolExecutor

    tenants = [tenant.id for tenant in platform.tenants.all(active=True)]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield from pool.map(partial(_account, platform), tenants)


def _account(platform: "Platform", tenant_id: str) -> Finding:
    def look() -> str:
        tenant = platform.tenants.get(tenant_id)
        check_account(platform, tenant)
        account = tenant.credentials
        return f"{tenant.url} accepts {account.username if account else 'anonymous readers'}"

    return _tried(f"tenant {tenant_id}", look)


def _print(finding: Finding) -> None:
    word = _OK if finding.ok else _FAILED if finding.serious else _WARNING
    print_text(word, f" {finding.check}: {finding.detail}")
