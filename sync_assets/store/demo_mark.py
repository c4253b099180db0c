"""Remembers where the bundled demo site is: the one private address that needs no leave."""

import json
from pathlib import Path
from urllib.parse import urlsplit

from sync_assets.core.tenants import Tenant

DEMO = "demo"
"""The id of the demo's tenant."""

_HERE = {"127.0.0.1", "localhost"}


def mark_demo(home: Path, url: str) -> None:
    """Note the address at which this program itself has just started the demo site."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    _mark(home).write_text(json.dumps({"url": url}))


def is_demo(home: Path, tenant: Tenant) -> bool:
    """Is it the demo's tenant, on this machine, at exactly the address that was noted?"""
    if tenant.id != DEMO or urlsplit(tenant.url).hostname not in _HERE:
        return False
    try:
        return json.loads(_mark(home).read_text()) == {"url": tenant.url}
    except (OSError, ValueError):
        return False  # no demo was ever started from this folder


def _mark(home: Path) -> Path:
    return home / "demo.json"
