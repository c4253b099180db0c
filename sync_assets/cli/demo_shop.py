"""The demo of `sync-assets dev --demo-shop`: a simulated shop, a first sync, a month in figures."""

import re
from collections.abc import MutableSequence
from typing import TYPE_CHECKING

from sync_assets.cli import children
from sync_assets.cli.account import check
from sync_assets.cli.children import Child
from sync_assets.cli.demo import heard, register, what_next
from sync_assets.cli.follow import run_or_follow
from sync_assets.cli.month import print_summary
from sync_assets.cli.output import out, say
from sync_assets.cli.ports import free
from sync_assets.cli.signals import Asked
from sync_assets.cli.sync import show_end
from sync_assets.core.errors import OperatorMustAct
from sync_assets.core.tenants import Credentials, Tenant
from sync_assets.store.demo_mark import DEMO_SHOP, mark_demo

if TYPE_CHECKING:
    from sync_assets.bootstrap import Platform

_PORT = 8082
_ORDERS = 900  # over 900 days; from 1,000 on the first load would wait for a bulk operation
_PATIENCE = 200.0  # seconds: the first time npm fetches the schema, which may take 180
_SAID = re.compile(r"(?P<url>https?://\S+)\s+token \S+\s+client (?P<id>\S+) (?P<secret>\S+)")
_NEXT = {
    f"sync {DEMO_SHOP}": "again: nothing changed, so nothing is written",
    f"summary {DEMO_SHOP} --format png --output {DEMO_SHOP}.png": "the month as a picture",
    f"summary {DEMO_SHOP} --format csv": "and as a table for a spreadsheet",
    f"export {DEMO_SHOP} orders": "the rows, as JSON lines",
    f'search {DEMO_SHOP} "caneca de cerâmica"': "products by meaning and by words",
}


def begin(platform: "Platform", running: MutableSequence[Child], flag: Asked) -> None:
    """Start the shop, register it as the tenant `demo-shop`, sync it, sum up its month.

    Args:
        platform: notes where the shop is, which is let through from then on.
        running: the shop's process is added to it.
        flag: a wish to stop ends the sync.

    Raises:
        OperatorMustAct: the shop did not start, such as without the schema that npm fetches.
    """
    tenant = _shop(platform, running, flag)
    if tenant is None:
        return
    check(platform, tenant)
    register(platform, tenant)
    show_end(platform, run_or_follow(platform, platform.request(DEMO_SHOP), flag))
    if not flag.to_stop:
        out().print()
        print_summary(platform.summary(tenant.id, tenant.source))
        say(what_next(_NEXT))


def _shop(platform: "Platform", running: MutableSequence[Child], flag: Asked) -> Tenant | None:
    """Start the simulated shop; None when a stop was asked for meanwhile."""
    port = str(free("127.0.0.1", _PORT))
    command = children.python("sync_assets.demo.shop", "--port", port, "--orders", str(_ORDERS))
    log = platform.settings.home / "logs" / "demo-shop.log"
    child = children.start("The demo shop", command, log, {})
    running.append(child)
    try:
        said = heard(child, _SAID, flag, _PATIENCE)
    except OperatorMustAct as error:
        error.add_note("The first time, npm must reach its registry for the API's schema.")
        raise
    if said is None:
        return None
    mark_demo(platform.settings.home, said["url"], DEMO_SHOP)
    account = Credentials(said["id"], said["secret"])
    return Tenant(DEMO_SHOP, "shopify", "demo", said["url"], account)
