"""The status page of a tenant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from sync_assets.bootstrap import Platform
from sync_assets.core.clock import utc_now
from sync_assets.core.errors import SyncError
from sync_assets.core.progress import progress_of
from sync_assets.core.search import LONGEST
from sync_assets.core.tenants import Tenant
from sync_assets.gateway.budgets import budget_of
from sync_assets.gateway.pages.language import language_of
from sync_assets.gateway.pages.list_view import budget_view, entry_view, queues_view
from sync_assets.gateway.pages.log_view import lines_view
from sync_assets.gateway.pages.rendering import formats_of, page
from sync_assets.gateway.pages.route import PageRoute
from sync_assets.gateway.pages.search_view import hit_view
from sync_assets.gateway.pages.sync_view import sync_view
from sync_assets.gateway.pages.telling import part_title, said
from sync_assets.gateway.pages.visitor import PageTenant, SignedIn, Visitor, sync_of
from sync_assets.gateway.problems import problem_of
from sync_assets.gateway.search import told
from sync_assets.gateway.shapes import Cursor, Text
from sync_assets.gateway.state import ThePlatform
from sync_assets.store.history import STATUSES, Entries

router = APIRouter(route_class=PageRoute, include_in_schema=False)

ENTRIES, HITS, LINES = 10, 10, 1_000
"""Of the history's page, of a search, and of the log."""

SOON = timedelta(hours=1)
"""A sync that waits longer than that is not the current one."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a page is asked to show.

    Attributes:
        sync: the sync to watch; the current or else the newest one where none is named.
        closed: one that shall not be shown.
        cancelling: the sync has been cancelled, and is ending.
        choose: somebody wanted to start a sync of nothing.
    """

    sync: UUID | None = None
    closed: UUID | None = None
    cancelling: bool = False
    choose: bool = False
    status: str = ""
    cursor: Cursor | None = None
    q: Annotated[Text, Query(max_length=LONGEST)] = ""


Wished = Annotated[Wish, Depends()]


@router.get("/t/{tenant_id}")
def show(
    request: Request, tenant: PageTenant, visitor: SignedIn, platform: ThePlatform, wish: Wished
) -> Response:
    """Everything at a glance."""
    words, formats = language_of(request), formats_of(request)
    every = platform.streams(tenant.source)
    # First of all: what changes from then on, the page is told of, and looks at the rest anew.
    watched = _watched(request, platform, _chosen(tenant, visitor, platform, wish))
    stats = platform.queues.stats(visitor.caller.organization, platform.settings.timezone)
    return page(
        request,
        "status.html",
        tenant=tenant,
        visitor=visitor,
        wish=wish,
        parts=[(name, part_title(name, words)) for name in every],
        queues=queues_view(stats, words, formats),
        zone=platform.settings.timezone,
        budget=budget_view(budget_of(platform, tenant.id), words, formats),
        **watched,
        **_history(request, platform, tenant, every, wish),
        **_found(request, platform, tenant, wish.q.strip()),
    )


def _chosen(tenant: Tenant, visitor: Visitor, platform: Platform, wish: Wish) -> UUID | None:
    """The sync to watch: that which is asked for, is at work, is due soon, or was last."""
    if wish.sync is not None:
        return sync_of(tenant, visitor, platform, wish.sync)
    going_on = _entries(platform, tenant, ("running", "queued"), 50).entries
    soon = utc_now() + SOON
    due = [one for one in going_on if one.status == "running" or one.due_at <= soon]
    due.sort(key=lambda one: (one.status != "running", one.due_at))
    newest = due or _entries(platform, tenant, ("completed", "failed", "cancelled"), 1).entries
    chosen = newest[0].sync_id if newest else None
    return None if chosen == wish.closed else chosen


def _entries(
    platform: Platform,
    tenant: Tenant,
    statuses: Sequence[str],
    limit: int,
    cursor: str | None = None,
) -> Entries:
    return platform.history.list(
        tenant=tenant.id,
        organization=tenant.organization,
        statuses=statuses,
        limit=limit,
        cursor=cursor,
    )


def _watched(request: Request, platform: Platform, sync: UUID | None) -> Mapping[str, Any]:
    """The sync, and its log so far."""
    if sync is None:
        return {"sync": None, "lines": [], "last": 0}
    words, formats = language_of(request), formats_of(request)
    lines = platform.syncs.log(sync, 0, LINES)
    return {
        "sync": sync_view(progress_of(platform.syncs.report(sync)), words, formats),
        "lines": lines_view(lines, words, formats),
        "last": lines[-1]["id"] if lines else 0,
    }


def _history(
    request: Request, platform: Platform, tenant: Tenant, every: Sequence[str], wish: Wish
) -> Mapping[str, Any]:
    """A page of what was asked for."""
    words, formats = language_of(request), formats_of(request)
    statuses = (wish.status,) if wish.status in STATUSES else ()
    found = _entries(platform, tenant, statuses, ENTRIES, wish.cursor)
    entries = [entry_view(entry, every, words, formats) for entry in found.entries]
    return {"entries": entries, "older": found.cursor, "statuses": STATUSES}


def _found(
    request: Request, platform: Platform, tenant: Tenant, question: str
) -> Mapping[str, Any]:
    """The answer to a question, or why there is none; None of it without one."""
    if not question:
        return {"hits": None, "notes": []}
    words = language_of(request)
    try:
        found = platform.search(tenant.id, question, HITS)
    except SyncError as error:
        problem = problem_of(error)
        if problem is None:
            raise
        return {"hits": [], "notes": [said(problem.detail, words)]}
    notes = [said(told(note), words) for note in found.notes]
    return {"hits": [hit_view(hit, words) for hit in found.hits], "notes": notes}
