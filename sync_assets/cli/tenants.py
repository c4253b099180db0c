"""`sync-assets tenant …`: registers, shows, changes and removes tenants."""

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from sync_assets.cli import tenant_input
from sync_assets.cli.account import check
from sync_assets.cli.command import App, Json, TenantId
from sync_assets.cli.opened import opened, registered
from sync_assets.cli.output import print_json, print_table, say
from sync_assets.cli.purge import purge
from sync_assets.core.errors import OperatorMustAct
from sync_assets.core.tenants import Tenant, check_tenant_id

if TYPE_CHECKING:
    from sync_assets.bootstrap import Platform

app = App(help="Registers, shows, changes and removes tenants.")

Url = Annotated[str | None, typer.Option(help="The site's address, such as https://site.com.")]
Organization = Annotated[str | None, typer.Option(help="Who owns the tenant.")]
Username = Annotated[str | None, typer.Option(help="The account's name at the source.")]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the account's password from standard input.")
]
Public = Annotated[bool, typer.Option("--public", help="No account: only what everybody may see.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--setting", metavar="KEY=VALUE", help="A setting of the source; repeatable."),
]
NoCheck = Annotated[bool, typer.Option("--no-check", help="Do not ask the site for the account.")]


@app.verb()
def add(  # noqa: PLR0913 - one for each option
    tenant_id: TenantId,
    *,
    source: Annotated[str, typer.Option(help="The platform, such as wordpress.")],
    organization: Annotated[str, typer.Option(help="Who owns the tenant.")],
    url: Annotated[str, typer.Option(help="The site's address, such as https://site.com.")],
    username: Username = None,
    password_stdin: PasswordStdin = False,
    public: Public = False,
    setting: Settings = None,
    no_check: NoCheck = False,
    json: Json = False,
) -> None:
    """Register a tenant, once its site has accepted the account."""
    with opened() as platform:
        tenant = Tenant(
            check_tenant_id(tenant_id),
            source,
            organization,
            tenant_input.address(url),
            settings=tenant_input.settings(setting or [], platform.spec(source)),
        )
        _check_free(platform, tenant.id)
        account = tenant_input.credentials(username, password_stdin=password_stdin, public=public)
        tenant = replace(tenant, credentials=account)
        if not no_check:
            check(platform, tenant, "Nothing was registered.")
        platform.tenants.add(tenant)
        _show(registered(platform, tenant.id), as_json=json)
        say(f"Registered. Next: sync-assets sync {tenant.id}")


@app.verb("list")
def list_all(
    *,
    all_: Annotated[bool, typer.Option("--all", help="Removed tenants, too.")] = False,
    json: Json = False,
) -> None:
    """List the tenants."""
    with opened() as platform:
        tenants = platform.tenants.all(active=None if all_ else True)
    if json:
        print_json([shown(tenant) for tenant in tenants])
        return
    columns = ["id", "source", "organization", "url", "account", "status"]
    print_table(columns, ([*map(shown(tenant).get, columns)] for tenant in tenants))


@app.verb()
def show(tenant_id: TenantId, *, json: Json = False) -> None:
    """Show a tenant, but for its password."""
    with opened() as platform:
        _show(registered(platform, tenant_id), as_json=json)


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
        list[str] | None, typer.Option(metavar="KEY", help="Remove a setting; repeatable.")
    ] = None,
    restore: Annotated[
        bool, typer.Option("--restore", help="Bring a removed tenant back.")
    ] = False,
    no_check: NoCheck = False,
    json: Json = False,
) -> None:
    """Change a tenant, once its site has accepted the account."""
    with opened() as platform:
        tenant = registered(platform, tenant_id)
        spec = platform.spec(tenant.source)
        kept = {k: v for k, v in tenant.settings.items() if k not in (unset or [])}
        for name in unset or []:
            if name not in tenant.settings:
                tenant_input.known(name, spec)
        tenant = replace(
            tenant,
            url=tenant_input.address(url) if url else tenant.url,
            organization=organization or tenant.organization,
            settings={**kept, **tenant_input.settings(setting or [], spec)},
            active=tenant.active or restore,
        )
        if username is not None or password_stdin or public:
            account = _renamed(tenant, username, password_stdin=password_stdin, public=public)
        else:
            account = platform.tenants.get(tenant_id).credentials
        tenant = replace(tenant, credentials=account)
        if tenant.active and not no_check:
            check(platform, tenant, "Nothing was changed.")
        platform.tenants.update(tenant)
        _show(registered(platform, tenant_id), as_json=json)


@app.verb()
def remove(
    tenant_id: TenantId,
    *,
    purge_: Annotated[
        bool, typer.Option("--purge", help="Delete its rows and its history, too, for good.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before a purge.")] = False,
    json: Json = False,
) -> None:
    """End a tenant's syncs. Its rows stay, unless they are purged."""
    with opened() as platform:
        tenant = registered(platform, tenant_id)
        if purge_:
            _confirm(tenant.id, yes=yes)
        if tenant.active:
            platform.tenants.update(replace(platform.tenants.get(tenant_id), active=False))
        deleted = purge(platform, tenant) if purge_ else 0
    if json:
        print_json({"id": tenant.id, "active": False, "purged": purge_, "rowsDeleted": deleted})
    elif purge_:
        say(f"Removed {tenant.id} and its {deleted:,} rows.")
    else:
        say(
            f"Removed {tenant.id}; its rows stay. 'sync-assets tenant update {tenant.id} "
            "--restore' brings it back, 'sync-assets tenant remove --purge' deletes them."
        )


def shown(tenant: Tenant) -> dict[str, object]:
    """A tenant for people and programs; never its secret."""
    account = tenant.credentials
    return {
        "id": tenant.id,
        "source": tenant.source,
        "organization": tenant.organization,
        "url": tenant.url,
        "account": account.username if account else "public",
        "public": account is None,
        "settings": dict(tenant.settings),
        "status": "active" if tenant.active else "removed",
        "createdAt": tenant.created_at,
    }


def _show(tenant: Tenant, *, as_json: bool) -> None:
    entry = shown(tenant)
    if as_json:
        print_json(entry)
        return
    settings = ", ".join(f"{name}={value}" for name, value in tenant.settings.items())
    entry = {**entry, "settings": settings, "createdAt": f"{tenant.created_at:%Y-%m-%d %H:%M UTC}"}
    print_table(["", tenant.id], [[k, v] for k, v in entry.items() if k not in {"id", "public"}])


def _renamed(
    tenant: Tenant, username: str | None, *, password_stdin: bool, public: bool
) -> "tenant_input.Credentials | None":
    """New credentials; with only a new password the account keeps its name."""
    if username is None and password_stdin and tenant.credentials is not None:
        username = tenant.credentials.username
    return tenant_input.credentials(username, password_stdin=password_stdin, public=public)


def _check_free(platform: "Platform", tenant_id: str) -> None:
    """Say that an id is taken before the site is asked and a password is wanted."""
    if any(tenant.id == tenant_id for tenant in platform.tenants.all()):
        raise OperatorMustAct(
            f"There is a tenant {tenant_id!r} already, perhaps a removed one. Ids are never used "
            f"twice; see 'sync-assets tenant show {tenant_id}'."
        )


def _confirm(tenant_id: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise OperatorMustAct(f"Purging {tenant_id} deletes its rows for good. Confirm with --yes.")
    question = f"Delete the tenant {tenant_id}, all its rows and its history, for good?"
    typer.confirm(question, abort=True, err=True)
