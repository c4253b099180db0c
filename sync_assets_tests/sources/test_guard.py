import socket

import pytest

from sync_assets.sources import guard
from sync_assets.sources.guard import AddressRefused, NoSuchHost, check_host, is_public


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "200.160.2.3",
        "2001:12ff:0:2::3",
        "::ffff:8.8.8.8",
        "2002:808:808::1",
        "64:ff9b::808:808",
    ],
)
def test_the_public_internet_is_open(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "127.9.9.9",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.2.1",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fc00::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "2002:7f00:1::1",
        "2002:a00:1::1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
    ],
)
def test_everything_else_is_closed(address: str) -> None:
    assert not is_public(address)


def _resolves_to(*addresses: str):
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in addresses]
    return lambda *_args, **_kwargs: found


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard.socket, "getaddrinfo", _resolves_to("8.8.8.8", "10.0.0.1"))
    with pytest.raises(AddressRefused):
        check_host("example.org", 80)


def test_a_host_with_public_addresses_only_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard.socket, "getaddrinfo", _resolves_to("8.8.8.8", "2001:12ff:0:2::3"))
    check_host("example.org", 80)


def test_a_name_that_does_not_exist_is_told_from_a_name_server_that_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(code: int):
        def look_up(*_args: object, **_kwargs: object) -> None:
            raise socket.gaierror(code, "no")

        return look_up

    monkeypatch.setattr(guard.socket, "getaddrinfo", fails(socket.EAI_NONAME))
    with pytest.raises(NoSuchHost):
        check_host("example.org", 80)
    monkeypatch.setattr(guard.socket, "getaddrinfo", fails(socket.EAI_AGAIN))
    with pytest.raises(socket.gaierror):
        check_host("example.org", 80)


def test_a_name_that_cannot_be_one_does_not_exist() -> None:
    with pytest.raises(NoSuchHost):
        check_host(f"{'a' * 70}.example", 80)
