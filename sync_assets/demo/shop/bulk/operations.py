"""Bulk operations: submitted, run in the background, read from a URL until that expires."""

import logging
import threading
from collections.abc import Sequence
from pathlib import Path

from graphql import GraphQLSchema

from sync_assets.demo.shop.api.call import Call
from sync_assets.demo.shop.bulk.operation import Knobs, Operation, Payload, UserError
from sync_assets.demo.shop.bulk.query import BulkQuery, BulkQueryError, bulk_query
from sync_assets.demo.shop.bulk.run import Run
from sync_assets.demo.shop.data.numbering import gid

_LOG = logging.getLogger(__name__)
_FIRST = 4_000_000_000_000
_UNDER_WAY = {"CREATED", "RUNNING", "CANCELING"}


class BulkOperations:
    """All operations of a shop. Close it: their threads write files in `folder`."""

    def __init__(self, schema: GraphQLSchema, folder: Path) -> None:
        self.knobs = Knobs()
        self.all: list[Operation] = []
        self.base_url = ""
        self._schema, self._folder = schema, folder
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()

    def of(self, app: str) -> Sequence[Operation]:
        """All that an app started, the oldest first."""
        return [operation for operation in self.all if operation.app == app]

    def run(self, call: Call, query: str, *, grouped: bool) -> Payload:
        """Starts an operation, or says in `errors` why not."""
        try:
            checked = bulk_query(self._schema, query)
        except BulkQueryError as error:
            return Payload(None, [UserError(["query"], str(error), "INVALID")])
        with self._lock:
            busy = [x for x in self.of(call.app) if x.state in _UNDER_WAY]
            if len(busy) >= self.knobs.at_once:
                return Payload(None, [_in_progress(busy[-1], limit=self.knobs.at_once)])
            operation = self._create(call, query)
        reader = Call(call.shop, call.app, call.scopes, self)
        self._start(operation, checked, reader, grouped=grouped)
        return Payload(operation)

    def cancel(self, call: Call, identity: str) -> Payload:
        """Asks an operation to stop, which takes a moment."""
        found = next((x for x in self.of(call.app) if gid("BulkOperation", x.id) == identity), None)
        if found is None:
            return Payload(None, [UserError(["id"], "Bulk operation does not exist", "INVALID")])
        if found.state not in _UNDER_WAY:
            told = f"A bulk operation cannot be canceled when it is {found.state.lower()}"
            return Payload(found, [UserError(None, told, "INVALID")])
        found.state = "CANCELING"
        found.stop.set()
        return Payload(found)

    def file(self, number: int, key: str) -> Path | None:
        """The file behind a URL; None when there is none, or no longer."""
        found = next((x for x in self.all if x.id == number and x.key == key), None)
        return found.path if found and not found.expired and found.path.exists() else None

    def join(self, seconds: float = 30) -> None:
        """Waits until no operation is under way."""
        for thread in tuple(self._threads):
            thread.join(seconds)

    def close(self) -> None:
        """Ends all operations, finished or not."""
        for operation in self.all:
            operation.stop.set()
        self.join()

    def _create(self, call: Call, query: str) -> Operation:
        number = _FIRST + len(self.all) * 32
        fails_after, self.knobs.fails_after = self.knobs.fails_after, None
        operation = Operation(
            id=number,
            app=call.app,
            query=query,
            path=self._folder / f"{number}.jsonl",
            created_at=call.shop.now(),
            now=call.shop.now,
            base_url=self.base_url,
            fails_after=fails_after,
        )
        self.all.append(operation)
        return operation

    def _start(self, operation: Operation, query: BulkQuery, call: Call, *, grouped: bool) -> None:
        def work() -> None:
            try:
                Run(self._schema, self.knobs, operation, call).whole(query, grouped=grouped)
            except Exception:  # noqa: BLE001 - whatever it is, nobody else would tell of it
                operation.state, operation.error_code = "FAILED", "INTERNAL_SERVER_ERROR"
                _LOG.exception("A bulk operation broke")

        thread = threading.Thread(target=work, name=f"bulk-{operation.id}", daemon=True)
        self._threads = [x for x in self._threads if x.is_alive()] + [thread]
        thread.start()


def _in_progress(busy: Operation, limit: int) -> UserError:
    if limit > 1:
        told = "Bulk operations limit reached. Please try again later."
        return UserError(None, told, "LIMIT_REACHED")
    told = "A bulk query operation for this app and shop is already in progress"
    return UserError(None, f"{told}: {gid('BulkOperation', busy.id)}.", "OPERATION_IN_PROGRESS")
