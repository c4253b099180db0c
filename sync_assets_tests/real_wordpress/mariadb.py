"""A private MariaDB: its own data directory, a Unix socket and no network."""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sync_assets_tests.real_wordpress.processes import Server, StackFailed, accepts, program, run

# sockaddr_un has room for 108 bytes, the closing zero among them.
LONGEST_SOCKET_PATH = 107
SYSTEM_USER = "mysql"


@dataclass(frozen=True, slots=True)
class Database:
    """One site's database, reached with the `mariadb` client over the socket."""

    name: str
    socket: Path

    def execute(self, sql: str) -> str:
        """Runs statements; gives the client's raw output, a line a row."""
        client = [program("mariadb"), "--no-defaults", f"--socket={self.socket}", "--user=root"]
        # Without --raw the client would escape the backslashes of JSON a second time.
        plain = ["--batch", "--raw", "--skip-column-names", "--default-character-set=utf8mb4"]
        return run([*client, *plain, "--max-allowed-packet=256M", self.name], sql)

    def rows(self, table: str, columns: str, rest: str = "") -> list[dict[str, Any]]:
        """Rows of a SELECT as dicts; `columns` are names and commas, `rest` joins and filters."""
        names = [column.strip() for column in columns.split(",")]
        pairs = ", ".join(f"'{name.split('.')[-1]}', {name}" for name in names)
        lines = self.execute(f"SELECT JSON_OBJECT({pairs}) FROM {table} {rest};")  # noqa: S608
        return [json.loads(line, strict=False) for line in lines.split("\n") if line]


class MariaDB:
    """The server. Its files are in `folder`, which the system user must be able to enter."""

    def __init__(self, folder: Path) -> None:
        # The data are the server's own; the socket's folder is also entered by php-fpm's user.
        self._data = folder / "mariadb-data"
        self.socket = folder / "mariadb" / "mariadb.sock"
        if len(str(self.socket)) > LONGEST_SOCKET_PATH:
            raise StackFailed(f"{self.socket} is too long for a Unix socket.")
        self._data.mkdir()
        self.socket.parent.mkdir()
        self._user = self._give_to_system_user() if os.geteuid() == 0 else []
        self._install()
        self.server = Server("MariaDB", self._command(), folder / "mariadb.log")

    def wait(self) -> None:
        self.server.wait_for(lambda: accepts(self.socket))

    def create(self, name: str) -> Database:
        Database("mysql", self.socket).execute(
            f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;"
        )
        return Database(name, self.socket)

    def _give_to_system_user(self) -> list[str]:
        # MariaDB refuses to run as root.
        for own in (self._data, self.socket.parent):
            shutil.chown(own, SYSTEM_USER, SYSTEM_USER)
        return [f"--user={SYSTEM_USER}"]

    def _install(self) -> None:
        run(
            [
                program("mariadb-install-db"),
                "--no-defaults",
                f"--datadir={self._data}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                "--skip-name-resolve",
                *self._user,
            ]
        )

    def _command(self) -> list[str]:
        return [
            program("mariadbd"),
            "--no-defaults",
            f"--datadir={self._data}",
            f"--socket={self.socket}",
            f"--pid-file={self._data}/mariadb.pid",
            "--skip-networking",
            "--max-allowed-packet=256M",
            "--innodb-buffer-pool-size=128M",
            # Tests need no durability: no fsync per commit.
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-doublewrite=0",
            *self._user,
        ]
