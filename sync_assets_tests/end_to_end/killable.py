"""Syncs a tenant in a process of its own, which may be killed at any moment.

The processes are forked from a server that has imported everything, so that one costs some 20 ms
instead of a second; each opens its own connections, as a process started by hand would.
"""

import multiprocessing
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sync_assets.bootstrap import Platform
from sync_assets.core.counts import Counts
from sync_assets.core.ports import SyncOptions
from sync_assets.core.stop import StopSignal
from sync_assets.settings import Settings

_KILLED = -9


@dataclass(frozen=True, slots=True)
class Installation:
    """What a process needs to find the database."""

    url: str
    key: str
    home: Path

    def platform(self) -> Platform:
        names = {"DATABASE_URL": self.url, "secret_key": self.key, "home": self.home}
        # Each said: the server that forks has the environment of whoever needed it first.
        said = {"allow_private_urls": True, "embeddings": False}
        return Platform(Settings.model_validate({**names, **said}))


@dataclass(frozen=True, slots=True)
class Run:
    """How a process ended: after so many seconds, killed or by itself."""

    seconds: float
    killed: bool


def run(
    installation: Installation,
    tenant: str,
    sync_id: UUID,
    options: SyncOptions,
    kill_after: float | None = None,
) -> Run:
    """Sync a tenant in another process; kill it with SIGKILL unless it is quicker.

    Raises:
        AssertionError: it ended by itself, but without success.
    """
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload([__name__, "pytest"])
    process = server.Process(target=_sync, args=(installation, tenant, sync_id, options))
    process.start()
    began = time.monotonic()
    process.join(kill_after)
    process.kill()  # does nothing to a process that has ended
    process.join()
    killed = process.exitcode == _KILLED
    assert killed or process.exitcode == 0, f"the sync ended with status {process.exitcode}"
    return Run(time.monotonic() - began, killed)


def _sync(installation: Installation, tenant: str, sync_id: UUID, options: SyncOptions) -> None:
    platform = installation.platform()
    wanted = platform.request(tenant, (), options, sync_id)
    for outcome in platform.run_tenant(wanted, StopSignal()):
        if outcome.error is not None:
            raise outcome.error
        if not isinstance(outcome.counts, Counts) or not outcome.counts.adds_up():
            raise AssertionError(outcome)
