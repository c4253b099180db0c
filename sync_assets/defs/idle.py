"""Dagster's connections that lay idle are asked whether they still live before they are used."""

import time
from typing import Any

from sqlalchemy import Engine, Pool, event
from sqlalchemy.exc import DisconnectionError

IDLE = 1.0
"""Seconds: one that was used a moment ago is taken to live; asking each time costs a round trip."""

_RETURNED = "sync_assets_returned_at"


def mind_idle(pools: Engine | type[Pool]) -> None:
    """Make an engine, or all pools of this process, ask connections that lay idle.

    One that does not answer, because PostgreSQL was restarted meanwhile, is replaced by a new one.
    Harmless when it was done before.
    """
    if not event.contains(pools, "checkout", _ask):
        event.listen(pools, "checkout", _ask)
        event.listen(pools, "checkin", _note)


def _note(_connection: object, record: Any) -> None:  # noqa: ANN401 - its type is not public
    record.info[_RETURNED] = time.monotonic()


def _ask(connection: Any, record: Any, _proxy: object) -> None:  # noqa: ANN401 - any driver's
    if time.monotonic() - record.info.get(_RETURNED, time.monotonic()) < IDLE:
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        connection.rollback()
    except Exception as error:
        raise DisconnectionError from error  # the pool tries again with a new one
