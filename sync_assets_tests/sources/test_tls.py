"""Whose certificates are believed."""

import ssl
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

import certifi
import pytest

from sync_assets.core.errors import TenantMustAct
from sync_assets.core.tenants import Credentials
from sync_assets.sources import guard
from sync_assets.sources.http import HttpSession
from sync_assets.sources.trust import trusted
from sync_assets_tests.sources.certificates import self_signed
from sync_assets_tests.sources.hostile import (
    HostileServer,
    hostile_server,
    reply,
)

AUTH = Credentials("sync", "abcd efgh ijkl")


def test_a_certificate_that_cannot_be_trusted_is_the_tenants_matter(
    session: HttpSession, tmp_path: Path
) -> None:
    told = r"^acme's site https://127\.0\.0\.1:\d+ .* TLS"
    with https(self_signed(tmp_path)) as server, pytest.raises(TenantMustAct, match=told):
        session.get(server.url, auth=AUTH, expect=list)
    assert server.seen == []


def test_a_certificate_that_has_expired_is_one_of_these(
    session: HttpSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for until, name in ((timedelta(days=1), "good"), (-timedelta(days=1), "expired")):
        folder = tmp_path / name
        folder.mkdir()
        certificate = self_signed(folder, until=until)
        trust(certificate, monkeypatch)
        with https(certificate) as server:
            if name == "good":  # it is trusted, while it is good
                assert session.get(server.url, auth=AUTH, expect=list).json == []
                continue
            with pytest.raises(
                TenantMustAct, match=r"^acme's site https://127\.0\.0\.1:\d+ .* TLS"
            ):
                session.get(server.url, auth=AUTH, expect=list)
            assert server.seen == []


def test_a_certificate_for_another_host_is_one_of_these(
    session: HttpSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = self_signed(tmp_path)
    trust(certificate, monkeypatch)
    with https(certificate) as server, pytest.raises(TenantMustAct, match="TLS certificate"):
        session.get(server.url.replace("127.0.0.1", "localhost"), auth=AUTH, expect=list)
    assert server.seen == []


def test_the_authorities_are_mozillas_and_read_once() -> None:
    theirs = ssl.create_default_context(cafile=certifi.where())
    assert trusted() is trusted()
    assert sorted(trusted().get_ca_certs(True)) == sorted(theirs.get_ca_certs(True))
    assert (trusted().verify_mode, trusted().check_hostname) == (ssl.CERT_REQUIRED, True)


def trust(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the bundle hold this certificate only, and be read for each pool."""
    monkeypatch.setattr("certifi.where", partial(str, certificate))
    monkeypatch.setattr(guard, "trusted", trusted.__wrapped__)


@contextmanager
def https(certificate: Path) -> Generator[HostileServer]:
    """A server behind TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with hostile_server(lambda plain: context.wrap_socket(plain, server_side=True)) as server:
        server.play(reply(b"[]"))
        yield server
