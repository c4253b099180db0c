"""The lists beside a sync, as the page shows them: earlier syncs, queues, the budget."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sync_assets.gateway.pages.formats import Formats
from sync_assets.gateway.pages.telling import part_title, said
from sync_assets.gateway.pages.words import Words
from sync_assets.store.history import Entry, QueueStats

NOTHING = "\N{EN DASH}"
"""Stands where there is no figure."""


@dataclass(frozen=True, slots=True)
class EntryView:
    """A sync of the history."""

    id: str
    at: datetime
    when: str
    parts: str
    status: str
    status_text: str
    took: str
    by: str
    error: str | None


def entry_view(entry: Entry, every: Sequence[str], words: Words, formats: Formats) -> EntryView:
    """A sync from its request; `every`: the parts that a whole sync has."""
    all_of_them = set(every) <= set(entry.streams)
    named = ", ".join(part_title(name, words) for name in entry.streams)
    began, ended = entry.begun_at, entry.ended_at
    return EntryView(
        str(entry.sync_id),
        entry.created_at,
        formats.moment(entry.created_at),
        words.history.all_parts if all_of_them else named,
        entry.status,
        words.statuses.get(entry.status, entry.status),
        formats.span((ended - began).total_seconds()) if began and ended else NOTHING,
        asker(entry.asked_by, words),
        said(entry.error, words),
    )


def asker(by: str, words: Words) -> str:
    """Who asked, from what stands in the record, such as `key abc` or `schedule:full`."""
    kind, _, rest = by.replace(":", " ", 1).partition(" ")
    if kind == "key":
        return f"{words.askers[kind]} {rest[:6]}…"
    return words.askers.get(kind, by)


@dataclass(frozen=True, slots=True)
class QueueView:
    """A queue that has had something to do."""

    name: str
    waiting: str
    running: str
    done: str
    failed: str
    oldest: str
    wait: str
    duration: str


def queues_view(rows: Iterable[QueueStats], words: Words, formats: Formats) -> list[QueueView]:
    """The queues that have or had something to do."""
    queues: dict[str, dict[str, QueueStats]] = {}
    for row in rows:
        if row.requests:
            queues.setdefault(row.queue, {})[row.state] = row
    return [_queue(name, states, words, formats) for name, states in queues.items()]


def _queue(
    name: str, states: Mapping[str, QueueStats], words: Words, formats: Formats
) -> QueueView:
    def span(state: str, figure: str) -> str:
        seconds = getattr(states.get(state), figure, None)
        return NOTHING if seconds is None else formats.span(seconds)

    def count(state: str, figure: str) -> str:
        return formats.number(getattr(states.get(state), figure, 0))

    return QueueView(
        words.queue.names.get(name, name),
        count("queued", "requests"),
        count("running", "requests"),
        count("completed", "ended_today"),
        count("failed", "ended_today"),
        span("queued", "oldest_wait"),
        span("completed", "p50_wait"),
        span("completed", "p50_duration"),
    )


@dataclass(frozen=True, slots=True)
class CapView:
    """An amount that may be spent; percent is None without a cap."""

    used: str
    left: str | None
    in_flight: str | None
    percent: int | None


@dataclass(frozen=True, slots=True)
class BudgetView:
    """How the budget stands."""

    state: str
    state_text: str
    hint: str
    month: str
    own: CapView
    organization: CapView | None


def budget_view(budget: Mapping[str, Any], words: Words, formats: Formats) -> BudgetView:
    """The budget from what the API says of it."""
    state, currency = str(budget["state"]), str(budget["currency"])
    shared = budget["organization"]
    return BudgetView(
        state.lower(),
        words.budget.states[state],
        words.budget.hints[state],
        formats.month(str(budget["month"])),
        _cap(budget, currency, words, formats),
        None if shared is None else _cap(shared, currency, words, formats),
    )


def _cap(cap: Mapping[str, Any], currency: str, words: Words, formats: Formats) -> CapView:
    def amount(name: str) -> str:
        return formats.amount(cap[name], currency)

    budget, monthly, left = words.budget, cap["monthly"], cap["left"]
    used = budget.spent if monthly is None else budget.used
    text = used.format(spent=amount("spent"), monthly=monthly and amount("monthly"))
    reserved = float(cap["inFlight"]) > 0
    return CapView(
        text,
        budget.no_cap if left is None else budget.left.format(left=amount("left")),
        budget.in_flight.format(amount=amount("inFlight")) if reserved else None,
        _percent(monthly, cap["spent"]),
    )


def _percent(monthly: str | None, spent: str) -> int | None:
    if monthly is None or float(monthly) == 0:
        return None
    return min(100, round(100 * float(spent) / float(monthly)))
