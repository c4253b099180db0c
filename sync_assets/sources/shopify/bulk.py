"""Bulk operations: everything of one kind, read by the shop itself and fetched as one file."""

import tempfile
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import IO, Any

import orjson

from sync_assets.core.clock import Clock
from sync_assets.core.errors import RetryLater, SourceChanged, TenantMustAct
from sync_assets.core.ports import ListingPage
from sync_assets.core.repair import Repairs
from sync_assets.sources.shopify.client import Client
from sync_assets.sources.shopify.identities import key_of
from sync_assets.sources.shopify.queries import OPERATIONS, POLL, RUN
from sync_assets.sources.shopify.reading import Reading, listed

_UNDER_WAY = {"CREATED", "RUNNING", "CANCELING"}
_BUSY = {"OPERATION_IN_PROGRESS", "LIMIT_REACHED"}
_FRESH = timedelta(hours=6)
"""So old may an operation be that an earlier attempt of a first load had begun."""

_TRIES = 3  # operations in one sync, when they fail
_LOOKED_AT = 25  # operations of the app, the newest first

Operation = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Bulk:
    """Everything of one kind of record, by one operation at the shop.

    Attributes:
        joins: an operation with the same query that was begun since then, by an earlier attempt,
            is as good as a new one; what changed meanwhile shows in the next listing.
        waits: seconds between two looks at an operation; they grow up to ten times as long.
        since: told when an operation began that is older than this connection.
    """

    reading: Reading = field(repr=False)
    clock: Clock = field(repr=False)
    since: "Since" = field(repr=False)
    waits: float = 1.0
    joins: datetime | None = None

    def pages(self, size: int) -> Iterator[ListingPage]:
        """The records with their contents; empty pages while the shop is at work.

        Raises:
            RetryLater: the operation failed, or its file is not the whole result.
        """
        with tempfile.TemporaryFile() as file:
            operation = yield from self._result(file)
            self.since.at(_created(operation))
            roots = 0
            for nodes in self._batches(file, size):
                roots += len(nodes)
                yield listed(nodes, contents=True)
        if roots != _number(operation, "rootObjectCount"):
            raise self._incomplete()

    def _result(self, file: IO[bytes]) -> Generator[ListingPage, None, Operation]:
        """An operation whose whole result is in the file."""
        operation = self._begun()
        for tried in range(1, _TRIES + 1):
            operation = yield from self._ended(operation or self._submitted())
            if operation["status"] == "COMPLETED" and self._saved(operation, file):
                return operation
            if operation.get("errorCode") == "ACCESS_DENIED":
                raise TenantMustAct(str(self._client.refusals.of_errors("bulk", _DENIED)))
            if tried < _TRIES:
                operation = None
        raise RetryLater(
            f"{self._tenant}'s shop began {_TRIES} bulk operations for {self._kind} and finished "
            "none. Waiting helps, as a rule."
        )

    def _begun(self) -> Operation | None:
        """An operation with our query that was begun since we are at it, and is of use.

        That may also be one whose beginning was heard, but whose answer was lost.
        """
        now = self._client.now or self.clock()
        oldest, good = now, _UNDER_WAY
        if self.joins is not None:
            oldest, good = max(self.joins, now - _FRESH), {*_UNDER_WAY, "COMPLETED"}
        found = self._client.ask(OPERATIONS, {"first": _LOOKED_AT})["bulkOperations"]["nodes"]
        ours = [x for x in found if " ".join(x["query"].split()) == self._query]
        found = [x for x in ours if x["status"] in good and _created(x) >= oldest]
        return max(found, key=_created, default=None)

    def _submitted(self) -> Operation | None:
        """A new operation; None while the app has as many as it may have."""
        told = self._client.ask(RUN, {"query": self._query})["bulkOperationRunQuery"]
        errors = told["userErrors"]
        if not errors:
            return told["bulkOperation"]
        if errors[0].get("code") in _BUSY:
            return None
        raise SourceChanged(
            f"{self._tenant}'s shop does not take the bulk query for {self._kind}. Shopify may "
            "have changed its API."
        )

    def _ended(self, operation: Operation | None) -> Generator[ListingPage, None, Operation]:
        """The operation once it is no longer under way; empty pages meanwhile."""
        wait, stop = self.waits, self._client.stop
        while operation is None or operation["status"] in _UNDER_WAY:
            yield ListingPage(())
            stop.wait(wait)
            wait = min(wait * 1.1, self.waits * 10)  # a tenth of what it has taken so far
            if operation is None:
                operation = self._begun() or self._submitted()
            else:
                operation = self._looked_at(operation)
        return operation

    def _looked_at(self, operation: Operation) -> Operation:
        found = self._client.ask(POLL, {"id": operation["id"]})["bulkOperation"]
        return found or {**operation, "status": "EXPIRED"}

    def _saved(self, operation: Operation, file: IO[bytes]) -> bool:
        """Is the whole result in the file? False where its address is dead.

        `url` alone counts: `partialDataUrl` leads to the beginning of a result that never came.
        """
        url = operation.get("url")
        if url is None:
            if _number(operation, "rootObjectCount"):
                raise self._incomplete()
            return True
        answer = self._client.http.download(url, file)
        if not answer.ok:
            return False
        if file.tell() != _number(operation, "fileSize"):
            raise self._incomplete()
        file.seek(0)
        return True

    def _batches(self, file: IO[bytes], size: int) -> Iterator[list[dict[str, Any]]]:
        """Whole records, so many at a time; those with refunds are read once more, with lines."""
        batch: list[dict[str, Any]] = []
        for node in self._roots(file):
            batch.append(node)
            if len(batch) >= size:
                yield self._completed(batch)
                batch = []
        if batch:
            yield self._completed(batch)

    def _roots(self, file: IO[bytes]) -> Iterator[dict[str, Any]]:
        """The records with their parts: grouped, these follow the record that they belong to."""
        parts = self.reading.entity.main.field
        root: dict[str, Any] | None = None
        for line in file:
            node: dict[str, Any] = orjson.loads(line)
            parent = node.pop("__parentId", None)
            if parent is None:
                if root is not None:
                    yield root
                root = {**node, parts: []}
            elif root is None or root["id"] != parent:
                raise self._incomplete()
            else:
                root[parts].append(node)
        if root is not None:
            yield root

    def _completed(self, batch: list[dict[str, Any]]) -> list[dict[str, Any]]:
        within = [part.within for part in self.reading.entity.parts if part.within]
        lacking = [
            key
            for node in batch
            if any(node.get(name) for name in within) and (key := key_of(node["id"]))
        ]
        found = {x["id"]: x["node"] for x in self.reading.fetch(lacking).payloads if lacking}
        kept = (found.get(key_of(node["id"]), node) for node in batch)
        return list(kept)

    def _incomplete(self) -> RetryLater:
        return RetryLater(
            f"The file with {self._tenant}'s {self._kind} is not the whole result of its bulk "
            "operation, so nothing is concluded from it. The next sync reads it anew."
        )

    @property
    def _client(self) -> Client:
        return self.reading.client

    @property
    def _tenant(self) -> str:
        return self._client.access.tenant.id

    @property
    def _kind(self) -> str:
        return self.reading.entity.root

    @property
    def _query(self) -> str:
        return " ".join(self.reading.entity.bulk.split())


class Since:
    """The moment as of which everything is read: ours, or that of an older operation."""

    def __init__(self) -> None:
        self.oldest: datetime | None = None

    def at(self, moment: datetime) -> None:
        """Something was read as of then."""
        if self.oldest is None or moment < self.oldest:
            self.oldest = moment


_DENIED = [{"extensions": {"code": "ACCESS_DENIED"}}]


def _created(operation: Operation) -> datetime:
    moment = Repairs().moment(operation.get("createdAt"), "createdAt")
    if moment is None:
        raise SourceChanged("A bulk operation does not say when it began.")
    return moment


def _number(operation: Operation, name: str) -> int:
    return int(operation.get(name) or 0)
