"""The one way in which anything asks for syncs: commands, schedules, sensors, the gateway."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sync_assets.bootstrap import Platform
from sync_assets.core.errors import Conflict, UnknownTenant
from sync_assets.core.hints import Hint
from sync_assets.core.ports import SyncOptions
from sync_assets.core.queues import Priority
from sync_assets.core.requests import BACKOFF, Asked
from sync_assets.store.connection import Connection, Row


def enqueue(  # noqa: PLR0913 - one for each thing that can be wished
    platform: Platform,
    tenants: Sequence[str],
    options: SyncOptions | None = None,
    *,
    streams: Sequence[str] = (),
    organization: str | None = None,
    priority: Priority = Priority.NORMAL,
    asked_by: str,
    due: datetime | None = None,
    attempts: int = BACKOFF.attempts,
    strict: bool = True,
    on: Connection | None = None,
) -> list[Asked]:
    """Queue a sync of each tenant; answers at once, also while Dagster is down.

    Args:
        platform: whose database holds the requests.
        tenants: their ids; each must be active, with credentials or public.
        options: how they are synced.
        streams: which of their streams; all when none are named.
        organization: whose tenants they must be; None for an operator, who may ask for all.
        priority: by which it is routed into a queue.
        asked_by: who asks, for the record.
        due: not before then.
        attempts: how often it is tried.
        strict: one that cannot be asked for fails the whole; otherwise it is left out, as
            schedules want it, whose list may be a moment old.
        on: a transaction of the control role, with which they are queued or not.

    Returns:
        For each tenant, in order of the sources, the request that will do it: a new one, or the
        one that waited for the same already.

    Raises:
        UnknownTenant: one is not registered, removed, or another organization's; nothing is queued.
        Conflict: one has no credentials.
        WrongWish: a source has no such stream.
    """
    wish = options or SyncOptions()
    found = platform.requests.tenants(tenants, on)
    groups = _by_source(found, tenants, organization, strict=strict)
    wanted = {source: platform.streams(source, streams) for source in groups}
    return [
        asked
        for source, ids in groups.items()
        for asked in platform.requests.ask(
            ids,
            wanted[source],
            wish,
            priority=priority,
            asked_by=asked_by,
            due=due,
            attempts=attempts,
            strict=strict,
            on=on,
        )
    ]


def hint(
    platform: Platform,
    tenant: str,
    hints: Sequence[Hint],
    *,
    asked_by: str,
    on: Connection | None = None,
) -> Asked | None:
    """Keep hints, and queue a sync of just the records that they point to.

    However many come, one such sync of a tenant waits at most; it neither joins one of another kind
    nor takes its place.

    Args:
        platform: whose database holds the requests.
        tenant: whose records they are.
        hints: where they are.
        asked_by: who hints, for the record.
        on: a transaction of the control role, with which both is done or nothing.

    Returns:
        The request that will do them; None where nothing was kept, or the tenant cannot be synced.
    """
    if not hints or not platform.hints.add(tenant, hints, on):
        return None
    wish, high = SyncOptions(hinted=True), Priority.HIGH
    asked = enqueue(platform, [tenant], wish, priority=high, asked_by=asked_by, strict=False, on=on)
    return asked[0] if asked else None


def _by_source(
    found: Mapping[str, Row],
    tenants: Sequence[str],
    organization: str | None,
    *,
    strict: bool,
) -> dict[str, list[str]]:
    """The tenants that can be asked for, by their sources, given what was found of them."""
    groups: dict[str, list[str]] = {}
    for tenant in dict.fromkeys(tenants):
        row = found.get(tenant)
        if not strict and (row is None or not row.active or not row.usable):
            continue
        # One sentence for all three: who may not see a tenant learns nothing of it.
        if row is None or (organization is not None and row.organization != organization):
            whose = "" if organization is None else f" of organization {organization!r:.80}"
            raise UnknownTenant(
                f"There is no tenant {tenant!r:.80}{whose}. 'sync-assets tenant list' shows them."
            )
        if not row.active:
            raise UnknownTenant(
                f"Tenant {tenant!r} was removed. 'sync-assets tenant update {tenant} --restore' "
                "brings it back."
            )
        if not row.usable:
            raise Conflict(
                f"Tenant {tenant!r} has no credentials. Give it some with 'sync-assets tenant "
                f"update {tenant} --username U --password-stdin', or make it --public."
            )
        groups.setdefault(row.source, []).append(tenant)
    return groups
