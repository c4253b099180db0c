"""`sync-assets sync`: syncs a tenant here and now, or says what a sync would do."""

from typing import TYPE_CHECKING, Annotated

import typer

from sync_assets.cli.command import FAILED, INTERRUPTED, App, Json, TenantId, option
from sync_assets.cli.follow import run_or_follow
from sync_assets.cli.job import Ended
from sync_assets.cli.opened import opened
from sync_assets.cli.output import print_json, say
from sync_assets.cli.plan import print_plan
from sync_assets.cli.signals import asked
from sync_assets.cli.summary import print_report
from sync_assets.core.ports import SyncOptions

if TYPE_CHECKING:
    from sync_assets.bootstrap import Platform

app = App()


@app.verb()
def sync(  # noqa: PLR0913 - one for each option
    tenant_id: TenantId,
    *,
    stream: Annotated[
        list[str] | None, option(metavar="NAME", help="Only this stream; repeatable.")
    ] = None,
    full: Annotated[
        bool,
        option("--full", help="Read every record again, for changes that move no modified time."),
    ] = False,
    batch_size: Annotated[int, option(min=1, max=100, help="Records a request.")] = 100,
    plan: Annotated[
        bool, option("--plan", help="Say what a sync would do, and write nothing.")
    ] = False,
    approve_deletions: Annotated[
        bool, option("--approve-deletions", help="Let a refused deletion through, once.")
    ] = False,
    json: Json = False,
) -> None:
    """Sync a tenant now.

    Runs the Dagster job in a child process, shows its progress and prints its report. Where
    another process does such a sync already, shows that one.
    """
    options = SyncOptions(full=full, batch_size=batch_size, approve_deletions=approve_deletions)
    with opened() as platform:
        request = platform.request(tenant_id, stream or (), options)
        if plan:
            print_plan(platform, request, as_json=json)
            return
        with asked() as flag:
            ended = run_or_follow(platform, request, flag)
        show_end(platform, ended, as_json=json)
    if ended.interrupted:
        raise typer.Exit(INTERRUPTED)
    if not ended.completed:
        raise typer.Exit(FAILED)


def show_end(platform: "Platform", ended: Ended, *, as_json: bool = False) -> None:
    """Print the report of a job that ended, and where its output is if that matters."""
    if ended.report is not None and as_json:
        print_json(ended.report.as_dict())
    elif ended.report is not None:
        print_report(platform, ended.report)
    if ended.report is not None and ended.report.status == "queued":
        say(f"Follow it with: sync-assets status {ended.report.sync_id} --follow")
    if ended.interrupted and ended.log is None:
        say("The sync goes on without this command.")
    elif ended.interrupted:
        say("Interrupted. What was written stays; the next sync goes on from there.")
    elif not ended.completed and ended.log is not None:
        if ended.report is None:
            say(f"{ended.last_lines}\nThe Dagster job ended before the sync began.")
        say(f"The job's output is in {ended.log}.")
