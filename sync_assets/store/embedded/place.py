"""Where one home keeps its PostgreSQL."""

import hashlib
import logging
import os
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sync_assets.store.embedded.account import Account, is_root
from sync_assets.store.embedded.server import EmbeddedPostgresError

FALLBACK = Path("/var/lib/sync-assets")
UNFINISHED = "unfinished-"

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """The files of one home's server.

    Attributes:
        home: SYNC_ASSETS_HOME, absolute and without symbolic links.
        root: the folder that PostgreSQL's own account can enter; holds the cluster and, where that
            account cannot read the virtual environment, a copy of the binaries.
    """

    home: Path
    root: Path

    @property
    def folder(self) -> Path:
        """What is ours alone, whichever account PostgreSQL runs as."""
        return self.home / "postgres"

    @property
    def data(self) -> Path:
        """The cluster."""
        return self.root / "data"

    @property
    def log(self) -> Path:
        """PostgreSQL's output."""
        return self.folder / "server.log"

    @property
    def port(self) -> Path:
        """The port of the last start."""
        return self.folder / "port"

    @property
    def starting(self) -> Path:
        """Locked while one process starts or stops the server."""
        return self.folder / "starting.lock"

    @property
    def in_use(self) -> Path:
        """Locked for as long as any process of PostgreSQL lives, wherever it was started."""
        return self.root / "in_use.lock"

    def password(self) -> str:
        """Read the superuser's password.

        Raises:
            EmbeddedPostgresError: there is a cluster but the file is gone.
        """
        file = self.folder / "password"
        if not file.exists():
            raise EmbeddedPostgresError(
                f"{file} is missing, so the database in {self.data} cannot be opened. "
                f"Restore that file, or move {self.data} away to begin with an empty database."
            )
        return file.read_text()

    def kept_password(self) -> str:
        """Read the password, making one for a cluster that is about to be created."""
        file = self.folder / "password"
        if not file.exists():
            keep(file, secrets.token_urlsafe(32))
        return self.password()

    def log_since(self, start: int) -> str:
        """The log's last lines after byte `start`, for error messages."""
        with self.log.open("rb") as file:
            file.seek(start)
            return "\n".join(file.read().decode(errors="replace").splitlines()[-15:])

    def workspace(self) -> Path:
        """A new private folder beside the cluster, whose finished content is renamed into place."""
        return Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=self.root))

    def remove_unfinished(self) -> None:
        """Clear what a killed start left behind. Only under both locks."""
        for leftover in self.root.glob(f"{UNFINISHED}*"):
            _logger.warning("Removing %s, left by a start that was killed.", leftover)
            shutil.rmtree(leftover, ignore_errors=True)


def find(home: Path) -> Place:
    """Say where the home's server is, or would be. Creates nothing."""
    home = home.resolve()
    record = home / "postgres" / "place"
    root = Path(record.read_text()) if record.exists() else home / "postgres"
    return Place(home=home, root=root.resolve())


def settle(place: Place, fallback: Path) -> Place:
    """Decide, once, where the home's cluster goes. Only under the starting lock.

    Nothing outside home is touched, except that as root a home that PostgreSQL's account cannot
    enter gets a new folder under `fallback`.
    """
    if place.data.exists() or place.root != place.folder or not is_root():
        return place
    place.folder.chmod(0o711)  # `nobody` passes through to data/; our own files there are 0600.
    if not Account.nobody().can_enter(place.folder):
        keep(place.folder / "place", str(_elsewhere(place.home, fallback)))
    return find(place.home)


def _elsewhere(home: Path, fallback: Path) -> Path:
    # The suffix: a home that was deleted and made again must not find the cluster of the old one.
    name = f"{hashlib.sha256(os.fsencode(home)).hexdigest()[:16]}-{secrets.token_hex(4)}"
    for path in (fallback, fallback / name):
        if not path.exists():
            path.mkdir(parents=True)
            path.chmod(0o711)
    _logger.warning("PostgreSQL's account cannot enter %s: data goes to %s.", home, fallback / name)
    return fallback / name


def keep(file: Path, text: str) -> None:
    """Write a small file for our eyes only, whole or not at all."""
    part = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    part.touch(mode=0o600)
    part.write_text(text)
    part.replace(file)
