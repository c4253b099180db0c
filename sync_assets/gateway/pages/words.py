"""Every word of the pages, by name, so that a language that lacks one does not type-check."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

Said = Callable[[str], str]
"""Says a sentence of the program's in a language; one that it does not know stays as it is."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A word for one, and for any other number of things."""

    one: str
    other: str

    def __call__(self, count: int) -> str:
        """The word for so many."""
        return self.one if count == 1 else self.other


@dataclass(frozen=True, slots=True)
class Writing:
    """How a language writes times and numbers.

    Attributes:
        months: from January, shortened, with blanks between.
        thousands: stands between groups of three digits.
        decimal: stands before what is less than one.
    """

    months: str
    today: str
    thousands: str
    decimal: str


@dataclass(frozen=True, slots=True)
class SignInWords:
    """The door's."""

    title: str
    lead: str
    key: str
    key_hint: str
    submit: str
    refused: str
    stale: str
    out: str


@dataclass(frozen=True, slots=True)
class SyncWords:
    """Those of the sync that is watched.

    Attributes:
        of: `{done} of {total}`, numbers of records.
        parts_done: `{done} of {total}`, parts of the sync.
        attempt: `{attempt} of {attempts}`.
        waits_until: `{when}`.
    """

    title: str
    none: str
    none_hint: str
    records: Counted
    texts: Counted
    of: str
    nothing_new: str
    parts_done: str
    created: str
    updated: str
    skipped: str
    deleted: str
    errors: str
    attempt: str
    waits_until: str
    asked: str
    took: str
    since: str
    cancel: str
    cancelling: str
    close: str
    retry: str
    parts: str
    log: str
    log_empty: str
    log_follow: str
    lost: str
    gone: str
    levels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StartWords:
    """Those of asking for a sync."""

    title: str
    kind: str
    quick: str
    quick_hint: str
    full: str
    full_hint: str
    parts: str
    submit: str
    choose: str


@dataclass(frozen=True, slots=True)
class SearchWords:
    """Those of the search; `count` with `{count}`."""

    title: str
    label: str
    submit: str
    nothing: str
    count: Counted
    opens: str
    untitled: str
    types: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class HistoryWords:
    """Those of the list of syncs."""

    title: str
    filter: str
    any: str
    apply: str
    empty: str
    asked: str
    parts: str
    all_parts: str
    status: str
    took: str
    by: str
    show: str
    older: str
    newest: str
    pages: str


@dataclass(frozen=True, slots=True)
class QueueWords:
    """Those of the queues."""

    title: str
    lead: str
    empty: str
    queue: str
    waiting: str
    running: str
    done: str
    failed: str
    oldest: str
    wait: str
    duration: str
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BudgetWords:
    """Those of what may be spent; `used` with `{spent}` and `{monthly}`, `left` with `{left}`."""

    title: str
    used: str
    spent: str
    no_cap: str
    left: str
    in_flight: str
    organization: str
    states: Mapping[str, str]
    hints: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ProblemWords:
    """What is said when something cannot be shown or done, by the answer's status."""

    title: str
    back: str
    sign_in: str
    titles: Mapping[int, str]
    details: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Words:
    """A language.

    Attributes:
        code: as HTML and HTTP name it.
        name: as its speakers do.
        parts: the streams that are known, by name.
        part_statuses: how a stream stands.
        statuses: how a sync stands.
        times: `{zone}`, whose clock the times are by.
        askers: who may have asked for a sync, by what stands before the colon.
    """

    code: str
    name: str
    writing: Writing
    said: Said
    product: str
    skip: str
    language: str
    reload: str
    times: str
    sign_in: SignInWords
    sync: SyncWords
    start: StartWords
    search: SearchWords
    history: HistoryWords
    queue: QueueWords
    budget: BudgetWords
    problem: ProblemWords
    parts: Mapping[str, str]
    part_statuses: Mapping[str, str]
    statuses: Mapping[str, str]
    askers: Mapping[str, str]
