"""Processes that ask as fast as the pace lets them: `python -m … asks URL …`, `… syncs TENANT`."""

import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import ExitStack, contextmanager

from sync_assets.bootstrap import Platform
from sync_assets.core.ports import RequestStats, SyncOptions
from sync_assets.core.rate import Rate
from sync_assets.core.stop import StopSignal
from sync_assets.sources.http import HttpSession

THREADS = 3


@contextmanager
def processes(*commands: list[str]) -> Generator[None]:
    """Starts a process for each command, lets all go at once, and has them end well."""
    with ExitStack() as stack:
        started = [stack.enter_context(_process(command)) for command in commands]
        for process in started:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in started:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        yield
        assert [process.wait(timeout=60) for process in started] == [0] * len(started)


@contextmanager
def _process(command: list[str]) -> Generator[subprocess.Popen[str]]:
    whole = [sys.executable, "-m", __name__, *command]
    with subprocess.Popen(  # noqa: S603 - this very module
        whole, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def asks(url: str, per_second: str, burst: str, times: str) -> None:
    """Ask for a page so many times in all, from several threads."""
    platform, stop = Platform(), StopSignal()
    pace = platform.paces.pacer("test:account", Rate(float(per_second), int(burst)))
    http = HttpSession("acme", stop, RequestStats(), allow_private=True, pace=pace)
    left = threading.Semaphore(int(times))

    def ask() -> None:
        while left.acquire(blocking=False):
            http.get(url)

    threads = [threading.Thread(target=ask) for _ in range(THREADS)]
    _wait_for_the_word()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    http.close()
    platform.close()


def syncs(tenant: str) -> None:
    """Sync a tenant, page by small page."""
    platform = Platform()
    wanted = platform.request(tenant, options=SyncOptions(batch_size=10))
    _wait_for_the_word()
    failed = [outcome for outcome in platform.run_tenant(wanted, StopSignal()) if outcome.error]
    platform.close()
    sys.exit(1 if failed else 0)


def _wait_for_the_word() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()


if __name__ == "__main__":
    {"asks": asks, "syncs": syncs}[sys.argv[1]](*sys.argv[2:])
