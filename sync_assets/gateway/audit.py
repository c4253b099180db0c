"""Records who asked for what: what changes something before it is answered, reads soon after."""

import logging
from collections.abc import Callable, Sequence
from queue import Empty, Full, Queue
from threading import Event, Thread
from uuid import UUID

from anyio import CapacityLimiter, to_thread
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sync_assets.core.clock import utc_now
from sync_assets.core.errors import SyncError
from sync_assets.core.tenants import is_tenant_id
from sync_assets.gateway.limits import Buckets
from sync_assets.gateway.routes import route_of
from sync_assets.store.audit import Call

WAITING = 10_000
"""Reads that may wait to be recorded; beyond, each is recorded at once."""

BATCH, EVERY = 500, 1.0
"""Reads recorded in one transaction, and seconds between two."""

STRANGERS, STRANGERS_OF_ONE = 120, 30
"""Refused calls without a good key that are recorded in a minute, of all and of one address: the
log has a line of each, but nobody shall fill the database who has no key."""

_READS = {"GET", "HEAD", "OPTIONS"}
_REFUSED = {401, 403, 404, 429}

_log = logging.getLogger(__name__)


class Recorder:
    """Records calls, those that read in the background."""

    def __init__(self, add: Callable[[Sequence[Call]], None]) -> None:
        self._add = add
        self._waiting: Queue[Call] = Queue(WAITING)
        self._ending = Event()
        self._few = CapacityLimiter(4)  # slow calls must not keep others from being recorded
        self._thread = Thread(target=self._work, name="audit", daemon=True)

    def start(self) -> None:
        """Begin to record in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Record what waits, and end."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()
        while self._flush():
            pass

    async def record(self, call: Call) -> None:
        """Record a call; one that changes something is recorded when this returns."""
        if call.method in _READS or call.key_id is None:
            try:
                self._waiting.put_nowait(call)
            except Full:
                pass
            else:
                return
        await to_thread.run_sync(self._write, [call], limiter=self._few)

    def _work(self) -> None:
        while not self._ending.wait(EVERY):
            while self._flush() == BATCH:
                pass

    def _flush(self) -> int:
        calls: list[Call] = []
        try:
            while len(calls) < BATCH:
                calls.append(self._waiting.get_nowait())
        except Empty:
            pass
        self._write(calls)
        return len(calls)

    def _write(self, calls: Sequence[Call]) -> None:
        """The answer is given in any case: what it tells of is done. The log has it then."""
        try:
            self._add(calls)
        except SyncError as error:
            for call in calls:
                _log.error("Not recorded (%s): %s", error, call)


class Audited:
    """Sees to it that calls are recorded."""

    def __init__(self, app: ASGIApp, recorder: Recorder) -> None:
        self._app = app
        self._recorder = recorder
        self._all = Buckets(STRANGERS, STRANGERS)
        self._each = Buckets(STRANGERS_OF_ONE, STRANGERS_OF_ONE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a call on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            start = message["type"] == "http.response.start"
            if start and self._is_worth_it(scope, message["status"]):
                await self._recorder.record(_call(scope, message["status"]))
            await send(message)

        await self._app(scope, receive, sending)

    def _is_worth_it(self, scope: Scope, status: int) -> bool:
        if scope["state"].get("caller") is not None:
            return True
        address = str((scope.get("client") or ("",))[0])
        return status in _REFUSED and not self._each.take(address) and not self._all.take("")


def _call(scope: Scope, status: int) -> Call:
    state, path = scope["state"], scope.get("path_params", {})
    caller, client = state.get("caller"), scope.get("client")
    tenant, sync = str(path.get("tenant_id", "")), str(path.get("sync_id", ""))
    return Call(
        utc_now(),
        caller and caller.organization,
        caller and caller.key_id,
        scope["method"],
        route_of(scope),
        tenant if is_tenant_id(tenant) else None,
        _uuid(sync),
        status,
        client[0] if client else None,
        state.get("request_id"),
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
