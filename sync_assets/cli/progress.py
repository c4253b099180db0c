"""Shows how far a sync is: bars on a terminal, plain lines elsewhere."""

import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from sync_assets.cli.output import err, say
from sync_assets.core.report import Report, StreamRow
from sync_assets.core.run import StreamStatus

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

_LINE_EVERY = 10.0  # seconds between two plain lines of a stream at work


class Progress(Protocol):
    """Where progress is shown."""

    def show(self, report: Report) -> None:
        """Show how the streams stand."""
        ...

    def tell(self, text: str) -> None:
        """Say something that concerns the whole sync."""
        ...


@contextmanager
def progress_of(streams: Sequence[str]) -> Generator[Progress]:
    """Shows the progress of a sync of these streams on standard error."""
    console = err()
    if not console.is_terminal:
        yield Lines()
        return
    with bars_on(console) as bars:
        yield Drawn(bars, streams)


class Lines:
    """A line whenever a stream's status changes, and every ten seconds while it is at work."""

    def __init__(self) -> None:
        self._said: dict[str, tuple[str, float]] = {}

    def show(self, report: Report) -> None:
        """Say what is new."""
        now = time.monotonic()
        for row in report.streams:
            status = report.stream_status(row).value
            before, at = self._said.get(row.stream, ("pending", now))
            if status == before and (status != "running" or now - at < _LINE_EVERY):
                continue
            self._said[row.stream] = (status, now)
            say(f"{row.stream}: {status}, {_counted(row)}")

    def tell(self, text: str) -> None:
        """Say it."""
        say(text)


class Drawn:
    """A bar for each stream."""

    def __init__(self, bars: "Bars", streams: Sequence[str]) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {
            stream: bars.add_task(stream, total=None, start=False, figures="waiting")
            for stream in streams
        }

    def show(self, report: Report) -> None:
        """Move the bars."""
        for row in report.streams:
            if row.stream in self._tasks and row.status is not StreamStatus.PENDING:
                self._move(self._tasks[row.stream], row, report)

    def tell(self, text: str) -> None:
        """Say it above the bars."""
        self._bars.console.print(text, markup=False, soft_wrap=True)

    def _move(self, task: "TaskID", row: StreamRow, report: Report) -> None:
        self._bars.start_task(task)
        status = report.stream_status(row)
        done = status is StreamStatus.DONE
        self._bars.update(
            task,
            completed=_done(row),
            total=_done(row) if done else _total(row),
            figures=f"{_counted(row)}{_rate(row, report)}{'' if done else _mark(status)}",
        )
        if status is not StreamStatus.RUNNING:
            self._bars.stop_task(task)


def bars_on(console: "Console") -> "Bars":
    """Bars that are drawn while they are entered."""
    from rich.progress import BarColumn, SpinnerColumn, TextColumn
    from rich.progress import Progress as Bars

    return Bars(
        SpinnerColumn(finished_text="[green]✓[/]"),
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        TextColumn("{task.fields[figures]}", markup=False),
        console=console,
    )


def _counted(row: StreamRow) -> str:
    if row.embedding is not None:
        embedding = row.embedding
        return f"{embedding.chunks_embedded:,} of {embedding.chunks_pending:,} texts embedded"
    counts = row.counts
    of = "" if counts.total is None else f" of {counts.total:,}"
    return f"{counts.seen:,}{of} seen, {counts.written:,} written"


def _done(row: StreamRow) -> int:
    return row.embedding.chunks_embedded if row.embedding else row.counts.seen


def _total(row: StreamRow) -> int | None:
    return row.embedding.chunks_pending if row.embedding else row.counts.total


def _rate(row: StreamRow, report: Report) -> str:
    if row.started_at is None:
        return ""
    seconds = ((row.finished_at or report.now) - row.started_at).total_seconds()
    return f", {_done(row) / seconds:,.0f}/s" if seconds > 0 else ""


def _mark(status: StreamStatus) -> str:
    return "" if status is StreamStatus.RUNNING else f" ({status.value})"
