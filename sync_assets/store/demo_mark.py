"""Remembers where the bundled demos are: the only private addresses that need no leave."""

import json
from pathlib import Path
from urllib.parse import urlsplit

from sync_assets.core.tenants import Tenant

DEMO = "demo"
"""The id of the demo site's tenant."""

DEMO_SHOP = "demo-shop"
"""The id of the demo shop's tenant."""

_HERE = {"127.0.0.1", "localhost"}


def mark_demo(home: Path, url: str, tenant_id: str = DEMO) -> None:
    """Note the address at which this program itself has just started a tenant's demo."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    _mark(home, tenant_id).write_text(json.dumps({"url": url}))


def is_demo(home: Path, tenant: Tenant) -> bool:
    """Is it a demo's tenant, on this machine, at exactly the address that was noted?"""
    if tenant.id not in {DEMO, DEMO_SHOP} or urlsplit(tenant.url).hostname not in _HERE:
        return False
    try:
        return json.loads(_mark(home, tenant.id).read_text()) == {"url": tenant.url}
    except (OSError, ValueError):
        return False  # no demo was ever started from this folder


def _mark(home: Path, tenant_id: str) -> Path:
    return home / f"{tenant_id}.json"
