"""A sync as the page shows it, made from its progress as the API tells it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sync_assets.core.streams import EMBEDDINGS
from sync_assets.gateway.pages.formats import Formats
from sync_assets.gateway.pages.telling import part_title, said
from sync_assets.gateway.pages.words import Words


@dataclass(frozen=True, slots=True)
class Part:
    """A stream of the sync.

    Attributes:
        icon: a symbol of the sheet of icons.
        value: how far it is, of `most`; both None while nobody knows.
        amount: the same in words.
        counts: a name, a number and what it means, for those that are not nought.
    """

    name: str
    title: str
    icon: str
    status: str
    status_text: str
    value: int | None
    most: int | None
    amount: str
    counts: tuple[tuple[str, str, str], ...]
    error: str | None


@dataclass(frozen=True, slots=True)
class SyncView:
    """A sync.

    Attributes:
        line: what to know beside its status.
        said: what a screen reader says when the sync's state changes.
    """

    id: str
    status: str
    status_text: str
    ended: bool
    failed: bool
    line: tuple[str, ...]
    said: str
    error: str | None
    parts: tuple[Part, ...]
    done: int


_ICONS = {"terms", "media", "pages", "posts", "embeddings"}
_COUNTS = ("created", "updated", "skipped", "deleted", "errors")


def sync_view(progress: Mapping[str, Any], words: Words, formats: Formats) -> SyncView:
    """A sync from what `core.progress` says of it."""
    status = str(progress["status"])
    streams: Mapping[str, Mapping[str, Any]] = progress["streams"]
    parts = tuple(_part(name, row, words, formats) for name, row in streams.items())
    current = next((part.title for part in parts if part.status == "running"), None)
    text = words.statuses.get(status, status)
    return SyncView(
        id=str(progress["syncId"]),
        status=status,
        status_text=text,
        ended=bool(progress["ended"]),
        failed=status in {"failed", "cancelled"},
        line=tuple(_line(progress, parts, words, formats)),
        said=f"{text}: {current}." if current else f"{text}.",
        error=None if _is_told(progress) else said(progress["error"], words),
        parts=parts,
        done=_done(parts),
    )


def when(text: str | None) -> datetime | None:
    """A moment from JSON."""
    return datetime.fromisoformat(text) if text else None


def _is_told(progress: Mapping[str, Any]) -> bool:
    """Does one of the parts say already why the sync failed?"""
    told = [row["error"] for row in progress["streams"].values() if row["status"] == "failed"]
    return any(error and error in (progress["error"] or "") for error in told)


def _done(parts: tuple[Part, ...]) -> int:
    return sum(part.status == "done" for part in parts)


def _line(
    progress: Mapping[str, Any], parts: tuple[Part, ...], words: Words, formats: Formats
) -> list[str]:
    sync, due = words.sync, when(progress["dueAt"])
    done = sync.parts_done.format(done=_done(parts), total=len(parts))
    line = [f"{sync.asked} {formats.moment(datetime.fromisoformat(progress['createdAt']))}"]
    line += [done] if parts else []
    began, ended = when(progress["startedAt"]), when(progress["finishedAt"])
    if began is not None and ended is not None:
        line.append(f"{sync.took} {formats.span((ended - began).total_seconds())}")
    elif began is not None:  # a moment: a span would be told only with other news
        line.append(f"{sync.since} {formats.clock(began)}")
    if progress["status"] == "queued" and due is not None and due > formats.now:
        line.append(sync.waits_until.format(when=formats.moment(due)))
    if (progress["attempt"] or 0) > 1:
        numbers = {"attempt": progress["attempt"], "attempts": progress["attempts"]}
        line.append(sync.attempt.format(**numbers))
    return line


def _part(name: str, row: Mapping[str, Any], words: Words, formats: Formats) -> Part:
    status = str(row["status"])
    value, most = _bar(status, row["processed"], row["total"])
    counts = [(count, formats.number(row[count])) for count in _COUNTS if row[count]]
    return Part(
        name=name,
        title=part_title(name, words),
        icon=name if name in _ICONS else "part",
        status=status,
        status_text=words.part_statuses.get(status, status),
        value=value,
        most=most,
        amount=_amount(name, row, words, formats),
        counts=tuple((count, text, getattr(words.sync, count)) for count, text in counts),
        error=said(row["error"], words),
    )


def _bar(status: str, processed: int, total: int | None) -> tuple[int | None, int | None]:
    """How full the bar is; unknown only while the part is at work."""
    if status == "done":
        return 1, 1
    if total:
        return min(processed, total), total
    return (None, None) if status == "running" else (0, 1)


def _amount(name: str, row: Mapping[str, Any], words: Words, formats: Formats) -> str:
    sync, status, processed, total = words.sync, row["status"], row["processed"], row["total"]
    if status == "done" and not processed:
        return "" if row["deleted"] else sync.nothing_new
    if status != "done" and total:
        done, most = formats.number(processed), formats.number(max(total, processed))
        return f"{sync.of.format(done=done, total=most)} ({min(100, 100 * processed // total)}%)"
    counted = sync.texts if name == EMBEDDINGS else sync.records
    return f"{formats.number(processed)} {counted(processed)}" if processed else ""
