"""Syncs and embeds in processes of their own, which may be killed at any moment.

They are forked from a server that has imported everything, which spares each a second; each opens
its own connections, as a process started by hand would.
"""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext, ForkServerProcess
from multiprocessing.synchronize import Barrier
from typing import Any
from unittest.mock import patch
from uuid import UUID

from sync_assets.bootstrap import Platform
from sync_assets.core.budget import Standing
from sync_assets.core.errors import SyncHeld
from sync_assets.core.stop import StopSignal
from sync_assets.core.streams import EMBEDDINGS
from sync_assets.settings import Settings
from sync_assets.store.budgets import Budgets
from sync_assets_tests.embeddings.syncing import synced

KILLED = -signal.SIGKILL

_PATIENCE = 60.0
_standing_within = Budgets.standing_within


@dataclass(frozen=True, slots=True)
class Death:
    """Where a process kills itself: before or after a method's n-th call."""

    of: type
    method: str
    after: bool = False
    calls: int = 1


def sync_together(settings: Settings, tenants: Sequence[str]) -> None:
    """Sync each tenant in its own process, all at once; they must end well."""
    start = _server().Barrier(len(tenants))
    started = [_started(_sync, settings, tenant, start) for tenant in tenants]
    try:
        assert [_status(process) for process in started] == [0] * len(started)
    finally:
        for process in started:
            process.kill()  # does nothing to a process that has ended


def begin_to_embed(
    settings: Settings, tenant: str, sync_id: UUID, death: Death | None = None
) -> ForkServerProcess:
    """Start a process that embeds for a sync whose streams are done."""
    return _started(_embed, settings, tenant, sync_id, death)


def embed(settings: Settings, tenant: str, sync_id: UUID, death: Death | None = None) -> int:
    """Embed in another process; gives the status with which it ended."""
    return _status(begin_to_embed(settings, tenant, sync_id, death))


def _server() -> ForkServerContext:
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload([__name__, "pytest", "numpy"])
    return server


def _started(work: Callable[..., None], *arguments: object) -> ForkServerProcess:
    process = _server().Process(target=work, args=arguments)
    process.start()
    return process


def _status(process: ForkServerProcess) -> int:
    process.join(_PATIENCE)
    assert process.exitcode is not None
    return process.exitcode


def _sync(settings: Settings, tenant: str, start: Barrier) -> None:
    platform = Platform(settings)
    platform.database.keep().close()
    start.wait(_PATIENCE)
    with patch.object(Budgets, "standing_within", _hesitant):
        synced(platform, tenant)


def _hesitant(*arguments: Any) -> Standing:
    """How a budget stands, with time for others to come before that is acted upon."""
    standing = _standing_within(*arguments)
    time.sleep(0.02)
    return standing


def _embed(settings: Settings, tenant: str, sync_id: UUID, death: Death | None) -> None:
    if death is not None:
        setattr(death.of, death.method, _deadly(death))
    platform = Platform(settings)
    request = platform.request(tenant, [EMBEDDINGS], sync_id=sync_id)
    while True:
        try:
            platform.embed(request, StopSignal())
        except SyncHeld:  # PostgreSQL has not noticed yet that the one before is dead
            time.sleep(0.02)
        else:
            return


def _deadly(death: Death) -> Callable[..., object]:
    real, calls = getattr(death.of, death.method), 0

    def deadly(*arguments: object) -> object:
        nonlocal calls
        calls += 1
        if calls == death.calls and not death.after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = real(*arguments)
        if calls == death.calls:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return deadly
