"""Programs of the machine: found, run to their end, or kept running as a private server."""

import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

START_SECONDS = 30
STOP_SECONDS = 15


class StackFailed(RuntimeError):
    """A part of the real WordPress is missing, did not start or refused; the message says why."""


def program(*patterns: str) -> str:
    """Path of the first installed program that matches one of the glob patterns.

    Servers live in /usr/sbin, which is not in every user's PATH.
    """
    for pattern in patterns:
        for folder in ("/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"):
            found = sorted(Path(folder).glob(pattern))
            if found:
                return str(found[-1])
    raise StackFailed(f"{patterns[0]} is not installed: run `make test-wordpress`.")


def run(command: Sequence[str], text: str = "") -> str:
    """Standard output of a command that must succeed; `text` is its standard input."""
    result = subprocess.run(  # noqa: S603 -- fixed programs, arguments from the tests
        command, input=text, capture_output=True, encoding="utf-8", check=False
    )
    if result.returncode:
        what = Path(command[0]).name
        raise StackFailed(f"{what} ended with {result.returncode}: {result.stderr[-3000:]}")
    return result.stdout


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def accepts(address: tuple[str, int] | Path) -> bool:
    """Whether something listens at the TCP address or Unix socket."""
    family = socket.AF_UNIX if isinstance(address, Path) else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex(str(address) if isinstance(address, Path) else address) == 0


def wait_until(ready: Callable[[], bool], what: str, seconds: float = START_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise StackFailed(f"{what} was not ready after {seconds} s.")
        time.sleep(0.05)


class Server:
    """A program kept in the foreground by this process, its output in a log file."""

    def __init__(self, name: str, command: Sequence[str], log: Path) -> None:
        self.name = name
        self.log = log
        self._command = command

    def start(self) -> None:
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 -- fixed programs
                self._command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )

    def wait_for(self, ready: Callable[[], bool]) -> None:
        """Returns when ready; raises StackFailed with the log's tail if it dies or is late."""
        try:
            wait_until(lambda: self._died() or ready(), self.name)
        except StackFailed as error:
            raise StackFailed(f"{error}\n{self.tail()}") from error
        if self._died():
            raise StackFailed(f"{self.name} did not start.\n{self.tail()}")

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def tail(self, characters: int = 2000) -> str:
        return self.log.read_text(errors="replace")[-characters:]

    def _died(self) -> bool:
        return self._process.poll() is not None
