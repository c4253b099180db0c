"""Bulk operations: everything of one kind, read by the shop itself and fetched as one file."""

import logging
import tempfile
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO

from sync_assets.core.clock import Clock
from sync_assets.core.errors import RetryLater, TenantMustAct
from sync_assets.core.ports import ListingPage
from sync_assets.sources.answers import is_secret
from sync_assets.sources.shopify.bulk_file import Node, batches, count, roots
from sync_assets.sources.shopify.client import Client
from sync_assets.sources.shopify.identities import key_of
from sync_assets.sources.shopify.operations import (
    UNDER_WAY,
    Operation,
    Operations,
    created,
    gets_on,
    number,
)
from sync_assets.sources.shopify.reading import Reading, listed

_LOG = logging.getLogger(__name__)

_TRIES = 3  # operations in one sync, when they fail


@dataclass(frozen=True, slots=True)
class Pauses:
    """How long to wait for the shop, in seconds.

    Attributes:
        looks: between two looks at an operation, at first; they grow up to ten times as long.
        busy: while the app has as many operations under way as it may have.
    """

    looks: float = 1.0
    busy: float = 600.0


@dataclass(frozen=True, slots=True)
class Bulk:
    """Everything of one kind of record, by one operation at the shop.

    Attributes:
        joins: an operation with the same query that was begun since then, by an earlier attempt,
            is as good as a new one; what changed meanwhile shows in the next listing.
        since: told when an operation began that is older than this connection.
    """

    reading: Reading = field(repr=False)
    clock: Clock = field(repr=False)
    since: "Since" = field(repr=False)
    pauses: Pauses = field(default_factory=Pauses)
    joins: datetime | None = None

    def pages(self, size: int) -> Iterator[ListingPage]:
        """The records with their contents; empty pages while the shop is at work.

        Raises:
            RetryLater: the operation failed, or its file is not the whole result; or the app had
                no place for one.
        """
        entity = self.reading.entity
        with tempfile.TemporaryFile() as file:
            operation = yield from self._result(file)
            self.since.at(created(operation))
            file.seek(0)
            # Apart, because a question for six of them costs nearly what one for a hundred does.
            for nodes in batches(roots(file, entity), entity, size, apart=self._lacks):
                yield self._page(nodes)

    def _result(self, file: IO[bytes]) -> Generator[ListingPage, None, Operation]:
        """An operation whose whole result is in the file."""
        operations = Operations(self._client, self.reading.entity, self.clock, self.joins)
        operation = failed = operations.begun()
        for _ in range(_TRIES):
            operation = operation or (yield from self._submitted(operations))
            operation = yield from self._ended(operations, operation)
            if operation["status"] == "COMPLETED" and self._saved(operation, file):
                return operation
            if operation.get("errorCode") == "ACCESS_DENIED":
                raise TenantMustAct(str(self._client.refusals.of_errors("bulk", _DENIED)))
            operations.spent.add(operation["id"])
            failed, operation = operation, None
        raise self._given_up(failed)

    def _submitted(self, operations: Operations) -> Generator[ListingPage, None, Operation]:
        """An operation of ours, as soon as the app may have one more; empty pages meanwhile."""
        operation, gives_up = operations.submitted(), time.monotonic() + self.pauses.busy
        for pause in self._waits():
            if operation is not None:
                return operation
            if time.monotonic() > gives_up:
                raise self._busy()
            yield ListingPage(())  # whoever is at work there, it is not for us
            self._client.stop.wait(pause)
            operation = operations.begun() or operations.submitted()
        raise AssertionError  # the waits do not end

    def _ended(
        self, operations: Operations, operation: Operation
    ) -> Generator[ListingPage, None, Operation]:
        """The operation once it is no longer under way; empty pages meanwhile."""
        before = operation
        for pause in self._waits():
            if operation["status"] not in UNDER_WAY:
                return operation
            yield ListingPage((), at_work=gets_on(before, operation))
            self._client.stop.wait(pause)
            before, operation = operation, operations.looked_at(operation)
        raise AssertionError  # the waits do not end

    def _waits(self) -> Iterator[float]:
        wait = self.pauses.looks
        while True:
            yield wait
            wait = min(wait * 1.1, self.pauses.looks * 10)  # a tenth of what it has taken so far

    def _saved(self, operation: Operation, file: IO[bytes]) -> bool:
        """Is the whole result in the file? False where its address is dead, too.

        The file is read through before anything of it is kept: it must have the announced size and
        number of records. `url` alone counts: `partialDataUrl` leads to the beginning of a result
        that never came.
        """
        file.seek(0)
        file.truncate()
        url = operation.get("url")
        if url is not None:
            if self._client.secrecy and not is_secret(url):
                raise self._client.refusals.file_in_the_clear(self._kind)
            answer = self._client.http.download(url, file)
            if not answer.ok or file.tell() != number(operation, "fileSize"):
                return False
        file.seek(0)
        found = count(file, self.reading.entity, self._client.stop.check)
        return found == number(operation, "rootObjectCount")

    def _page(self, nodes: Sequence[Node]) -> ListingPage:
        """The records; those with refunds are read once more, with the lines of these.

        One that is not served then is listed without its contents: whoever lists asks whether it
        is gone, and nobody takes the half of it for the whole.
        """
        lacking = [key for node in nodes if self._lacks(node) and (key := key_of(node["id"]))]
        page = listed(nodes, contents=True)
        if not lacking:
            return page
        fetched = self.reading.fetch(lacking)
        for entry in fetched.rejected:
            _LOG.warning("order %s could not be read with its refunds: %s", entry.key, entry.cause)
        halves = set(lacking)
        wholes = [payload for payload in page.payloads if payload["id"] not in halves]
        return page._replace(payloads=[*wholes, *fetched.payloads])

    def _lacks(self, node: Node) -> bool:
        """Has it a list whose connections a bulk operation could not give?"""
        return any(node.get(part.within) for part in self.reading.entity.parts if part.within)

    def _busy(self) -> RetryLater:
        return RetryLater(
            f"{self._tenant}'s app has as many bulk operations under way as Shopify allows, and "
            f"none ended within {self.pauses.busy / 60:.0f} minutes, so {self._kind} were not "
            "read. They are tried again later; if that goes on, look what else uses the app.",
            after=self.pauses.busy,
        )

    def _given_up(self, last: Operation | None) -> RetryLater:
        if last is not None and last["status"] == "COMPLETED":
            return RetryLater(
                f"The files with {self._tenant}'s {self._kind} of {_TRIES} bulk operations are not "
                "their whole results, so nothing is concluded from them. The next sync begins "
                "another operation."
            )
        return RetryLater(
            f"{self._tenant}'s shop began {_TRIES} bulk operations for {self._kind} and finished "
            "none. Waiting helps, as a rule."
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


class Since:
    """The moment as of which everything is read: ours, or that of an older operation."""

    def __init__(self) -> None:
        self.oldest: datetime | None = None

    def at(self, moment: datetime) -> None:
        """Something was read as of then."""
        if self.oldest is None or moment < self.oldest:
            self.oldest = moment


_DENIED = [{"extensions": {"code": "ACCESS_DENIED"}}]
