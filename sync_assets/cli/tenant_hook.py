"""`sync-assets tenant hook`."""

from typing import Annotated

import typer

from sync_assets.cli import tenant_input
from sync_assets.cli.command import App, Json, TenantId, option
from sync_assets.cli.opened import opened, registered
from sync_assets.cli.output import print_json, say
from sync_assets.core.errors import OperatorMustAct

app = App()

_LINES = """\
The secret is shown this once. In the site's wp-config.php, above "That's all, stop editing!":

define( 'SYNC_ASSETS_URL', 'https://…' );  // where your gateway is reached
define( 'SYNC_ASSETS_TENANT', '{tenant}' );
define( 'SYNC_ASSETS_SECRET', '{secret}' );

Then copy wordpress/sync-assets-hints.php into the site's wp-content/mu-plugins."""


@app.verb()
def hook(
    tenant_id: TenantId,
    *,
    remove: Annotated[
        bool, option("--remove", help="Take no hints of the tenant's site any more.")
    ] = False,
    secret_stdin: Annotated[
        bool,
        option(
            "--secret-stdin",
            help="Read the secret, where the platform makes it: Shopify signs with the app's.",
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Make the secret with which a tenant's site signs its hints.

    It takes the place of an older one at once.
    """
    if remove and secret_stdin:
        raise typer.BadParameter("Give either --remove or --secret-stdin.")
    with opened() as platform:
        tenant = registered(platform, tenant_id)
        if platform.spec(tenant.source).hint is None:
            raise OperatorMustAct(f"{tenant.source} sends no hints.")
        if remove:
            platform.hooks.close(tenant.id)
        if secret_stdin:
            platform.hooks.keep(tenant.id, tenant_input.password())
            say(f"Kept. Webhooks go to /v1/hooks/{tenant.source}/{tenant.id} of the gateway.")
            return
        secret = None if remove else platform.hooks.make(tenant.id)
    if json:
        print_json({"id": tenant.id, "secret": secret})
    elif secret is None:
        say(f"{tenant.id}'s site is heard no more.")
    else:
        typer.echo(_LINES.format(tenant=tenant.id, secret=secret))
