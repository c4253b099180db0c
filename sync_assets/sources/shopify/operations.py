"""The bulk operations that an app has at a shop: found, begun, looked at."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sync_assets.core.clock import Clock
from sync_assets.core.errors import RetryLater, SourceChanged
from sync_assets.core.repair import Repairs
from sync_assets.sources.shopify.client import Client, Json
from sync_assets.sources.shopify.entity import Entity
from sync_assets.sources.shopify.queries import OPERATIONS, POLL, RUN

UNDER_WAY = {"CREATED", "RUNNING", "CANCELING"}
_BUSY = {"OPERATION_IN_PROGRESS", "LIMIT_REACHED"}
_FRESH = timedelta(hours=6)
"""So old may an operation be that an earlier attempt of a first load had begun."""

_LOOKED_AT = 25  # operations of the app, the newest first

Operation = dict[str, Any]


@dataclass(slots=True)
class Operations:
    """Those that read everything of one kind of record.

    Attributes:
        clock: ours, for where the shop does not tell the time.
        joins: an operation that was begun since then, by an earlier attempt, is as good as a new
            one.
        spent: ids of those that were of no use: they are joined no more.
    """

    client: Client = field(repr=False)
    entity: Entity
    clock: Clock = field(repr=False)
    joins: datetime | None = None
    spent: set[str] = field(default_factory=set[str])
    _older: set[str] | None = None

    def begun(self) -> Operation | None:
        """An operation with our query that was begun since we are at it, and is of use.

        That may also be one whose beginning was heard, but whose answer was lost: it was not there
        when we first looked.
        """
        now = self.client.now or self.clock()
        oldest = now if self.joins is None else max(self.joins, now - _FRESH)
        found = self.client.ask(OPERATIONS, {"first": _LOOKED_AT})["bulkOperations"]["nodes"]
        ours = [x for x in found if " ".join(x["query"].split()) == self._query]
        ours = [x for x in ours if x["id"] not in self.spent and created(x) >= oldest]
        useful = [x for x in ours if x["status"] in UNDER_WAY or self._is_as_good_as_new(x)]
        if self._older is None:
            self._older = {x["id"] for x in ours}
        return max(useful, key=created, default=None)

    def _is_as_good_as_new(self, operation: Operation) -> bool:
        """Is its result one that we may read? What ended before we were at it may be too old."""
        appeared = self._older is not None and operation["id"] not in self._older
        return operation["status"] == "COMPLETED" and (self.joins is not None or appeared)

    def submitted(self) -> Operation | None:
        """A new operation; None while the app has as many as it may have.

        It is asked for once at a time: where the answer was lost, it may have begun all the same.
        """
        for tried in count(1):
            try:
                return self._accepted(self.client.ask(RUN, {"query": self._query}, tries=1))
            except RetryLater as error:
                delay = self.client.backoff.delay(tried, error.after)
                if delay is None:
                    raise
                self.client.stop.wait(delay)
            if (found := self.begun()) is not None:
                return found
        raise AssertionError  # count() does not end

    def _accepted(self, answer: Json) -> Operation | None:
        told = answer["bulkOperationRunQuery"]
        errors = told["userErrors"]
        if not errors:
            return told["bulkOperation"]
        if errors[0].get("code") in _BUSY:
            return None
        raise SourceChanged(
            f"{self.client.access.tenant.id}'s shop does not take the bulk query for "
            f"{self.entity.root}. Shopify may have changed its API."
        )

    def looked_at(self, operation: Operation) -> Operation:
        """The same as it is now."""
        found = self.client.ask(POLL, {"id": operation["id"]})["bulkOperation"]
        return found or {**operation, "status": "EXPIRED"}

    @property
    def _query(self) -> str:
        return " ".join(self.entity.bulk.split())


def created(operation: Operation) -> datetime:
    """When it began; raises `SourceChanged` where it does not say."""
    moment = Repairs().moment(operation.get("createdAt"), "createdAt")
    if moment is None:
        raise SourceChanged("A bulk operation does not say when it began.")
    return moment


def number(operation: Operation, name: str) -> int:
    """One of its numbers, which the shop gives as texts; 0 where it gives none."""
    return int(operation.get(name) or 0)


def gets_on(before: Operation, now: Operation) -> bool:
    """Is the shop at work on it: has it come further since it was last looked at?"""
    if now["status"] != "RUNNING":
        return False
    grew = number(now, "objectCount") > number(before, "objectCount")
    return grew or before["status"] != "RUNNING"
