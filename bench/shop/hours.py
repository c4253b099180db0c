"""A large shop's hours, good and bad ones: a process syncs, and then every field is compared."""

import argparse
import multiprocessing
import re
import resource
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from rich.console import Console

from bench.postgres import Server
from bench.report import MB
from sync_assets.bootstrap import Platform
from sync_assets.core.tenants import Credentials, Tenant
from sync_assets.demo.shop import ShopSite, Sizes
from sync_assets.demo.shop.budget import PLANS
from sync_assets.demo.shop.site import OAUTH
from sync_assets.settings import Settings
from sync_assets.store.secrets import new_key
from sync_assets_tests.demo.shop.conftest import Clock
from sync_assets_tests.sources.shopify.merchant import HOURS, Merchant
from sync_assets_tests.sources.shopify.truth import check
from sync_assets_tests.store.writing import sync

PLAN = "plus"
HEADINGS = (
    *("after", "rows and parts compared", "created", "updated", "deleted", "wall s", "CPU s"),
    *("peak MB", "points", "throttled", "bulk operations", "of them failed", "tokens"),
)


@dataclass(frozen=True, slots=True)
class Synced:
    """What one sync did, and cost its process: seconds and bytes."""

    created: int
    updated: int
    deleted: int
    wall: float
    cpu: float
    peak: int


def checked(
    options: argparse.Namespace, server: Server, folder: Path, console: Console
) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
    """A first load and an hour of each kind; raises AssertionError for a field that differs."""
    clock, rows = Clock(), list[Sequence[str]]()
    wanted = {"DATABASE_URL": server.fresh("bench_hours"), "secret_key": new_key(), "home": folder}
    given = {**wanted, "allow_private_urls": True, "embeddings": False}
    sizes = Sizes(products=options.products, orders=options.orders)
    with (
        ShopSite.start(sizes=sizes, clock=clock, rate=PLANS[PLAN]) as site,
        closing(Platform(Settings.model_validate(given))) as platform,
    ):
        account = Credentials(site.app.client_id, site.app.client_secret)
        platform.tenants.add(Tenant("loja", "shopify", "bench", site.url, account))
        merchant = Merchant(site, clock, Random(20_261_122), share=0.005)  # noqa: S311 - no secret
        for name, deed in [("a first load", Merchant.nothing), *((_name(x), x) for x in HOURS)]:
            merchant.an_hour_later(deed)
            before = _tally(site)
            synced = _in_a_process(given)
            compared = check(platform, site)
            rows.append(_row(name, compared, synced, before, _tally(site)))
            console.print(f"{name}: {compared:,} equal", style="dim")
    title = f"{options.products:,} products and {options.orders:,} orders, hour by hour"
    return title, HEADINGS, rows


def _name(deed: object) -> str:
    return getattr(deed, "__name__", "").replace("_", " ")


def _tally(site: ShopSite) -> tuple[int, int, int, int, int]:
    """Points, throttled questions, bulk operations, those that failed, tokens: so far."""
    failed = sum(operation.state == "FAILED" for operation in site.bulk.all)
    tokens = sum(request.path == OAUTH for request in site.received)
    ledger = site.ledger
    return ledger.spent, len(ledger.throttled), len(site.bulk.all), failed, tokens


def _row(
    name: str, compared: int, synced: Synced, before: Sequence[int], after: Sequence[int]
) -> list[str]:
    counts = (compared, synced.created, synced.updated, synced.deleted)
    spent = (now - then for now, then in zip(after, before, strict=True))
    return [
        name,
        *(f"{count:,}" for count in counts),
        f"{synced.wall:.1f}",
        f"{synced.cpu:.1f}",
        f"{synced.peak / MB:.0f}",
        *(f"{count:,}" for count in spent),
    ]


def _in_a_process(given: dict[str, Any]) -> Synced:
    """One sync of all streams, by a process of its own."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_sync, args=(given, theirs))
    process.start()
    theirs.close()
    try:
        return ours.recv()
    except EOFError as error:
        raise AssertionError("A sync failed: see above.") from error
    finally:
        process.join()


def _sync(given: dict[str, Any], told: Any) -> None:  # noqa: ANN401 - a connection
    with closing(Platform(Settings.model_validate(given))) as platform:
        began = time.perf_counter()
        counts = sync(platform, "loja")
        wall = time.perf_counter() - began
    usage = resource.getrusage(resource.RUSAGE_SELF)
    peak = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    cpu, most = usage.ru_utime + usage.ru_stime, int(peak[0]) * 1024
    deleted = counts.deleted or 0
    told.send(Synced(counts.created, counts.updated, deleted, wall, cpu, most))
