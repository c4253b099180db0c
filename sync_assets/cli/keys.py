"""`sync-assets key`: the keys with which organizations call the gateway."""

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from sync_assets.cli.command import App, Json, argument, option
from sync_assets.cli.opened import opened
from sync_assets.cli.output import print_json, print_table, say
from sync_assets.cli.times import local
from sync_assets.core.clock import utc_now
from sync_assets.core.errors import OperatorMustAct
from sync_assets.core.keys import Scope

if TYPE_CHECKING:
    from sync_assets.core.keys import ApiKey

app = App(help="Make, list and revoke the keys of organizations for the gateway.")

Organization = Annotated[str, argument(metavar="ORG", help="Whose key it is.", show_default=False)]


class Access(StrEnum):
    """A scope as it is typed; each includes those before it."""

    READ = "read"
    SYNC = "sync"
    ADMIN = "admin"


@app.verb()
def add(
    organization: Organization,
    *,
    scope: Annotated[
        list[Access] | None,
        option(help="What it may do, read by default; sync includes read, admin both."),
    ] = None,
    name: Annotated[str, option(help="What it is for.")] = "",
    days: Annotated[
        int | None, option(min=1, max=36_500, help="Not usable after so many days.")
    ] = None,
    json: Json = False,
) -> None:
    """Make a key, and show it once.

    Only a hash is kept: whoever loses a key is given a new one.
    """
    if not organization.strip():
        raise OperatorMustAct("A key belongs to an organization; its name cannot be empty.")
    with opened() as platform:
        known = {tenant.organization for tenant in platform.tenants.all()}
        expires_at = None if days is None else utc_now() + timedelta(days=days)
        key, text = platform.keys.add(
            organization, map(Scope, scope or [Access.READ]), name=name, expires_at=expires_at
        )
    if json:
        print_json({**key.as_dict(), "key": text})
        return
    say(f"The key {key.id} of {organization}. It is shown this once:")
    typer.echo(text)
    if organization not in known:
        say(f"No tenant belongs to {organization!r:.80} yet.")


@app.verb("list")
def list_all(
    *,
    organization: Annotated[
        str | None, option(metavar="ORG", help="Only this organization's.")
    ] = None,
    json: Json = False,
) -> None:
    """List the keys, but for their secrets."""
    with opened() as platform:
        keys = platform.keys.all(organization)
        if json:
            print_json([key.as_dict() for key in keys])
            return
        zone = platform.settings.timezone
    names = ("key", "organization", "name", "scopes", "made", "expires", "last used", "revoked")
    print_table(names, ([*_cells(key, zone)] for key in keys))


@app.verb()
def revoke(
    key_id: Annotated[str, argument(metavar="KEY", help="Its id.", show_default=False)],
    *,
    json: Json = False,
) -> None:
    """Let a key be used no more, from now on."""
    with opened() as platform:
        key = platform.keys.revoke(key_id)
    if json:
        print_json(key.as_dict())
    else:
        say(f"The key {key.id} of {key.organization} opens nothing any more.")


def _cells(key: "ApiKey", zone: str) -> Sequence[object]:
    moments = (key.created_at, key.expires_at, key.last_used_at, key.revoked_at)
    scopes = ", ".join(scope.value for scope in Scope if scope in key.scopes)
    times = [None if moment is None else local(moment, zone) for moment in moments]
    return (key.id, key.organization, key.name, scopes, *times)
