"""`sync-assets tenant hook`."""

from typing import Annotated

import typer

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
    json: Json = False,
) -> None:
    """Make the secret with which a tenant's site signs its hints.

    It takes the place of an older one at once.
    """
    with opened() as platform:
        tenant = registered(platform, tenant_id)
        if platform.spec(tenant.source).hint is None:
            raise OperatorMustAct(f"{tenant.source} sends no hints.")
        if remove:
            platform.hooks.close(tenant.id)
        secret = None if remove else platform.hooks.make(tenant.id)
    if json:
        print_json({"id": tenant.id, "secret": secret})
    elif secret is None:
        say(f"{tenant.id}'s site is heard no more.")
    else:
        typer.echo(_LINES.format(tenant=tenant.id, secret=secret))
