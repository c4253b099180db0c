"""The demo of `sync-assets dev --demo`: a site, a tenant, a first sync."""

import re
import shlex
import sys
import time
from collections.abc import Mapping, MutableSequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sync_assets.cli import children
from sync_assets.cli.account import check
from sync_assets.cli.children import Child
from sync_assets.cli.follow import run_or_follow
from sync_assets.cli.output import say
from sync_assets.cli.ports import free
from sync_assets.cli.signals import Asked
from sync_assets.cli.sync import show_end
from sync_assets.core.errors import OperatorMustAct, UnknownTenant
from sync_assets.core.tenants import Credentials, Tenant
from sync_assets.store.demo_mark import DEMO, mark_demo

if TYPE_CHECKING:
    from sync_assets.bootstrap import Platform

_PORT = 8081  # the same each time where it is free: links in the content name it
_PATIENCE = 30.0  # seconds for the site to say where it is
_URL = re.compile(r"https?://[^\s()]+")
_NEXT = {
    "sync demo": "again: nothing changed, so nothing is written",
    "sync demo --plan": "what a sync would do",
    "report --tenant demo": "the report of the last one",
    "export demo posts": "the rows, as JSON lines",
    'search demo "peixe fresco"': "by meaning and by words, in Portuguese and English",
}


def begin(
    platform: "Platform", running: MutableSequence[Child], site: str | None, flag: Asked
) -> None:
    """Register the site as the tenant `demo`, sync it, say what to try next.

    Args:
        platform: notes where the bundled site is, which is let through from then on.
        running: the bundled site's process is added to it.
        site: the address of a public site; None for the bundled one.
        flag: a wish to stop ends the sync.
    """
    tenant = _public(site) if site else _bundled(platform, running, flag)
    if tenant is None:
        return
    check(platform, tenant)
    register(platform, tenant)
    show_end(platform, run_or_follow(platform, platform.request(DEMO), flag))
    if not flag.to_stop:
        say(what_next())


def what_next(commands: Mapping[str, str] = _NEXT) -> str:
    """Commands to try, as they can be typed in the folder where this one was."""
    here, script = Path.cwd(), Path(sys.executable).with_name("sync-assets")
    command = shlex.quote(str(script.relative_to(here) if script.is_relative_to(here) else script))
    width = max(map(len, commands))
    lines = (f"  {command} {words:<{width}}  # {effect}" for words, effect in commands.items())
    return "\n".join(["", "Try, in another terminal, in this folder:", *lines, ""])


def _public(site: str) -> Tenant:
    return Tenant(DEMO, "wordpress", "demo", site)


def _bundled(platform: "Platform", running: MutableSequence[Child], flag: Asked) -> Tenant | None:
    """Start the bundled site; None when a stop was asked for meanwhile."""
    from sync_assets.demo.site import PASSWORD, USERNAME

    command = children.python("sync_assets.demo", "--port", str(free("127.0.0.1", _PORT)))
    log = platform.settings.home / "logs" / "demo-site.log"
    child = children.start("The demo site", command, log, {})
    running.append(child)
    said = heard(child, _URL, flag, _PATIENCE)
    if said is None:
        return None
    mark_demo(platform.settings.home, said.group())
    return Tenant(DEMO, "wordpress", "demo", said.group(), Credentials(USERNAME, PASSWORD))


def heard(
    child: Child, pattern: re.Pattern[str], flag: Asked, patience: float
) -> re.Match[str] | None:
    """What a demo says of itself when it is ready; None when a stop was asked for meanwhile.

    Raises:
        OperatorMustAct: it ended, or said nothing for so many seconds.
    """
    deadline = time.monotonic() + patience
    while child.status is None and time.monotonic() < deadline:
        if flag.to_stop:
            return None
        if said := pattern.search(child.last_lines()):
            return said
        time.sleep(0.05)
    last = [line for line in child.last_lines().splitlines() if line.strip()]
    why = f": {last[0].rstrip('.')}" if child.status is not None and last else ""
    raise OperatorMustAct(f"{child.name} did not start{why}. Read {child.log}.")


def register(platform: "Platform", tenant: Tenant) -> None:
    """Add the tenant, or point the one of an earlier demo at the new address."""
    try:
        earlier = platform.tenants.get(tenant.id)
    except UnknownTenant:
        platform.tenants.add(tenant)
    else:
        platform.tenants.update(replace(tenant, settings=earlier.settings))
