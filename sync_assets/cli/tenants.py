"""`sync-assets tenant add`, `list` and `show`."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from sync_assets.cli import tenant_input
from sync_assets.cli.account import check
from sync_assets.cli.command import App, Json, TenantId, option
from sync_assets.cli.opened import opened, registered
from sync_assets.cli.output import print_json, print_table, say
from sync_assets.cli.tenant_options import (
    NoCheck,
    PasswordStdin,
    Public,
    Schedule,
    Settings,
    Username,
    print_tenant,
    shown,
)
from sync_assets.core.errors import OperatorMustAct
from sync_assets.core.tenants import Tenant, check_tenant_id

if TYPE_CHECKING:
    from sync_assets.bootstrap import Platform

app = App()


@app.verb()
def add(  # noqa: PLR0913 - one for each option
    tenant_id: TenantId,
    *,
    source: Annotated[str, option(help="The platform, such as wordpress.")],
    organization: Annotated[str, option(help="Who owns the tenant.")],
    url: Annotated[str, option(help="The site's address, such as https://site.com.")],
    username: Username = None,
    password_stdin: PasswordStdin = False,
    public: Public = False,
    setting: Settings = None,
    schedule: Schedule = None,
    no_check: NoCheck = False,
    json: Json = False,
) -> None:
    """Register a tenant.

    Its site is asked first whether the account is good enough; if not, nothing is registered.
    """
    with opened() as platform:
        tenant = Tenant(
            check_tenant_id(tenant_id),
            source,
            organization,
            tenant_input.address(url),
            settings=tenant_input.settings(setting or [], platform.spec(source)),
            schedule=None if schedule is None else tenant_input.schedule(schedule),
        )
        _check_free(platform, tenant.id)
        account = tenant_input.credentials(username, password_stdin=password_stdin, public=public)
        tenant = replace(tenant, credentials=account)
        if not no_check:
            check(platform, tenant, "Nothing was registered.")
        platform.tenants.add(tenant)
        print_tenant(registered(platform, tenant.id), as_json=json)
        say(
            f"Registered. Next: sync-assets sync {tenant.id}. With 'make dev' running, its first "
            "sync starts by itself within a minute."
        )


@app.verb("list")
def list_all(
    *,
    all_: Annotated[bool, option("--all", help="Removed tenants, too.")] = False,
    json: Json = False,
) -> None:
    """List the tenants."""
    with opened() as platform:
        tenants = platform.tenants.all(active=None if all_ else True)
    if json:
        print_json([shown(tenant) for tenant in tenants])
        return
    columns = ["id", "source", "organization", "url", "account", "schedule", "status"]
    print_table(columns, ([*map(shown(tenant).get, columns)] for tenant in tenants))


@app.verb()
def show(tenant_id: TenantId, *, json: Json = False) -> None:
    """Show a tenant, but for its password."""
    with opened() as platform:
        print_tenant(registered(platform, tenant_id), as_json=json)


def _check_free(platform: "Platform", tenant_id: str) -> None:
    """Say that an id is taken before the site is asked and a password is wanted."""
    if any(tenant.id == tenant_id for tenant in platform.tenants.all()):
        raise OperatorMustAct(
            f"There is a tenant {tenant_id!r} already, perhaps a removed one. Ids are never used "
            f"twice; see 'sync-assets tenant show {tenant_id}'."
        )
