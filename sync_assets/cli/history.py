"""`sync-assets history` and `queue`: what was asked for, and how the queues stand."""

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from sync_assets.cli.command import App, Json, option
from sync_assets.cli.opened import opened, registered
from sync_assets.cli.output import print_json, print_table, say
from sync_assets.cli.times import local, span
from sync_assets.core.queues import QUEUES

if TYPE_CHECKING:
    from sync_assets.store.history import Entry, QueueStats

app = App()


class Status(StrEnum):
    """How a request may stand."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


@app.verb()
def history(
    *,
    tenant: Annotated[str | None, option(metavar="ID", help="Only this tenant's.")] = None,
    organization: Annotated[
        str | None, option(metavar="ORG", help="Only this organization's.")
    ] = None,
    status: Annotated[
        list[Status] | None, option(help="Only those that stand like this; repeatable.")
    ] = None,
    limit: Annotated[int, option(min=1, max=1000, help="At most so many.")] = 20,
    cursor: Annotated[str | None, option(help="Go on where the page before ended.")] = None,
    json: Json = False,
) -> None:
    """List what was asked for, newest first."""
    with opened() as platform:
        if tenant is not None:
            registered(platform, tenant)
        page = platform.history.list(
            tenant=tenant,
            organization=organization,
            statuses=status or (),
            limit=limit,
            cursor=cursor,
        )
        if json:
            entries = [entry.as_dict() for entry in page.entries]
            print_json({"requests": entries, "nextCursor": page.cursor})
            return
        print_entries(page.entries, platform.settings.timezone)
        if page.cursor is not None:
            say(f"There are more: repeat it with --cursor {page.cursor}")


@app.verb()
def queue(*, json: Json = False) -> None:
    """Show how the queues stand.

    What waits and runs, what ended within a day, half and 95 % of the waits and durations.
    """
    with opened() as platform:
        stats = platform.history.queue_stats(platform.settings.timezone)
    if json:
        print_json([row.as_dict() for row in stats])
        return
    names = ("queue", "runs", "state", "requests", "oldest wait", "wait p50", "p95")
    print_table([*names, "duration p50", "p95", "ended today"], map(_cells, stats))


def print_entries(entries: Sequence["Entry"], zone: str) -> None:
    """Print requests as a table."""
    names = ("sync", "tenant", "status", "queue", "attempt", "asked", "by", "since", "error")
    print_table(names, ([*_entry_cells(entry, zone)] for entry in entries))


def _entry_cells(entry: "Entry", zone: str) -> Sequence[object]:
    return (
        entry.sync_id,
        entry.tenant_id,
        entry.status,
        entry.queue,
        f"{entry.attempt} of {entry.attempts}",
        local(entry.created_at, zone),
        entry.asked_by,
        _since(entry, zone),
        entry.error,
    )


def _since(entry: "Entry", zone: str) -> str | None:
    """Since when it stands so: ended, begun, or due, which may be yet to come."""
    moment = entry.ended_at or (entry.due_at if entry.status == "queued" else entry.begun_at)
    return local(moment, zone) if moment else None


def _cells(row: "QueueStats") -> Sequence[object]:
    known = QUEUES.get(row.queue)
    return (
        row.queue,
        known.runs if known else None,
        row.state,
        row.requests,
        span(row.oldest_wait),
        span(row.p50_wait),
        span(row.p95_wait),
        span(row.p50_duration),
        span(row.p95_duration),
        row.ended_today,
    )
