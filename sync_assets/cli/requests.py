"""`sync-assets request`, `cancel`, `retry` and `reschedule`: what shall be done, by and by."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from sync_assets.cli.asker import asker
from sync_assets.cli.command import App, Json, argument, option
from sync_assets.cli.opened import opened
from sync_assets.cli.output import print_json, print_table, say
from sync_assets.cli.request_options import At, SyncId, SyncIds, Urgency, due
from sync_assets.cli.several import each
from sync_assets.cli.times import local
from sync_assets.core.errors import OperatorMustAct
from sync_assets.core.ports import SyncOptions
from sync_assets.core.requests import Asked, State

if TYPE_CHECKING:
    from sync_assets.bootstrap import Platform

app = App()


@app.verb()
def request(  # noqa: PLR0913 - one for each option
    tenant_ids: Annotated[
        list[str] | None, argument(metavar="ID…", help="The tenants' ids.", show_default=False)
    ] = None,
    *,
    all_: Annotated[bool, option("--all", help="All active tenants instead.")] = False,
    organization: Annotated[
        str | None, option(metavar="ORG", help="Whose tenants they are, or --all of whom.")
    ] = None,
    stream: Annotated[
        list[str] | None, option(metavar="NAME", help="Only this stream; repeatable.")
    ] = None,
    priority: Annotated[Urgency, option(help="What matters more goes first.")] = Urgency.NORMAL,
    full: Annotated[
        bool,
        option("--full", help="Read every record again, for changes that move no modified time."),
    ] = False,
    batch_size: Annotated[int, option(min=1, max=100, help="Records a request.")] = 100,
    at: At = None,
    json: Json = False,
) -> None:
    """Ask for syncs, which Dagster starts as soon as there is a place for them.

    What was asked for is kept, also while Dagster is down. Where the same waits already, that one
    does it, with the stricter options of both.
    """
    if bool(tenant_ids) == all_:
        raise typer.BadParameter("Give either the tenants' IDs or --all.")
    with opened() as platform:
        from sync_assets.enqueue import enqueue

        asked = enqueue(
            platform,
            _all_of(platform, organization) if all_ else tenant_ids or [],
            SyncOptions(full=full, batch_size=batch_size),
            streams=stream or (),
            organization=organization,
            priority=priority.priority,
            asked_by=asker(),
            due=due(platform, at),
        )
        if json:
            print_json([answer.as_dict() for answer in asked])
        else:
            _print_asked(asked, platform.settings.timezone)


@app.verb()
def cancel(sync_ids: SyncIds, *, json: Json = False) -> None:
    """Cancel syncs.

    One that waits is taken back; one at work ends within seconds, keeps what it wrote, and the
    next sync goes on from there.
    """
    with opened() as platform:

        def act(sync_id: UUID) -> tuple[UUID, bool]:
            return sync_id, platform.requests.cancel(sync_id, asker()) is State.CANCELLED

        with each(act, sync_ids) as ended:
            if json:
                print_json([_cancelled(sync_id, over=over) for sync_id, over in ended])
            for sync_id, over in ended:
                what = "is cancelled" if over else "is told to stop; what it wrote stays"
                say(f"Sync {sync_id} {what}.")


@app.verb()
def retry(sync_ids: SyncIds, *, json: Json = False) -> None:
    """Ask once more for syncs that failed or were cancelled."""
    with opened() as platform:

        def act(sync_id: UUID) -> tuple[UUID, UUID]:
            return sync_id, platform.requests.retry(sync_id, asker())

        with each(act, sync_ids) as queued:
            if json:
                print_json([_retried(sync_id, instead) for sync_id, instead in queued])
            for sync_id, instead in queued:
                if instead == sync_id:
                    say(f"Sync {sync_id} is queued again.")
                else:
                    say(f"Sync {instead}, which waits already, does the same as {sync_id}.")


@app.verb()
def reschedule(
    sync_id: SyncId,
    *,
    at: At = None,
    priority: Annotated[
        Urgency | None, option(help="What matters more goes first.", show_default=False)
    ] = None,
    json: Json = False,
) -> None:
    """Give a sync that waits another time or priority."""
    if at is None and priority is None:
        raise typer.BadParameter("Say what to change: --at TIME, --priority, or both.")
    with opened() as platform:
        request = platform.requests.reschedule(
            sync_id, due=due(platform, at), priority=priority.priority if priority else None
        )
        if json:
            print_json(platform.syncs.report(sync_id).as_dict())
            return
        when = local(request.due_at, platform.settings.timezone)
        say(
            f"Sync {sync_id} of {request.tenant_id} waits in the queue {request.queue} "
            f"({request.priority.name.lower()}), not before {when}."
        )


def _all_of(platform: "Platform", organization: str | None) -> list[str]:
    tenants = [
        tenant.id
        for tenant in platform.tenants.all(active=True)
        if organization is None or tenant.organization == organization
    ]
    if not tenants:
        whose = "" if organization is None else f" of organization {organization!r:.80}"
        raise OperatorMustAct(
            f"There are no active tenants{whose}. 'sync-assets tenant list' shows all there are."
        )
    return tenants


def _print_asked(asked: Sequence[Asked], zone: str) -> None:
    names = ("tenant", "sync", "status", "jobs", "queue", "not before", "")
    rows = (
        [
            answer.tenant_id,
            answer.sync_id,
            State.QUEUED.value,
            len(answer.streams),
            answer.queue.name,
            local(answer.due, zone),
            "new" if answer.new else "joins the one that waited already",
        ]
        for answer in asked
    )
    print_table(names, rows)
    if len(asked) == 1:
        say(f"Follow it with: sync-assets status {asked[0].sync_id} --follow")


def _cancelled(sync_id: UUID, *, over: bool) -> dict[str, object]:
    return {"syncId": str(sync_id), "status": "cancelled" if over else "cancelling"}


def _retried(sync_id: UUID, queued: UUID) -> dict[str, object]:
    return {"syncId": str(queued), "retried": str(sync_id), "status": State.QUEUED.value}
