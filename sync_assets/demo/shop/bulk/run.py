"""The work of a bulk operation."""

from typing import Any, BinaryIO

import orjson
from graphql import ExecutionResult, GraphQLSchema

from sync_assets.demo.shop.api.call import Call, Window
from sync_assets.demo.shop.api.running import run_document
from sync_assets.demo.shop.bulk.lines import lines
from sync_assets.demo.shop.bulk.operation import Knobs, Operation
from sync_assets.demo.shop.bulk.query import BulkQuery, denied_or_broken

_PAGE = 100


class Run:
    """One operation's work: page by page, holding the shop only while a page is read."""

    def __init__(
        self, schema: GraphQLSchema, knobs: Knobs, operation: Operation, call: Call
    ) -> None:
        self._schema, self._knobs, self._operation, self._call = schema, knobs, operation, call

    def whole(self, query: BulkQuery, *, grouped: bool) -> None:
        """Writes the operation's file and leaves it in its final state."""
        self._begin()
        with self._operation.path.open("wb") as file:
            code = self._read(query, file, grouped=grouped)
        with self._call.shop.lock:
            if code is None:
                self._end()
            else:
                self._fail(code)

    def _begin(self) -> None:
        self._operation.stop.wait(self._knobs.waits)
        with self._call.shop.lock:  # held by the request that started it, which says CREATED
            if not self._operation.stop.is_set():
                self._operation.state = "RUNNING"

    def _read(self, query: BulkQuery, file: BinaryIO, *, grouped: bool) -> str | None:
        """Reads to the end, or until it is stopped; an error code when it fails."""
        cursor: str | None = None
        more = True
        while more and not self._operation.stop.is_set():
            result = self._page(query, cursor)
            if code := denied_or_broken(result.errors):
                return code
            self._write(file, list(lines(result.data or {}, query.root, grouped=grouped)))
            if self._operation.left == 0:
                return self._knobs.error_code
            page = self._call.root
            more = page is not None and page.has_next
            cursor = page.cursors[-1] if page and page.cursors else None
            self._operation.stop.wait(self._knobs.pace)
        return None

    def _write(self, file: BinaryIO, found: list[dict[str, Any]]) -> None:
        written = found[: self._operation.left]
        file.writelines(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in written)
        self._operation.objects += len(written)
        self._operation.roots += sum("__parentId" not in line for line in written)

    def _page(self, query: BulkQuery, cursor: str | None) -> ExecutionResult:
        self._call.window, self._call.root = Window(_PAGE, cursor), None
        return run_document(self._schema, query.document, self._call)

    def _fail(self, code: str) -> None:
        operation = self._operation
        operation.has_partial = self._knobs.leaves_partial_data and operation.objects > 0
        operation.expires_at = operation.now() + self._knobs.url_lasts
        operation.error_code = code
        operation.state = "FAILED"

    def _end(self) -> None:
        operation = self._operation
        if operation.stop.is_set():
            operation.state = "CANCELED"
            return
        operation.size = operation.path.stat().st_size
        operation.completed_at = operation.now()
        operation.expires_at = operation.completed_at + self._knobs.url_lasts
        operation.state = "COMPLETED"
