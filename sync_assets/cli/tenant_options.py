"""What the commands on tenants have in common: their options, and how a tenant is shown."""

from typing import Annotated

from sync_assets.cli.command import option
from sync_assets.cli.output import print_json, print_table
from sync_assets.core.tenants import Tenant

Url = Annotated[str | None, option(help="The site's address, such as https://site.com.")]
Organization = Annotated[str | None, option(help="Who owns the tenant.")]
Username = Annotated[str | None, option(help="The account's name at the source.")]
PasswordStdin = Annotated[
    bool, option("--password-stdin", help="Read the account's password from standard input.")
]
Public = Annotated[bool, option("--public", help="No account: only what everybody may see.")]
Settings = Annotated[
    list[str] | None,
    option("--setting", metavar="KEY=VALUE", help="A setting of the source; repeatable."),
]
Schedule = Annotated[
    str | None,
    option(
        metavar="CRON|off|default",
        help="When it is synced: a cron line of its own, never, or with all others.",
    ),
]
NoCheck = Annotated[bool, option("--no-check", help="Do not ask the site for the account.")]


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
        "schedule": tenant.schedule or "default",
        "status": "active" if tenant.active else "removed",
        "createdAt": tenant.created_at,
    }


def print_tenant(tenant: Tenant, *, as_json: bool) -> None:
    """Print one tenant."""
    entry = shown(tenant)
    if as_json:
        print_json(entry)
        return
    settings = ", ".join(f"{name}={value}" for name, value in tenant.settings.items())
    entry = {**entry, "settings": settings, "createdAt": f"{tenant.created_at:%Y-%m-%d %H:%M UTC}"}
    print_table(["", tenant.id], [[k, v] for k, v in entry.items() if k not in {"id", "public"}])
