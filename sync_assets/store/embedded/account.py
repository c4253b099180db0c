"""The operating-system account that PostgreSQL runs as: it refuses root."""

import os
import pwd
import subprocess
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from sync_assets.store.embedded.server import EmbeddedPostgresError

# Nothing of ours is handed down: PGOPTIONS, PGDATA, LC_ALL or TZ would change the server.
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def is_root() -> bool:
    """Whether PostgreSQL needs another account than ours."""
    return os.geteuid() == 0


@dataclass(frozen=True, slots=True)
class Account:
    """Who runs PostgreSQL: ourselves when there are no ids, else the account with these ids."""

    uid: int | None = None
    gid: int | None = None

    @classmethod
    def nobody(cls) -> Self:
        """The account of new clusters when we are root."""
        entry = pwd.getpwnam("nobody")
        return cls(entry.pw_uid, entry.pw_gid)

    @classmethod
    def of(cls, data: Path) -> Self:
        """The account for a cluster: when we are root its owner, who may be an ordinary user.

        Raises:
            EmbeddedPostgresError: the cluster belongs to root.
        """
        if not is_root():
            return cls()
        if not data.exists():
            return cls.nobody()
        owner = data.stat()
        if owner.st_uid == 0:
            raise EmbeddedPostgresError(
                f"{data} belongs to root, as whom PostgreSQL refuses to run. "
                f"Give it to another account, for example: chown -R nobody {data}"
            )
        return cls(owner.st_uid, owner.st_gid)

    def own(self, *paths: Path) -> None:
        """Give the paths to this account."""
        if self.uid is not None and self.gid is not None:
            for path in paths:
                os.chown(path, self.uid, self.gid)

    def can_enter(self, folder: Path) -> bool:
        """Ask the kernel whether this account gets into the folder."""
        return self.run(["/bin/sh", "-c", 'cd "$0"', folder]) == 0

    def run(
        self,
        command: Sequence[str | Path],
        *,
        output: IO[bytes] | int = subprocess.DEVNULL,
        inherit: Collection[int] = (),
    ) -> int:
        """Run a command as this account, away from our terminal, and return its exit status.

        Args:
            command: absolute program and arguments.
            output: where both outputs go; never a pipe, which a server would outlive.
            inherit: file descriptors that the command and its children keep.
        """
        return subprocess.run(  # noqa: S603 - an argument list, no shell expansion
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
            cwd="/",  # The caller's may be closed to this account, which initdb does not survive.
            env=_ENVIRONMENT,
            umask=0o077,
            start_new_session=True,  # Ctrl-C in our terminal is not for PostgreSQL.
            user=self.uid,
            group=self.gid,
            extra_groups=None if self.uid is None else [],
            pass_fds=inherit,
        ).returncode
