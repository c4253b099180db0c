"""The report of a sync as people read it, problems and what to do about them last."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sync_assets.cli.output import print_table, print_text
from sync_assets.cli.times import local
from sync_assets.core.report import Report
from sync_assets.core.requests import State
from sync_assets.core.run import StreamStatus
from sync_assets.core.streams import EMBEDDINGS, SourceSpec

if TYPE_CHECKING:
    from sync_assets.bootstrap import Platform

_ALWAYS = ("seen", "created", "updated", "unchanged", "deleted")
_WHERE_ANY = ("skipped", "failed", "refused", "kept", "hidden", "vanished", "repaired")
_SHOWN_LETTERS = 5
_STYLES = {"completed": "green", "failed": "red", "cancelled": "yellow"}


def print_report(platform: "Platform", report: Report) -> None:
    """Print a report, with the causes of what could not be kept."""
    entry = report.as_dict()
    print_heading(report, entry)
    why = waiting(report, platform.settings.timezone)
    if why is not None:
        print_text(why)
    jobs: list[Mapping[str, Any]] = entry["jobs"]
    streams = [job for job in jobs if job["type"] != EMBEDDINGS]
    names = columns([job["result"] for job in streams])
    rows = ([job["type"], job["status"], *map(job["result"].get, names)] for job in streams)
    if streams:
        print_table(["stream", "status", *names], rows)
    print_problems(f"  {line}" for line in embedded(report))
    print_problems(_failures(jobs, platform.spec(report.source)))
    print_problems(_refusals(report))
    failed = int(entry["failed"])
    if failed:
        letters = platform.syncs.dead_letters(report.sync_id, _SHOWN_LETTERS)
        print_problems(_letters(failed, letters))


def columns(counts: Sequence[Mapping[str, int | None]]) -> list[str]:
    """The counts worth a column: the usual ones, and the others where there are any."""
    return [*_ALWAYS, *(name for name in _WHERE_ANY if any(count[name] for count in counts))]


def embedded(report: Report) -> list[str]:
    """What became of the texts, and why of some nothing."""
    row = next((row for row in report.streams if row.embedding), None)
    if row is None or row.embedding is None or row.status is StreamStatus.PENDING:
        return []
    counts = row.embedding
    if counts.skip_reason is not None and not counts.chunks_embedded:
        left = f", {counts.chunks_pending:,} texts" if counts.chunks_pending else ""
        return [f"Embeddings skipped{left}: {counts.skip_reason}"]
    done = f"{counts.chunks_embedded:,} of {counts.chunks_pending:,} texts embedded"
    by = f" by {counts.model}" if counts.model else ""
    spent = f" for {counts.cost} {counts.currency}" if Decimal(counts.cost) else ""
    why = [f"Not all: {counts.skip_reason}"] if counts.skip_reason else []
    return [f"Embeddings {report.stream_status(row).value}: {done}{by}{spent}.", *why]


def waiting(report: Report, zone: str) -> str | None:
    """What a sync waits for, and after which failure; None for one that does not wait."""
    request = report.request
    if request is None or report.status != "queued":
        return None
    if request.attempt and request.error and request.state is State.QUEUED:
        return (
            f"Attempt {request.attempt} of {request.attempts} failed: {request.error} "
            f"The next one starts at {local(request.due_at, zone)} or soon after."
        )
    place = f"in the queue {request.queue} ({request.priority.name.lower()})"
    if request.due_at > report.now:
        return f"It waits {place}, until {local(request.due_at, zone)} at least."
    return f"It waits {place} for its turn."


def print_heading(report: Report, entry: Mapping[str, Any]) -> None:
    """Print which sync it is, how it ended and how long it took."""
    status = report.status
    word = "for" if status == "running" else "in"
    duration = None if status == "queued" else entry["durationMs"]
    took = "" if duration is None else f" {word} {duration / 1000:,.1f} s"
    what = f"Sync {report.sync_id} of {report.tenant_id}: "
    print_text(what, (status, _STYLES.get(status, "")), took)


def print_problems(lines: Iterable[str]) -> None:
    """Print lines that somebody should read."""
    for line in lines:
        print_text((line, "" if line.startswith(" ") else "bold"))


def print_log(lines: Sequence[Mapping[str, Any]], zone: str) -> None:
    """Print the lines of a sync's log."""
    for line in lines:
        print_text(f"{local(line['at'], zone)} {line['level']:<7} {line['message']}")


def _failures(jobs: Iterable[Mapping[str, Any]], spec: SourceSpec) -> list[str]:
    """The causes; that a stream was skipped for one of them is in the table already."""
    needs = {part: set(spec.needs(part)) for part in spec.parts}
    told: dict[str, str] = {}
    for job in jobs:
        dependent = job["status"] == "skipped" and needs.get(job["type"], set()) & set(told)
        if job["error"] and not dependent:
            told[job["type"]] = f"{job['type']}: {job['error']}"
    return list(told.values())


def _refusals(report: Report) -> list[str]:
    """What was not deleted, and how to let it through."""
    refused = {row.stream: row.counts.refused for row in report.streams if row.counts.refused}
    if not refused:
        return []
    counts = ", ".join(f"{count:,} of {stream}" for stream, count in refused.items())
    return [
        f"Deletions refused: {counts}. The rows stay as they are.",
        f"  Why: sync-assets report {report.sync_id} --log",
        f"  If they are really gone: sync-assets sync {report.tenant_id} --approve-deletions",
    ]


def _letters(count: int, letters: Sequence[tuple[str, str, str]]) -> list[str]:
    """What could not be kept, and what becomes of it."""
    more = count - len(letters)
    return [
        f"Dead letters: {count:,} records could not be kept.",
        *(f"  {stream} {record}: {cause}" for stream, record, cause in letters),
        *([f"  and {more:,} more"] if more > 0 else []),
        "  With payload and cause: sync-assets dead-letters. Each sync tries them again.",
    ]
