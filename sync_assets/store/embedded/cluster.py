"""The cluster: made once, and never half."""

import shutil
from pathlib import Path

from sync_assets.store.embedded.account import Account
from sync_assets.store.embedded.binaries import Binaries
from sync_assets.store.embedded.place import Place
from sync_assets.store.embedded.server import ROLE, EmbeddedPostgresError

# For a small machine; an operator may differ, in postgresql.conf. Durable, as PostgreSQL always is.
# Large values are compressed with pglz: these binaries are built without lz4.
_SETTINGS = {
    "max_connections": "100",
    "shared_buffers": "128MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
}


def create(place: Place, binaries: Binaries, account: Account, in_use: int) -> None:
    """Run initdb beside the cluster's place and move the result there.

    Args:
        place: where.
        binaries: PostgreSQL.
        account: the cluster's owner.
        in_use: the lock's descriptor, which initdb keeps: if we are killed, the next start waits.

    Raises:
        EmbeddedPostgresError: initdb failed.
    """
    workspace = place.workspace()
    password, data = workspace / "password", workspace / "data"
    password.touch(mode=0o600)
    password.write_text(place.kept_password())
    data.mkdir(mode=0o700)
    account.own(workspace, password, data)
    start = place.log.stat().st_size
    with place.log.open("ab") as log:
        command = _initdb(binaries, data, password)
        status = account.run(command, output=log, inherit=[in_use])
    if status != 0:
        raise EmbeddedPostgresError(
            f"initdb could not create the database in {place.root} (exit status {status}). "
            f"{place.log} ends with:\n{place.log_since(start)}"
        )
    data.rename(place.data)
    shutil.rmtree(workspace)


def _initdb(binaries: Binaries, data: Path, password: Path) -> list[str | Path]:
    command: list[str | Path] = [binaries.program("initdb"), "--no-instructions", "--pgdata", data]
    command += ["--username", ROLE, "--pwfile", password, "--auth", "scram-sha-256"]
    # PostgreSQL's own C.UTF-8: the same on every system, and no libc upgrade can break an index.
    command += ["--encoding", "UTF8", "--locale", "C"]
    command += ["--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"]
    # The password is 32 random bytes, which nobody guesses: 4,096 rounds of hashing protect nothing
    # and cost both ends of each connection 2 ms.
    command += ["--set", "scram_iterations=1"]
    for name, value in _SETTINGS.items():
        command += ["--set", f"{name}={value}"]
    return command


def check_version(data: Path, binaries: Binaries) -> None:
    """Refuse a cluster of another major version, before PostgreSQL does so less clearly.

    Raises:
        EmbeddedPostgresError: the versions differ.
    """
    made_by = (data / "PG_VERSION").read_text().strip()
    if made_by != str(binaries.major):
        raise EmbeddedPostgresError(
            f"The database in {data} was made by PostgreSQL {made_by}; this installation brings "
            f"PostgreSQL {binaries.major}, which cannot read it. Dump it with the installation "
            f"that made it (pg_dumpall), move {data} away, start again and load the dump."
        )
