"""Does what is asked for, as Dagster's runs do, in a thread of this process."""

import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from uuid import uuid4

from sync_assets.bootstrap import Platform
from sync_assets.core.clock import utc_now
from sync_assets.core.errors import SyncError
from sync_assets.core.stop import StopSignal
from sync_assets.runs import Run
from sync_assets.store.claims import Launch
from sync_assets.store.watch import Watch


@contextmanager
def working(platform: Platform) -> Generator[None]:
    """Start what may start, one after the other, until the end."""
    over, stop = threading.Event(), StopSignal()

    def work() -> None:
        while not over.wait(0.1):
            for launch in platform.claims.take(1, utc_now()):
                run(platform, launch, stop)

    thread = threading.Thread(target=work, name="worker")
    thread.start()
    try:
        yield
    finally:
        over.set()
        stop.set()
        thread.join()


def run(platform: Platform, launch: Launch, stop: StopSignal | None = None) -> None:
    """One run, with all that is claimed for it."""
    run_id = str(uuid4())
    watch = Watch(platform.attempts, run_id)
    watch.start()
    try:
        at_work = Run(platform, run_id, watch, launch.claim)
        for request in launch.requests:
            wanted = at_work.request(request.tenant_id, launch.streams, request.options, request.id)
            with suppress(SyncError):  # recorded, and shown on the page
                at_work.tenant(wanted, stop or StopSignal())
    finally:
        watch.end()
