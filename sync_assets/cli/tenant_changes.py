"""`sync-assets tenant update` and `remove`."""

import sys
from dataclasses import replace
from typing import Annotated

import typer

from sync_assets.cli import tenant_input
from sync_assets.cli.account import check
from sync_assets.cli.command import App, Json, TenantId, option
from sync_assets.cli.opened import opened, registered
from sync_assets.cli.output import print_json, say
from sync_assets.cli.purge import purge
from sync_assets.cli.tenant_options import (
    NoCheck,
    Organization,
    PasswordStdin,
    Public,
    Schedule,
    Settings,
    Url,
    Username,
    print_tenant,
)
from sync_assets.core.errors import OperatorMustAct
from sync_assets.core.streams import SourceSpec
from sync_assets.core.tenants import Credentials, Tenant

app = App()


@app.verb()
def update(  # noqa: PLR0913 - one for each option
    tenant_id: TenantId,
    *,
    url: Url = None,
    organization: Organization = None,
    username: Username = None,
    password_stdin: PasswordStdin = False,
    public: Public = False,
    setting: Settings = None,
    unset: Annotated[
        list[str] | None, option(metavar="KEY", help="Remove a setting; repeatable.")
    ] = None,
    schedule: Schedule = None,
    restore: Annotated[bool, option("--restore", help="Bring a removed tenant back.")] = False,
    no_check: NoCheck = False,
    json: Json = False,
) -> None:
    """Change a tenant.

    Where it matters to its site, that is asked first whether the account is good enough; if not,
    nothing is changed.
    """
    with opened() as platform:
        tenant = registered(platform, tenant_id)
        asked_of_site = any((url, username, password_stdin, public, setting, unset, restore))
        if not asked_of_site and organization is None and schedule is None:
            raise typer.BadParameter("Say what to change; --help lists the options.")
        spec = platform.spec(tenant.source)
        tenant = replace(
            tenant,
            url=tenant_input.address(url) if url else tenant.url,
            organization=organization or tenant.organization,
            settings=_changed(tenant, spec, setting or [], unset or []),
            active=tenant.active or restore,
            schedule=tenant.schedule if schedule is None else tenant_input.schedule(schedule),
        )
        if username is not None or password_stdin or public:
            account = _renamed(tenant, username, password_stdin=password_stdin, public=public)
        else:
            account = platform.tenants.get(tenant_id).credentials
        tenant = replace(tenant, credentials=account)
        if tenant.active and asked_of_site and not no_check:
            check(platform, tenant, "Nothing was changed.")
        platform.tenants.update(tenant)
        print_tenant(registered(platform, tenant_id), as_json=json)


@app.verb()
def remove(
    tenant_id: TenantId,
    *,
    purge_: Annotated[
        bool, option("--purge", help="Delete its rows and its history, too, for good.")
    ] = False,
    yes: Annotated[bool, option("--yes", help="Do not ask before a purge.")] = False,
    json: Json = False,
) -> None:
    """End a tenant's syncs.

    Its rows stay, unless they are purged.
    """
    with opened() as platform:
        tenant = registered(platform, tenant_id)
        if purge_:
            _confirm(tenant.id, yes=yes)
        if tenant.active:
            platform.tenants.deactivate(tenant_id)
        deleted = purge(platform, tenant) if purge_ else 0
    if json:
        print_json({"id": tenant.id, "active": False, "purged": purge_, "rowsDeleted": deleted})
    elif purge_:
        say(f"Removed {tenant.id} and its {deleted:,} rows.")
    else:
        done = f"Removed {tenant.id}" if tenant.active else f"{tenant.id} is removed already"
        say(
            f"{done}; its rows stay. 'sync-assets tenant update {tenant.id} --restore' brings it "
            f"back, 'sync-assets tenant remove {tenant.id} --purge' deletes them."
        )


def _changed(
    tenant: Tenant, spec: SourceSpec, given: list[str], unset: list[str]
) -> dict[str, str]:
    """The settings after the change; one that is set and unset at once is set."""
    for name in unset:
        if name not in tenant.settings:  # what an older version knew can still be taken back
            tenant_input.known(name, spec)
    kept = {name: value for name, value in tenant.settings.items() if name not in unset}
    return {**kept, **tenant_input.settings(given, spec)}


def _renamed(
    tenant: Tenant, username: str | None, *, password_stdin: bool, public: bool
) -> Credentials | None:
    """New credentials; with only a new password the account keeps its name."""
    if username is None and password_stdin and tenant.credentials is not None:
        username = tenant.credentials.username
    return tenant_input.credentials(username, password_stdin=password_stdin, public=public)


def _confirm(tenant_id: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise OperatorMustAct(f"Purging {tenant_id} deletes its rows for good. Confirm with --yes.")
    question = f"Delete the tenant {tenant_id}, all its rows and its history, for good?"
    typer.confirm(question, abort=True, err=True)
