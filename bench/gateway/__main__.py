"""`python -m bench.gateway`: 100 clients for a minute, and 200 event streams beside them."""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.control.__main__ import own_server
from bench.control.installation import Failed, Installation, free_port, installed, until
from bench.control.processes import cpu
from bench.gateway import load
from bench.gateway.load import Load, Tenancy
from bench.report import machine
from sync_assets.cli import children
from sync_assets.core.keys import Scope
from sync_assets.enqueue import enqueue

ORGANIZATIONS, TENANTS = 10, 100
MOST_MS = 100.0
"""Milliseconds on the server in which 99 of 100 wishes for a sync are answered."""

_DUPLICATES = """
    SELECT count(*) FROM (SELECT FROM sync.requests WHERE state = 'queued'
      GROUP BY tenant_id, streams, period, not_before HAVING count(*) > 1) AS twice
"""
_ASKED = "POST /v1/tenants/{tenant_id}/syncs"


@dataclass(frozen=True, slots=True)
class Found:
    """What was measured: by route, milliseconds on the server; CPU seconds; MB."""

    load: Load
    server: Mapping[str, Sequence[float]]
    gateway_cpu: float
    postgres_cpu: float
    memory: float
    duplicates: int
    seconds: float


def main() -> int:
    """Exit status: 0 measured, whatever the verdicts; 1 something did not do its work."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)  # started by root, the server runs as an account that must pass through
        try:
            with own_server(folder) as server, installed(server, folder, "bench_gateway") as one:
                found = _measure(one, options)
                text = _markdown(found, options, machine(server.version))
        except Failed as failure:
            sys.stderr.write(f"{failure}\n")
            return 1
    sys.stdout.write(text)
    if options.write:
        options.write.parent.mkdir(parents=True, exist_ok=True)
        options.write.write_text(text, encoding="utf-8")
    return 0


def _measure(installation: Installation, options: argparse.Namespace) -> Found:
    installation.register(TENANTS, "http://127.0.0.1:9")  # nobody syncs them here
    clients = _clients(installation, options.clients)
    watched = _watched(installation, clients, options.streams)
    with _served(installation) as (port, child):
        before = cpu([child.process.pid]), cpu([installation.server.postmaster])
        began = time.monotonic()
        result = asyncio.run(load.run(port, clients, watched, options.seconds, options.pause))
        seconds = time.monotonic() - began
        after = cpu([child.process.pid]), cpu([installation.server.postmaster])
        memory = _memory(child.process.pid)
    return Found(
        result,
        _server_side(child.log),
        after[0] - before[0],
        after[1] - before[1],
        memory,
        installation.query(_DUPLICATES)[0][0],
        seconds,
    )


def _clients(installation: Installation, count: int) -> list[Tenancy]:
    """Each has a key of its own."""
    tenants: dict[str, list[str]] = {}
    for tenant in installation.platform.tenants.all():
        tenants.setdefault(tenant.organization, []).append(tenant.id)
    found: list[Tenancy] = []
    for number in range(count):
        organization = sorted(tenants)[number % ORGANIZATIONS]
        _, text = installation.platform.keys.add(organization, [Scope.SYNC], name=f"bench {number}")
        found.append(Tenancy(text, tenants[organization]))
    return found


def _watched(
    installation: Installation, clients: Sequence[Tenancy], count: int
) -> list[tuple[str, str]]:
    """Syncs that wait, each watched with a key of its organization."""
    found: list[tuple[str, str]] = []
    for number in range(count):
        client = clients[number % len(clients)]
        tenant = client.tenants[number // len(clients) % len(client.tenants)]
        [asked] = enqueue(installation.platform, [tenant], asked_by="bench")
        found.append((client.key, str(asked.sync_id)))
    return found


@contextmanager
def _served(installation: Installation) -> Iterator[tuple[int, children.Child]]:
    port = free_port()
    variables = {
        **installation.variables(),
        "SYNC_ASSETS_GATEWAY_PORT": str(port),
        "SYNC_ASSETS_GATEWAY_RATE": "60000",  # the load is not refused, but answered
    }
    log = installation.home / "logs" / "gateway.log"
    child = children.start("gateway", children.python("sync_assets.gateway"), log, variables)
    try:
        until(lambda: _answers(port, child), "the gateway answers")
        yield port, child
    finally:
        children.stop([child])


def _answers(port: int, child: children.Child) -> bool:
    if child.status is not None:
        raise Failed(f"The gateway ended: {child.last_lines()}")

    async def ask() -> int:
        async with load.connected(port, "none") as wire:
            return (await wire.call("GET", "/healthz"))[0]

    try:
        return asyncio.run(ask()) == 200
    except OSError:
        return False


def _server_side(log: Path) -> dict[str, list[float]]:
    """Milliseconds by route, from the gateway's own log."""
    found: dict[str, list[float]] = {}
    for line in log.read_text(encoding="utf-8").splitlines():
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:
            continue
        if "milliseconds" in entry and "/events" not in entry["event"]:
            route = entry["event"].rpartition(" ")[0]
            found.setdefault(route, []).append(entry["milliseconds"])
    return found


def _memory(pid: int) -> float:
    """Peak, in MB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6


def _markdown(found: Found, options: argparse.Namespace, machine: str) -> str:
    def row(what: str, milliseconds: Sequence[float]) -> str:
        if len(milliseconds) < 2:
            return f"| {what} | {len(milliseconds)} | | | |"
        parts = statistics.quantiles(milliseconds, n=100, method="inclusive")
        shown = " | ".join(f"{parts[percent - 1]:.1f}" for percent in (50, 95, 99))
        return f"| {what} | {len(milliseconds)} | {shown} |"

    result = found.load
    calls = sum(result.calls.values())
    asked = found.server.get(_ASKED, [])
    p99 = statistics.quantiles(asked, n=100, method="inclusive")[98]
    clients = {what: [1000 * one for one in each] for what, each in result.seconds.items()}
    verdicts = {
        f"p99 of asking on the server: {p99:.1f} ms (below {MOST_MS:g})": p99 < MOST_MS,
        f"errors: {result.errors} of {calls} calls": result.errors == 0,
        f"duplicates: {found.duplicates}; repetitions answered otherwise: "
        f"{result.differing} of {result.replays}": found.duplicates + result.differing == 0,
        f"event streams open to the end: {result.open} of {options.streams}, "
        f"{result.events} events": result.open == options.streams,
    }
    lines = [
        "# The gateway's figures\n",
        f"{machine}\n",
        f"{options.clients} clients for {options.seconds:g} s, {calls / found.seconds:.0f} calls a "
        f"second in all; gateway {1000 * found.gateway_cpu / calls:.1f} and PostgreSQL "
        f"{1000 * found.postgres_cpu / calls:.1f} CPU ms a call, the streams' share included; "
        f"peak memory {found.memory:.0f} MB.\n",
        "| milliseconds | calls | p50 | p95 | p99 |\n| --- | ---: | ---: | ---: | ---: |",
        *(row(f"server: {what}", each) for what, each in sorted(found.server.items())),
        *(row(f"client: {what}", each) for what, each in sorted(clients.items())),
        "",
        *(f"- {'met' if good else 'MISSED'}: {what}" for what, good in verdicts.items()),
    ]
    return "\n".join(lines) + "\n"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.gateway", description=__doc__)
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--streams", type=int, default=200, help="of events, open all the time")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--pause", type=float, default=1.0, help="s between two calls of a client")
    parser.add_argument("--write", type=Path, metavar="FILE", help="the figures as markdown")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
