"""`sync-assets webhook`: where a tenant's changes are sent."""

from typing import Annotated

from sync_assets.cli.command import App, Json, TenantId, option
from sync_assets.cli.opened import opened, registered
from sync_assets.cli.output import print_json, print_table, say
from sync_assets.cli.times import local

app = App(help="Send a tenant's changes to an address of its own.")


@app.verb("set")
def set_(
    tenant_id: TenantId,
    *,
    url: Annotated[str, option(help="Where to send them, such as https://site.com/hook.")],
    new_secret: Annotated[
        bool, option("--new-secret", help="Sign with another secret from now on.")
    ] = False,
    json: Json = False,
) -> None:
    """Send a tenant's changes there from now on, signed with a secret.

    The secret is shown once. A webhook that there is already keeps its own, and goes on where it
    was.
    """
    from sync_assets.core import webhooks

    with opened() as platform:
        tenant = registered(platform, tenant_id)
        fresh = new_secret or not platform.webhooks.has(tenant.id)
        secret = webhooks.new_secret() if fresh else None
        now = platform.changes.now(tenant.id)
        platform.webhooks.set(tenant.id, webhooks.checked_url(url), secret, now)
    if json:
        print_json({"tenant": tenant.id, "url": url, "secret": secret})
        return
    say(f"The changes of {tenant.id} are sent there from now on.")
    if secret is not None:
        say("This secret signs them. It is not shown again:")
        print_table(["secret"], [[secret]])


@app.verb("list")
def list_all(*, json: Json = False) -> None:
    """List the webhooks and how they stand."""
    with opened() as platform:
        hooks, zone = platform.webhooks.all(), platform.settings.timezone
    if json:
        print_json([hook.as_dict() for hook in hooks])
        return
    names = ("tenant", "url", "state", "delivered", "last heard", "failures", "error")
    print_table(
        names,
        (
            (
                hook.tenant_id,
                hook.shown_url,
                hook.state,
                hook.delivered,
                hook.delivered_at and local(hook.delivered_at, zone),
                hook.failures,
                hook.last_error,
            )
            for hook in hooks
        ),
    )


@app.verb()
def show(tenant_id: TenantId, *, json: Json = False) -> None:
    """Show how a tenant's webhook stands."""
    with opened() as platform:
        registered(platform, tenant_id)
        hook, zone = platform.webhooks.get(tenant_id), platform.settings.timezone
    entry = hook.as_dict()
    if json:
        print_json(entry)
        return
    times = ("failingSince", "nextAt", "deliveredAt", "createdAt")
    entry |= {name: entry[name] and local(entry[name], zone) for name in times}
    print_table(["", hook.tenant_id], [*entry.items()][1:])


@app.verb()
def resume(tenant_id: TenantId) -> None:
    """Try again at once, also where it was given up."""
    with opened() as platform:
        registered(platform, tenant_id)
        platform.webhooks.resume(tenant_id)
    say(f"The webhook of {tenant_id} is tried again.")


@app.verb()
def remove(tenant_id: TenantId) -> None:
    """Send nothing more."""
    with opened() as platform:
        registered(platform, tenant_id)
        platform.webhooks.remove(tenant_id)
    say(f"{tenant_id} has no webhook any more.")
