"""`sync-assets report`: what became of a sync."""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from sync_assets.cli.command import App, Json, argument, option
from sync_assets.cli.opened import opened, registered
from sync_assets.cli.output import print_json
from sync_assets.cli.summary import print_log, print_report
from sync_assets.core.errors import OperatorMustAct

if TYPE_CHECKING:
    from sync_assets.bootstrap import Platform

app = App()


@app.verb()
def report(
    sync_id: Annotated[UUID | None, argument(metavar="SYNC_ID", show_default=False)] = None,
    *,
    tenant: Annotated[str | None, option(help="Its last sync instead.")] = None,
    log: Annotated[bool, option("--log", help="Also the lines of the sync's log.")] = False,
    json: Json = False,
) -> None:
    """Show what became of a sync, at any moment."""
    if (sync_id is None) == (tenant is None):
        raise typer.BadParameter("Give either SYNC_ID or --tenant ID.")
    with opened() as platform:
        wanted = sync_id or _latest(platform, tenant or "")
        found = platform.syncs.report(wanted)
        lines = platform.syncs.log(wanted) if log else []
        if json:
            print_json(found.as_dict() | ({"log": lines} if log else {}))
            return
        print_report(platform, found)
        print_log(lines, platform.settings.timezone)


def _latest(platform: "Platform", tenant_id: str) -> UUID:
    tenant = registered(platform, tenant_id)
    latest = platform.syncs.latest(tenant.id)
    if latest is None:
        raise OperatorMustAct(
            f"{tenant.id} was never synced. Start with 'sync-assets sync {tenant.id}'."
        )
    return latest
