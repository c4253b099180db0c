"""One look at the database for all who watch syncs, every half a second."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from anyio import CapacityLimiter, to_thread

from sync_assets.core.errors import RetryLater
from sync_assets.core.progress import progress_of
from sync_assets.core.report import Report

LOOK_EVERY = 0.5
"""Seconds between two looks."""

LINES = 500
"""Of each log in one look."""

BEHIND = 1_000
"""Events that a watcher may lag behind, before it is sent away to come again."""

SLOW = 50
"""Events that a watcher may lag behind, and still be told of progress: it would be old by then."""

_log = logging.getLogger(__name__)

Lines = Mapping[UUID, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: `progress`, `log` or `end`.

    Attributes:
        id: that of the last line of the log before or in it.
        data: as JSON has it.
    """

    kind: str
    id: int
    data: Mapping[str, Any]


@dataclass(slots=True, eq=False)
class Watcher:
    """Somebody who watches a sync.

    Attributes:
        events: what happened; None at the end.
        settled: the id up to which all lines of the log have been told.
        told: those beyond that have been told.
        last: the greatest id that has been told.
        progress: as it was told last.
    """

    sync_id: UUID
    settled: int
    events: asyncio.Queue[Event | None] = field(default_factory=asyncio.Queue[Event | None])
    told: set[int] = field(default_factory=set[int])
    last: int = 0
    progress: Mapping[str, Any] | None = None
    ended: bool = False

    def tell(self, report: Report | None, lines: Sequence[Mapping[str, Any]]) -> None:
        """Hand on what is new; the report was read before the lines."""
        is_slow = self.events.qsize() > SLOW
        for line in lines:
            self._tell_line(line)
        if len(lines) == LINES:  # there is more; nobody waits for late ones among so many
            self._settle(lines[-1]["id"])
        if report is None:  # purged
            self._end({"status": "unknown"})
            return
        progress = progress_of(report)
        if progress != self.progress and (report.ended or not is_slow):
            self.progress = progress
            self.events.put_nowait(Event("progress", self.last, progress))
        if report.ended and len(lines) < LINES:
            self._end({"syncId": str(self.sync_id), "status": report.status})
        elif self.events.qsize() > BEHIND:
            self.leave()

    def leave(self) -> None:
        """End without a word; who comes again goes on from the last event that it had."""
        self.ended = True
        self.events.put_nowait(None)

    def _tell_line(self, line: Mapping[str, Any]) -> None:
        number: int = line["id"]
        if number > self.settled and number not in self.told:
            self.told.add(number)
            self.last = max(self.last, number)
            shown = {name: value for name, value in line.items() if name != "settled"}
            self.events.put_nowait(Event("log", self.last, shown))
        if line["settled"]:
            self._settle(number)

    def _settle(self, number: int) -> None:
        self.settled = max(self.settled, number)
        self.told.difference_update([one for one in self.told if one <= number])

    def _end(self, data: Mapping[str, Any]) -> None:
        self.events.put_nowait(Event("end", self.last, data))
        self.leave()


class Hub:
    """Looks for all watchers together; costs nothing while there is none."""

    def __init__(
        self,
        reports: Callable[[Sequence[UUID]], Mapping[UUID, Report]],
        lines: Callable[[Mapping[UUID, int], int], Lines],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._reports = reports
        self._lines = lines
        self._sleep = sleep
        self._watchers: set[Watcher] = set()
        self._task: asyncio.Task[None] | None = None
        self._one = CapacityLimiter(1)  # slow calls must not keep it waiting

    def __len__(self) -> int:
        """How many watch."""
        return len(self._watchers)

    def watch(self, sync_id: UUID, after: int) -> Watcher:
        """Begin to watch a sync, its log from behind that line on."""
        watcher = Watcher(sync_id, after, last=after)
        self._watchers.add(watcher)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look_on())
        return watcher

    def forget(self, watcher: Watcher) -> None:
        """Nobody watches there any more."""
        self._watchers.discard(watcher)

    async def close(self) -> None:
        """Send all away."""
        for watcher in self._watchers:
            watcher.leave()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _look_on(self) -> None:
        while self._watchers:
            watchers = [watcher for watcher in self._watchers if not watcher.ended]
            if watchers:
                try:
                    reports, lines = await to_thread.run_sync(
                        self._look, watchers, limiter=self._one
                    )
                except RetryLater as error:  # PostgreSQL is away; nothing is lost but time
                    _log.warning("Nothing is seen of syncs: %s", error)
                except Exception:  # noqa: BLE001 - those who watch must not wait for ever
                    _log.exception("Nothing is seen of syncs")
                else:
                    for watcher in watchers:
                        watcher.tell(reports.get(watcher.sync_id), lines.get(watcher.sync_id, ()))
            await self._sleep(LOOK_EVERY)

    def _look(self, watchers: Sequence[Watcher]) -> tuple[Mapping[UUID, Report], Lines]:
        after: dict[UUID, int] = {}
        for watcher in watchers:
            known = after.get(watcher.sync_id, watcher.settled)
            after[watcher.sync_id] = min(known, watcher.settled)
        reports = self._reports(list(after))
        return reports, self._lines(after, LINES)
