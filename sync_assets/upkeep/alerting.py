"""Tells a webhook of the operator's of requests that failed for good."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from uuid import UUID

import requests

from sync_assets.store.alerts import Alerts, FailedRequest

MOST = 20
"""Requests that are told one by one; what failed beside them becomes one message."""

SECONDS = 30
"""A round of messages ends after so long: Dagster waits 60 s for a sensor."""

_TIMEOUT = 5  # seconds to connect, and again to answer
_ALL = 10_000
_NAMED = 20  # tenants that the message of many names
_LONGEST = 2_000  # characters of an error

_log = logging.getLogger(__name__)

Payload = Mapping[str, object]


def tell_failures(alerts: Alerts, url: str) -> int:
    """Tell of the requests that failed; gives the number of those that were heard of.

    What was not heard of is told again by the next round. Raises nothing for a hook that is away.
    """
    ends, heard = time.monotonic() + SECONDS, 0
    unheard: list[UUID] = []
    with requests.Session() as session:
        send = partial(_send, session, url)
        for _ in range(MOST):
            told = alerts.tell(lambda failed: send(_one(failed[0])), without=unheard)
            if not told.ids:
                return heard
            heard += len(told.ids) if told.heard else 0
            unheard += () if told.heard else told.ids
            if time.monotonic() + _TIMEOUT * 2 > ends:
                return heard
        told = alerts.tell(lambda failed: send(_many(failed)), _ALL, unheard)
    return heard + (len(told.ids) if told.heard else 0)


def _one(failed: FailedRequest) -> Payload:
    error = failed.error[:_LONGEST]
    streams = ", ".join(failed.streams)
    return {
        "text": f"The sync of {failed.tenant_id} ({streams}) failed: {error}",
        "syncId": str(failed.sync_id),
        "tenant": failed.tenant_id,
        "organization": failed.organization,
        "streams": list(failed.streams),
        "attempts": failed.attempts,
        "error": error,
        "at": failed.at.isoformat(),
    }


def _many(failed: Sequence[FailedRequest]) -> Payload:
    tenants = sorted({one.tenant_id for one in failed})
    named = ", ".join(tenants[:_NAMED])
    more = f" and {len(tenants) - _NAMED} more" if len(tenants) > _NAMED else ""
    return {
        "text": f"{len(failed)} more syncs failed, of {named}{more}.",
        "failed": len(failed),
        "tenants": tenants[:_NAMED],
        "at": max(one.at for one in failed).isoformat(),
    }


def _send(session: requests.Session, url: str, payload: Payload) -> bool:
    """Post a message; the address holds a token, so that no error of it may be shown."""
    return _heard(
        lambda: session.post(
            url, json=payload, timeout=_TIMEOUT, allow_redirects=False, stream=True
        )
    )


def _heard(post: Callable[[], requests.Response]) -> bool:
    try:
        with post() as answer:
            if 200 <= answer.status_code < 300:
                return True
            why = f"it answered {answer.status_code}"
    except (requests.RequestException, ValueError, OSError) as error:
        why = type(error).__name__
    _log.warning("The webhook for alerts was not reached (%s); it is tried again.", why)
    return False
