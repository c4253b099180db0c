"""A real WordPress on this machine: MariaDB, php-fpm and nginx, private and thrown away after use.

    with Stack() as stack:
        site = stack.site("sao-paulo", timezone="America/Sao_Paulo")

Nothing of the system's own services is used, and nothing is written outside a temporary folder.
"""

import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import Self

from sync_assets_tests.real_wordpress.docroot import make_docroot
from sync_assets_tests.real_wordpress.mariadb import MariaDB
from sync_assets_tests.real_wordpress.processes import free_port
from sync_assets_tests.real_wordpress.site import WordPressSite
from sync_assets_tests.real_wordpress.web import Web


class Stack:
    """The servers, and the sites on them, which are made when first asked for."""

    def __init__(self) -> None:
        self._sites: dict[str, WordPressSite] = {}
        self._exit = contextlib.ExitStack()

    def __enter__(self) -> Self:
        # Not pytest's tmp_path: that is 0700, and the servers' users could not enter it.
        self.folder = Path(tempfile.mkdtemp(prefix="wordpress-"))
        with contextlib.ExitStack() as undo:
            undo.callback(shutil.rmtree, self.folder, ignore_errors=True)
            self.folder.chmod(0o755)
            self._start(undo)
            self._exit = undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._exit.close()

    def site(self, name: str, timezone: str = "UTC") -> WordPressSite:
        """The site of that name: the one already made, or a fresh installation in the time zone.

        A name is letters, digits and hyphens. A fresh site takes about two seconds.
        """
        if name not in self._sites:
            self._sites[name] = self._install(name, timezone)
        return self._sites[name]

    def _start(self, undo: contextlib.ExitStack) -> None:
        self._mariadb = MariaDB(self.folder)
        self._web = Web(self.folder)
        for server in (self._mariadb.server, *self._web.servers):
            server.start()
            undo.callback(server.stop)
        self._mariadb.wait()
        self._web.wait()

    def _install(self, name: str, timezone: str) -> WordPressSite:
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        database = self._mariadb.create(name)
        docroot = make_docroot(self.folder / name, database, url)
        access_log = self._web.serve(name, docroot, port)
        site = WordPressSite(name, url, docroot, database, access_log)
        site.install(timezone)
        return site
