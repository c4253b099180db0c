"""`sync-assets gateway`: the API of tenants and their back ends."""

import os

from sync_assets.cli import children
from sync_assets.cli.command import App
from sync_assets.cli.opened import opened
from sync_assets.cli.output import say
from sync_assets.cli.ports import check_free

app = App()


@app.verb()
def gateway() -> None:
    """Serve the gateway, until Ctrl-C.

    At SYNC_ASSETS_GATEWAY_HOST and _PORT: 127.0.0.1:3001, unless they say otherwise.
    """
    from sync_assets.environment import environment
    from sync_assets.settings import inherited

    with opened() as platform:
        host, port = platform.settings.gateway_host, platform.settings.gateway_port
        check_free(host, port, "SYNC_ASSETS_GATEWAY_PORT")
        variables = {**inherited(), **environment(platform)}
    say(f"The gateway is at http://{host}:{port} . Ctrl-C stops it.")
    program, *arguments = children.python("sync_assets.gateway")
    os.execve(program, [program, *arguments], variables)  # noqa: S606 - ourselves, in our place
