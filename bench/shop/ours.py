"""This program as a process without Dagster: the orders of one shop, by bulk or by pages."""

from sync_assets.start_up import loading

with loading():  # as the command does
    import argparse
    import sys
    from uuid import uuid4

    from bench import contender
    from sync_assets.core.ports import SyncRequest
    from sync_assets.core.run import open_later, run_stream
    from sync_assets.core.stop import StopSignal
    from sync_assets.core.tenants import Credentials, Tenant
    from sync_assets.sources import SOURCES
    from sync_assets.store.database import Database
    from sync_assets.store.holding import Holder
    from sync_assets.store.paces import Paces

    SHOPIFY = SOURCES["shopify"]  # loads it

TENANT = "bench"
WAYS = {"bulk": "1", "pages": str(2**31 - 1)}


def tenant(way: str, chosen: argparse.Namespace) -> Tenant:
    """The tenant whose shop it is."""
    account, settings = Credentials("token", chosen.token), {"bulk_from": WAYS[way]}
    return Tenant(TENANT, "shopify", "bench", chosen.site, account, settings)


def prepare(way: str, chosen: argparse.Namespace) -> None:
    """Migrates the database and adds the tenant: once per installation, so not measured."""
    from sync_assets.store.migrate import migrate
    from sync_assets.store.secrets import Vault, new_key
    from sync_assets.store.tenants import Tenants

    database = Database(chosen.database_url)
    migrate(database)
    Tenants(database, Vault(new_key())).add(tenant(way, chosen))


def load(way: str, chosen: argparse.Namespace) -> None:
    """Syncs the orders of the tenant whose shop is at `chosen.site`; its budget is kept, too."""
    request = SyncRequest(uuid4(), tenant(way, chosen), ("orders",))
    database = Database(chosen.database_url)
    source = SHOPIFY(allow_private=True, paces=Paces(database))
    syncs = Holder(database, source.spec)
    syncs.begin(request)
    stop = StopSignal()
    with open_later(source, request, stop) as connect:
        run_stream(request, "orders", syncs, connect, stop)


def main() -> None:
    """One run of the way that comes first among the arguments."""
    way = sys.argv.pop(1)
    chosen = contender.options("This program's sync of a shop's orders, bulk or pages.")
    if chosen.prepare:
        prepare(way, chosen)
        return
    load(way, chosen)
    contender.report(chosen)


if __name__ == "__main__":
    main()
