"""This program as a process without Dagster: one tenant's posts, into migrated tables."""

from sync_assets.start_up import loading

with loading():  # as the command does
    import argparse
    from uuid import uuid4

    from bench import contender
    from sync_assets.core.ports import SyncRequest
    from sync_assets.core.run import open_later, run_stream
    from sync_assets.core.stop import StopSignal
    from sync_assets.core.tenants import Credentials, Tenant
    from sync_assets.sources import SOURCES
    from sync_assets.store.database import Database
    from sync_assets.store.holding import Holder

    WORDPRESS = SOURCES["wordpress"]  # loads it

TENANT = "bench"


def prepare(chosen: argparse.Namespace) -> None:
    """Migrates the database and adds the tenant: once per installation, so not measured."""
    from sync_assets.store.migrate import migrate
    from sync_assets.store.secrets import Vault, new_key
    from sync_assets.store.tenants import Tenants

    database = Database(chosen.database_url)
    migrate(database)
    Tenants(database, Vault(new_key())).add(tenant(chosen))


def tenant(chosen: argparse.Namespace) -> Tenant:
    """The tenant whose site it is."""
    credentials = Credentials(contender.USER, contender.PASSWORD)
    return Tenant(TENANT, "wordpress", "bench", chosen.site, credentials)


def load(chosen: argparse.Namespace) -> None:
    """Syncs the posts stream of the tenant whose site is at `chosen.site`."""
    request = SyncRequest(uuid4(), tenant(chosen), ("posts",))
    source = WORDPRESS(allow_private=True)
    syncs = Holder(Database(chosen.database_url), source.spec)
    syncs.begin(request)
    stop = StopSignal()
    with open_later(source, request, stop) as connect:
        run_stream(request, "posts", syncs, connect, stop)


def main() -> None:
    """One run, or with `--prepare` what comes before the first."""
    chosen = contender.options("This program's sync of one stream.")
    if chosen.prepare:
        prepare(chosen)
        return
    load(chosen)
    contender.report(chosen)


if __name__ == "__main__":
    main()
