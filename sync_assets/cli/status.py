"""`sync-assets status` and `log`: how syncs stand, also as they go on."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from sync_assets.cli.command import FAILED, INTERRUPTED, App, Json, argument, option
from sync_assets.cli.follow import watch
from sync_assets.cli.history import print_entries
from sync_assets.cli.job import LOOK_EVERY, report_of
from sync_assets.cli.opened import opened
from sync_assets.cli.output import print_json, print_json_line, say
from sync_assets.cli.request_options import SyncId
from sync_assets.cli.signals import Asked, asked
from sync_assets.cli.summary import print_log, print_report
from sync_assets.core.errors import RetryLater

if TYPE_CHECKING:
    from sync_assets.bootstrap import Platform

app = App()

_SHOWN = 100  # syncs of the table; 'history' has pages for more
_OPEN = ("queued", "running")

Follow = Annotated[bool, option("--follow", help="Go on showing it until it has ended.")]


@app.verb()
def status(
    sync_id: Annotated[
        UUID | None, argument(metavar="[SYNC_ID]", help="The sync's id.", show_default=False)
    ] = None,
    *,
    follow: Follow = False,
    json: Json = False,
) -> None:
    """Show how a sync stands, or all that wait and run.

    With --follow the exit status is 0 only if it completes.
    """
    if sync_id is None and follow:
        raise typer.BadParameter("--follow needs a SYNC_ID.")
    with opened() as platform:
        if sync_id is None:
            _print_open(platform, as_json=json)
        elif follow:
            _follow(platform, sync_id, as_json=json)
        else:
            _print(platform, sync_id, as_json=json)


@app.verb()
def log(sync_id: SyncId, *, follow: Follow = False, json: Json = False) -> None:
    """Show the log of a sync.

    With --follow and --json each line is an object of its own.
    """
    with opened() as platform:
        platform.syncs.report(sync_id)  # an unknown one is an error, not an empty log
        zone = platform.settings.timezone
        if not follow:
            lines = [line for page in _pages(platform, sync_id) for line in page]
            print_json(lines) if json else print_log(lines, zone)
            return
        with asked() as flag:
            for page in _followed(platform, sync_id, flag):
                _print_lines(page, None if json else zone)
        if flag.to_stop:
            raise typer.Exit(INTERRUPTED)


def _print_open(platform: "Platform", *, as_json: bool) -> None:
    page = platform.history.list(statuses=_OPEN, limit=_SHOWN)
    if as_json:
        print_json([entry.as_dict() for entry in page.entries])
        return
    if not page.entries:
        say("Nothing waits or runs.")
        return
    print_entries(page.entries, platform.settings.timezone)
    if page.cursor is not None:
        say("There are more: 'sync-assets queue' counts them, 'sync-assets history' lists them.")


def _print(platform: "Platform", sync_id: UUID, *, as_json: bool) -> None:
    report = platform.syncs.report(sync_id)
    print_json(report.as_dict()) if as_json else print_report(platform, report)


def _follow(platform: "Platform", sync_id: UUID, *, as_json: bool) -> None:
    with asked() as flag:
        report = watch(platform, sync_id, flag)
    print_json(report.as_dict()) if as_json else print_report(platform, report)
    if not report.ended:
        say("The sync goes on without this command.")
        raise typer.Exit(INTERRUPTED)
    if report.status != "completed":
        raise typer.Exit(FAILED)


def _followed(
    platform: "Platform", sync_id: UUID, flag: Asked
) -> Iterator[Sequence[Mapping[str, Any]]]:
    """The lines that there are and those that come, until the sync ends or a stop is asked for."""
    after = 0
    while True:
        report = report_of(platform, sync_id)  # before the lines: the last ones come before the end
        ended = flag.to_stop or (report is not None and report.ended)
        try:
            for page in _pages(platform, sync_id, after):
                yield page
                after = page[-1]["id"]
        except RetryLater:  # PostgreSQL is away; nothing is lost but time
            ended = flag.to_stop
        if ended:
            return
        time.sleep(LOOK_EVERY)


def _pages(
    platform: "Platform", sync_id: UUID, after: int = 0
) -> Iterator[Sequence[Mapping[str, Any]]]:
    """The lines behind that one, thousands at a time."""
    while page := platform.syncs.log(sync_id, after):
        yield page
        after = page[-1]["id"]


def _print_lines(lines: Sequence[Mapping[str, Any]], zone: str | None) -> None:
    """Print lines as text with times in a zone, or as JSON where none is given."""
    if zone is not None:
        print_log(lines, zone)
        return
    for line in lines:
        print_json_line(line)
