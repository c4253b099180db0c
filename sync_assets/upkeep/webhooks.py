"""Sends the tenants' changes to their webhooks: signed, in order, and nobody waits for another."""

import logging
import time
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field

import orjson

from sync_assets.bootstrap import Platform
from sync_assets.core.changes import Batch, Cursor, CursorExpired
from sync_assets.core.errors import SyncError
from sync_assets.core.webhooks import DELIVERY, SIGNATURE, delivery_id, signature
from sync_assets.sources.posting import Poster, Undelivered
from sync_assets.store.webhooks import Due

BATCH = 500
"""Changes in one delivery: some 80 KB."""

TIMEOUT = 10.0
"""Seconds for one delivery, from its first byte to the answer's status."""

TURN = 5.0
"""Seconds after which a webhook that has more to hear lets others go first."""

LOOK_EVERY = 1.0
"""Seconds between two looks at which webhooks have something to hear."""

PLACES = {False: 6, True: 4}
"""Webhooks that are sent to at once: prompt ones, and beside them those that failed or are slow."""

_LEFT_BEHIND = 20.0  # seconds to wait for the last ones; a name server may keep a thread longer

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Sender:
    """Sends for a while.

    Attributes:
        heard: changes that were heard.
    """

    platform: Platform
    poster: Poster
    until: float
    heard: int = 0
    _busy: dict[bool, set[Future[int]]] = field(
        default_factory=lambda: {slow: set[Future[int]]() for slow in PLACES}
    )

    def look(self, pools: dict[bool, ThreadPoolExecutor]) -> None:
        """Begin with those that have something to hear, as places are free."""
        for slow, places in PLACES.items():
            done = {future for future in self._busy[slow] if future.done()}
            self._busy[slow] -= done
            self.heard += sum(future.result() for future in done)
            free = places - len(self._busy[slow])
            due = self.platform.webhooks.claim(free, slow=slow) if free else []
            self._busy[slow] |= {pools[slow].submit(self._turn, hook) for hook in due}

    def end(self) -> None:
        """Wait for the last ones."""
        done, _ = wait([one for busy in self._busy.values() for one in busy], _LEFT_BEHIND)
        self.heard += sum(future.result() for future in done)

    def _turn(self, hook: Due) -> int:
        """Send to one webhook until it has heard all, fails, or its turn is over."""
        try:
            return self._tell_all(hook)
        except SyncError as error:
            _log.warning("The changes of %s could not be sent: %s", hook.tenant_id, error)
        except Exception:  # noqa: BLE001 - one webhook's trouble must not become the others'
            _log.exception("The changes of %s could not be sent.", hook.tenant_id)
        return 0

    def _tell_all(self, hook: Due) -> int:
        ends = min(self.until, time.monotonic() + TURN)
        cursor, heard, more = hook.cursor, 0, True
        while more:
            batch, expired = self._next(hook.tenant_id, cursor)
            if not batch.changes and not expired:
                break
            if not self._tell(hook, cursor, batch, expired=expired):
                return heard
            heard, cursor = heard + len(batch.changes), batch.next
            more = batch.has_more and time.monotonic() < ends
        self.platform.webhooks.release(hook)
        return heard

    def _next(self, tenant_id: str, cursor: Cursor) -> tuple[Batch, bool]:
        """The next changes, and whether some before them are gone."""
        changes = self.platform.changes
        try:
            return changes.read(tenant_id, cursor, BATCH), False
        except CursorExpired:
            return Batch((), changes.now(tenant_id), has_more=False), True

    def _tell(self, hook: Due, begin: Cursor, batch: Batch, *, expired: bool) -> bool:
        """Send one delivery; False where it was not heard, or is no longer ours to send."""
        webhooks, started = self.platform.webhooks, time.monotonic()
        name = str(delivery_id(hook.tenant_id, str(begin), str(batch.next)))
        body = orjson.dumps(
            {
                "id": name,
                "type": "expired" if expired else "changes",
                "tenant": hook.tenant_id,
                **batch.as_dict(),
            }
        )
        try:
            headers = {
                "Content-Type": "application/json",
                "User-Agent": "sync-assets",
                DELIVERY: name,
                SIGNATURE: signature(webhooks.secret(hook), body, int(time.time())),
            }
            self.poster.post(hook.url, body, headers)
        except (Undelivered, SyncError) as error:
            self._failed(hook, str(error), time.monotonic() - started)
            return False
        seconds = time.monotonic() - started
        return webhooks.heard(hook, batch.next, len(batch.changes), seconds)

    def _failed(self, hook: Due, error: str, seconds: float) -> None:
        outcome = self.platform.webhooks.failed(hook, error, seconds)
        level = logging.ERROR if outcome.given_up else logging.WARNING
        what = "was given up" if outcome.given_up else "is tried again"
        message = "The webhook of %s %s after %d tries: %s."
        _log.log(level, message, hook.tenant_id, what, outcome.failures, error)


def deliver(platform: Platform, seconds: float) -> int:
    """Send for so many seconds whatever there is to be heard; gives the number of changes.

    Ends at once where no tenant has a webhook. With 0 seconds it looks once.
    """
    if not platform.webhooks.are_there():
        return 0
    until = time.monotonic() + seconds
    private = platform.settings.allow_private_urls
    with Poster(allow_private=private, seconds=TIMEOUT) as poster, _pools() as pools:
        sender = Sender(platform, poster, until + TURN)
        sender.look(pools)
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(LOOK_EVERY, left))
            sender.look(pools)
        sender.end()
    return sender.heard


@contextmanager
def _pools() -> Generator[dict[bool, ThreadPoolExecutor]]:
    pools = {slow: ThreadPoolExecutor(places, "webhooks") for slow, places in PLACES.items()}
    try:
        yield pools
    finally:
        for pool in pools.values():
            pool.shutdown(wait=False, cancel_futures=True)
