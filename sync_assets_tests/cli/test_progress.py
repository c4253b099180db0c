import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from rich.console import Console

from sync_assets.cli.progress import Drawn, Lines, bars_on
from sync_assets.core.counts import Counts
from sync_assets.core.report import Report, StreamRow
from sync_assets.core.run import StreamStatus

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


def row(stream: str, status: StreamStatus, counts: Counts) -> StreamRow:
    began = None if status is StreamStatus.PENDING else NOW - timedelta(seconds=2)
    return StreamRow(stream, status, 1, counts, None, began, None, held=True)


def report(rows: Sequence[StreamRow]) -> Report:
    return Report(uuid4(), "acme", "wordpress", "agency", NOW, rows, NOW)


def test_a_line_is_said_only_when_something_changed(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines()
    running = row("posts", StreamStatus.RUNNING, Counts(total=1000, seen=200, created=150))
    for _ in range(3):
        lines.show(report([running, row("pages", StreamStatus.PENDING, Counts())]))
    lines.show(report([row("posts", StreamStatus.DONE, Counts(seen=1000, created=950))]))
    assert capsys.readouterr().err.splitlines() == [
        "posts: running, 200 of 1,000 seen, 150 written",
        "posts: done, 1,000 seen, 950 written",
    ]


def test_a_bar_shows_how_far_and_how_fast() -> None:
    screen = io.StringIO()
    with bars_on(Console(file=screen, force_terminal=True, width=120)) as bars:
        drawn = Drawn(bars, ("posts", "pages"))
        running = row("posts", StreamStatus.RUNNING, Counts(total=1000, seen=200, created=150))
        drawn.show(report([running, row("pages", StreamStatus.PENDING, Counts())]))
        task = bars.tasks[0]
        assert (task.completed, task.total) == (200, 1000)
    assert "200 of 1,000 seen, 150 written, 100/s" in screen.getvalue()
    assert "waiting" in screen.getvalue()


def test_a_stream_that_failed_says_so() -> None:
    screen = io.StringIO()
    with bars_on(Console(file=screen, force_terminal=True, width=120)) as bars:
        Drawn(bars, ("posts",)).show(report([row("posts", StreamStatus.FAILED, Counts())]))
    assert "(failed)" in screen.getvalue()
