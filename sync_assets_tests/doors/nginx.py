"""Both doors of docs/operating.md, word for word but for ports and paths, in Debian's nginx."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sync_assets.settings import PROJECT
from sync_assets_tests.doors.certificate import self_signed
from sync_assets_tests.real_wordpress.processes import Server, free_port, program

OPERATORS, PUBLIC = "dagster.example.org", "sync.example.org"
USER, PASSWORD = "ana", "maré-alta 7:3"

_PAGE = PROJECT / "docs/operating.md"
_DEBIANS = Path("/etc/nginx/nginx.conf")
_LOGIN = re.compile(r"^ +auth_basic.*\n +auth_basic_user_file.*\n", re.MULTILINE)
_TEMPORARY = ("client_body", "proxy", "fastcgi", "scgi", "uwsgi")


@dataclass(frozen=True, slots=True)
class Doors:
    """A running nginx.

    Attributes:
        tls: the port of both doors.
        plain: the port that port 80 stands for.
        certificate: what a client has to trust.
        log: what the operators' door noted.
    """

    tls: int
    plain: int
    certificate: Path
    log: Path


@contextmanager
def opened(
    *, dagster: int, gateway: int, identity: int | None = None, user: tuple[str, str] | None = None
) -> Generator[Doors]:
    """The doors in front of what listens on these ports of 127.0.0.1.

    Args:
        dagster: the webserver's port.
        gateway: the gateway's port.
        identity: the port of an identity provider that is asked instead of the file.
        user: name and password of the only operator.
    """
    # Not pytest's tmp_path: that is 0700, and nginx's workers could not enter it.
    folder = Path(tempfile.mkdtemp(prefix="sync-assets-doors-"))
    try:
        folder.chmod(0o755)
        ports = {"443": free_port(), "80": free_port(), "3000": dagster, "3001": gateway}
        doors = Doors(
            ports["443"], ports["80"], folder / "fullchain.pem", folder / "logs/operators.log"
        )
        _prepare(folder, ports if identity is None else {**ports, "4180": identity})
        if user:
            _let_in(folder, *user)
        with _running(folder):
            yield doors
    finally:
        shutil.rmtree(folder)


def snippets(language: str) -> list[str]:
    """What the page's section shows in a language."""
    [section] = re.findall(r"^## The doors\n(.*?)^## ", _PAGE.read_text(), re.DOTALL | re.MULTILINE)
    return re.findall(rf"^```{language}\n(.*?)^```", section, re.DOTALL | re.MULTILINE)


def _prepare(folder: Path, ports: Mapping[str, int]) -> None:
    """Everything that the configuration names, and the configuration."""
    for name in ("conf.d", "logs"):
        (folder / name).mkdir()
    (folder / "sync_assets.htpasswd").touch()
    self_signed(folder, OPERATORS, PUBLIC)
    (folder / "nginx.conf").write_text(_main(folder))
    (folder / "conf.d/sync_assets.conf").write_text(_ours(folder, ports))


def _main(folder: Path) -> str:
    """Debian's own configuration, so that ours is known to fit into it."""
    temporary = "\n".join(f"{name}_temp_path {folder}/{name};" for name in _TEMPORARY)
    text = _DEBIANS.read_text()
    for old, new in {
        "worker_processes auto;": "worker_processes 1;\ndaemon off;",
        "user www-data;": "user www-data;" if os.geteuid() == 0 else "",
        "/run/nginx.pid": f"{folder}/nginx.pid",
        "/var/log/nginx/": f"{folder}/logs/",
        "include /etc/nginx/conf.d/*.conf;": f"include {folder}/conf.d/*.conf;",
        "include /etc/nginx/sites-enabled/*;": temporary,
    }.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def _ours(folder: Path, ports: Mapping[str, int]) -> str:
    """The page's configuration, with its ports and paths moved into the test's own."""
    text, instead = snippets("nginx")
    if "4180" in ports:
        text, count = _LOGIN.subn(lambda _: instead, text)
        assert count == 1
    text = re.sub(r"^ +listen \[::\]:.*\n", "", text, flags=re.MULTILINE)  # not every machine's
    text = re.sub(r"listen (\d+)", lambda found: f"listen 127.0.0.1:{ports[found[1]]}", text)
    text = re.sub(r"127\.0\.0\.1:(\d{4});", lambda found: f"127.0.0.1:{ports[found[1]]};", text)
    for path in ("/etc/letsencrypt/live/example.org/", "/etc/nginx/"):
        text = text.replace(path, f"{folder}/")
    return text.replace("/var/log/nginx/", f"{folder}/logs/")


def _let_in(folder: Path, user: str, password: str) -> None:
    """Make an operator by the page's command, with the password on its standard input."""
    [line] = [line for line in "".join(snippets("sh")).splitlines() if line.startswith("printf")]
    line = line.replace("/etc/nginx/", f"{folder}/").replace("passwd -6", "passwd -6 -stdin")
    line = line.replace(" ana ", f" {user} ")
    subprocess.run(["/bin/sh", "-c", line], input=password.encode(), check=True)  # noqa: S603


@contextmanager
def _running(folder: Path) -> Generator[None]:
    main = str(folder / "nginx.conf")
    command = [program("nginx"), "-e", "stderr", "-p", str(folder), "-c", main]
    server = Server("nginx", command, folder / "nginx.log")
    server.start()
    try:
        # nginx writes its pid when its configuration is accepted.
        server.wait_for((folder / "nginx.pid").exists)
        yield
    finally:
        server.stop()
