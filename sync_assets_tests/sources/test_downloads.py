"""Files are fetched into the place that they are for, or it is said at once why not."""

import errno
from io import BytesIO
from typing import Any

import pytest

from sync_assets.core.errors import OperatorMustAct, SourceChanged
from sync_assets.sources.answers import stays_secret
from sync_assets.sources.http import HttpSession
from sync_assets_tests.sources.hostile import HostileServer, redirect, reply


def test_one_redirect_is_followed(session: HttpSession, server: HostileServer):
    server.play(redirect("/moved"), reply(b"the whole"))
    file = BytesIO()
    assert session.download(f"{server.url}/file?signature=secret", file).ok
    assert file.getvalue() == b"the whole"
    assert [talk.target for talk in server.seen] == ["/file?signature=secret", "/moved"]


@pytest.mark.parametrize(
    "onward", ["/twice", "file:///etc/passwd", "http://user@127.0.0.1/", "ftp://127.0.0.1/file"]
)
def test_an_address_that_leads_astray_fails_at_once(
    session: HttpSession, server: HostileServer, onward: str
):
    server.play(redirect(onward), redirect("/thrice"))
    with pytest.raises(SourceChanged, match="leads on") as caught:
        session.download(f"{server.url}/file?signature=secret", BytesIO())
    assert len(server.seen) == (2 if onward == "/twice" else 1)
    assert "signature" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "onward", "wanted"),
    [
        ("https://shop.test/file", "https://files.test/file", True),
        ("https://shop.test/file", "http://files.test/file", False),
        ("http://shop.test/file", "http://files.test/file", True),
        ("http://shop.test/file", "HTTPS://files.test/file", True),
    ],
)
def test_a_redirect_never_leads_from_https_to_http(url: str, onward: str, wanted: bool):
    assert stays_secret(url, onward) is wanted


class Full(BytesIO):
    """A file on a disk without room."""

    def write(self, buffer: Any, /) -> int:
        del buffer
        raise OSError(errno.ENOSPC, "No space left on device")


class FullLater(BytesIO):
    """A file that keeps what it is given for a while before the disk gets it."""

    def flush(self) -> None:
        raise OSError(errno.EDQUOT, "Disk quota exceeded")


@pytest.mark.parametrize("file", [Full(), FullLater()])
def test_a_full_disk_is_said_to_be_one(session: HttpSession, server: HostileServer, file: BytesIO):
    server.play(reply(b"the whole"))
    with pytest.raises(OperatorMustAct, match="no room"):
        session.download(server.url, file)
    assert len(server.seen) == 1
