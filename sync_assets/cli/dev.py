"""`sync-assets dev`: database, Dagster and gateway in one terminal; one Ctrl-C stops all."""

import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from sync_assets.cli import children, demo, demo_shop, dev_gateway, server, tenant_input
from sync_assets.cli.children import Child
from sync_assets.cli.command import FAILED, App, option
from sync_assets.cli.opened import opened
from sync_assets.cli.output import say
from sync_assets.cli.ports import check_free
from sync_assets.cli.signals import Asked, asked

if TYPE_CHECKING:
    from sync_assets.bootstrap import Platform

app = App()

_WORKSPACE = ("-w", "workspace.yaml")


@app.verb()
def dev(
    *,
    port: Annotated[int, option(min=1, max=65535, help="Of the Dagster UI.")] = 3000,
    host: Annotated[str, option(help="Where the Dagster UI listens.")] = "127.0.0.1",
    gateway_port: Annotated[
        int | None, option(min=1, max=65535, help="Of the gateway; 3001, or one that is free.")
    ] = None,
    with_demo: Annotated[
        bool, option("--demo", help="Also start a demo site, register and sync it.")
    ] = False,
    site: Annotated[
        str | None, option(metavar="URL", help="With --demo: this public site instead.")
    ] = None,
    with_shop: Annotated[
        bool, option("--demo-shop", help="Also start a simulated shop, register and sync it.")
    ] = False,
) -> None:
    """Start everything, until Ctrl-C.

    The database, the Dagster UI and the Dagster daemon, the gateway with its status pages, and
    with --demo a site to sync, with --demo-shop a shop.
    """
    if site is not None and not with_demo:
        raise typer.BadParameter("--site belongs to --demo.")
    site = tenant_input.address(site, "--site") if site is not None else None
    check_free(host, port)
    with asked() as flag, _platform() as platform:
        running: list[Child] = []
        try:
            _start(platform, running, host, port)
            with dev_gateway.started(platform, running, gateway_port) as gateway:
                if with_demo:
                    demo.begin(platform, running, site, flag)
                if with_shop and not flag.to_stop:
                    demo_shop.begin(platform, running, flag)
                gateway.introduce()
                _supervise(running, flag, host, port)
        finally:
            say("Stopping …")
            children.stop(reversed(running))
    say("Stopped.")


@contextmanager
def _platform() -> "Generator[Platform]":
    """The platform; an embedded server that was not running before is stopped at the end."""
    with opened() as platform:
        home = platform.settings.home
        ran = server.runs(home)
        try:
            yield platform
        finally:
            platform.close()
            if not ran and server.stop(home):
                say("Stopped the embedded PostgreSQL.")


def _start(platform: "Platform", running: list[Child], host: str, port: int) -> None:
    """Start the webserver and the daemon."""
    from sync_assets.environment import environment

    variables = environment(platform)
    logs = platform.settings.home / "logs"
    web = children.script("dagster-webserver", "-h", host, "-p", str(port), *_WORKSPACE)
    daemon = children.script("dagster-daemon", "run", *_WORKSPACE)
    for name, command in {"dagster-webserver": web, "dagster-daemon": daemon}.items():
        running.append(children.start(name, command, logs / f"{name}.log", variables))
    say(f"Starting. Logs are in {logs}.")


def _supervise(running: Sequence[Child], flag: Asked, host: str, port: int) -> None:
    """Say when the UI answers, and watch until a signal comes or a process ends."""
    url = f"http://{_reachable(host)}:{port}"
    announced = False
    while not flag.to_stop:
        for child in running:
            if child.status is not None:
                _say_dead(child)
                raise typer.Exit(FAILED)
        if not announced and _answers(url):
            announced = True
            say(f"The Dagster UI is at {url} . Ctrl-C stops everything.")
        time.sleep(0.2)


def _reachable(host: str) -> str:
    """The host for a URL; a server that listens everywhere is here, too."""
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _answers(url: str) -> bool:
    from urllib.request import urlopen

    try:
        with urlopen(f"{url}/server_info", timeout=1) as response:  # noqa: S310 - our own address
            return response.status == 200
    except OSError:  # a URLError is one
        return False


def _say_dead(child: Child) -> None:
    say(f"{child.name} ended with status {child.status}. The end of {child.log}:")
    say(child.last_lines())
