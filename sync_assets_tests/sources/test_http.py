import gzip
import logging
import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from sync_assets.core.errors import RetryLater, Stopped, TenantMustAct
from sync_assets.core.ports import RequestStats
from sync_assets.core.retry import Backoff
from sync_assets.core.stop import StopSignal
from sync_assets.core.tenants import Credentials
from sync_assets.sources.answers import TooLarge, Unserved
from sync_assets.sources.http import HttpSession
from sync_assets.sources.wire import Limits, Sent
from sync_assets_tests.contracts.conversation import story
from sync_assets_tests.sources.conftest import Connect
from sync_assets_tests.sources.hostile import (
    HostileServer,
    drip,
    hang_up,
    hostile_server,
    raw,
    redirect,
    reply,
    silence,
    truncated,
)

AUTH = Credentials("sync", "abcd efgh ijkl")


def test_a_good_answer_comes_at_once(session: HttpSession, server: HostileServer) -> None:
    server.play(reply(b'[{"id":1}]', X_WP_Total="1"))
    answer = session.get(server.url, {"include": "1,2"}, auth=AUTH, expect=list)
    assert answer.json == [{"id": 1}]
    assert answer.headers["x-wp-total"] == "1"
    assert server.seen[0].target == "/?include=1,2"


def test_a_connection_is_kept_for_the_next_request(
    session: HttpSession, server: HostileServer
) -> None:
    server.play(reply(b"[]"))
    for _ in range(3):
        session.get(server.url, expect=list)
    assert len({talk.wire for talk in server.seen}) == 1


def test_a_request_names_the_program_and_keeps_no_cookie(
    session: HttpSession, server: HostileServer
) -> None:
    server.play(reply(b"[]", Set_Cookie="wordpress_logged_in=1; Path=/"))
    session.get(server.url, expect=list)
    session.get(server.url, expect=list)
    assert server.seen[1].headers["user-agent"].startswith("sync-assets")
    assert "cookie" not in server.seen[1].headers


def test_a_netrc_file_gives_no_credentials_away(
    session: HttpSession, server: HostileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    server.play(reply(b"[]"))
    session.get(server.url, expect=list)
    assert "authorization" not in server.seen[0].headers


def test_a_proxy_of_the_environment_is_not_used(
    session: HttpSession, server: HostileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    server.play(reply(b"[]"))
    assert session.get(server.url, expect=list).ok


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(reply(b"busy", 429), id="429"),
        pytest.param(reply(b"busy", 429, Retry_After="0"), id="429 with Retry-After"),
        pytest.param(reply(b"", 408), id="408"),
        pytest.param(reply(b"<h1>oops</h1>", 500), id="500"),
        pytest.param(reply(b"", 502), id="502"),
        pytest.param(reply(b"", 503), id="503"),
        pytest.param(reply(b"", 504), id="504"),
        pytest.param(reply(b"<html>Checking your browser</html>"), id="a page with 200"),
        pytest.param(reply(b""), id="nothing with 200"),
        pytest.param(reply(b'{"id":1}'), id="an object instead of a list"),
        pytest.param(reply(b'[{"id":1},{"id'), id="half of the JSON"),
        pytest.param(hang_up, id="hangs up"),
        pytest.param(truncated(), id="less than promised"),
        pytest.param(raw(b"SSH-2.0-OpenSSH_9.2\r\n", keep=False), id="no HTTP"),
        pytest.param(
            raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n[{", keep=False),
            id="a chunk that breaks off",
        ),
        pytest.param(reply(b"no gzip", Content_Encoding="gzip"), id="broken gzip"),
    ],
)
def test_trouble_is_waited_out(trouble, session: HttpSession, server: HostileServer) -> None:
    server.play(trouble, reply(b'[{"id":7}]'))
    assert session.get(server.url, expect=list).json == [{"id": 7}]
    assert len(server.seen) == 2


def test_every_try_is_counted(
    session: HttpSession, server: HostileServer, stats: RequestStats
) -> None:
    server.play(reply(b"", 500), redirect("/other"), reply(b"[]"))
    session.get(server.url, expect=list)
    assert stats.requests == 3
    assert stats.milliseconds > 0


def test_trouble_without_end_is_for_later(session: HttpSession, server: HostileServer) -> None:
    server.play(reply(b"secret stack trace", 500))
    with pytest.raises(Unserved, match=r"^acme's site http://127.0.0.1:\d+/posts answered 500\."):
        session.get(f"{server.url}/posts", {"token": "hush"}, auth=AUTH, expect=list)
    assert len(server.seen) == 4


def test_fewer_attempts_can_be_asked_for(session: HttpSession, server: HostileServer) -> None:
    server.play(reply(b"", 500))
    with pytest.raises(Unserved):
        session.get(server.url, expect=list, attempts=2)
    assert len(server.seen) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 501])
def test_a_refusal_is_not_repeated(
    status: int, session: HttpSession, server: HostileServer
) -> None:
    server.play(reply(b'{"code":"rest_no_route"}', status))
    answer = session.get(server.url, expect=list)
    assert (answer.status, answer.json) == (status, {"code": "rest_no_route"})
    assert len(server.seen) == 1


def test_a_refusal_in_html_has_no_json(session: HttpSession, server: HostileServer) -> None:
    server.play(reply(b"<h1>Forbidden</h1>", 403))
    assert session.get(server.url, expect=list).json is None


def test_a_refusal_of_megabytes_is_not_read(session: HttpSession, server: HostileServer) -> None:
    server.play(reply(b"{" * 3_000_000, 403))
    assert session.get(server.url, expect=list).json is None


def test_a_long_retry_after_is_not_waited_for(session: HttpSession, server: HostileServer) -> None:
    server.play(reply(b"", 503, Retry_After="600"))
    with pytest.raises(RetryLater) as caught:
        session.get(server.url, expect=list)
    assert caught.value.after == 600
    assert not isinstance(caught.value, Unserved)  # the site is closed, whatever is asked
    assert len(server.seen) == 1


def test_retry_after_may_be_a_date_of_the_sites_clock(
    session: HttpSession, server: HostileServer
) -> None:
    slow_clock = datetime(2020, 1, 1, tzinfo=UTC)
    later = slow_clock + timedelta(seconds=900)
    times = {"Date": format_datetime(slow_clock, usegmt=True)}
    server.play(reply(b"", 429, Retry_After=format_datetime(later, usegmt=True), **times))
    with pytest.raises(RetryLater) as caught:
        session.get(server.url, expect=list)
    assert caught.value.after == 900


def test_the_wait_is_what_the_site_asks_for(
    connect: Connect, server: HostileServer, stop: StopSignal, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(stop, "wait", waits.append)
    server.play(reply(b"", 503, Retry_After="0.05"), reply(b"[]"))
    connect(backoff=Backoff(ceiling=1)).get(server.url, expect=list)
    asked = [seconds for seconds in waits if seconds != 0.25]  # the watch looks about as well
    assert len(asked) == 1
    assert 0.05 <= asked[0] < 1.05


def test_an_answer_beyond_the_cap_is_not_read_on(connect: Connect, server: HostileServer) -> None:
    server.play(reply(b"[" + b" " * 3_000_000 + b"]"))
    session = connect(limits=Limits(body=1_000_000))
    with pytest.raises(TooLarge, match="smaller batch size"):
        session.get(server.url, expect=list)
    assert len(server.seen) == 1


def test_a_gzip_bomb_is_caught(connect: Connect, server: HostileServer) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    assert len(bomb) < 100_000
    server.play(reply(bomb, Content_Encoding="gzip"))
    with pytest.raises(TooLarge):
        connect(limits=Limits(body=1_000_000)).get(server.url, expect=list)


def test_gzip_is_asked_for_and_unpacked(session: HttpSession, server: HostileServer) -> None:
    server.play(reply(gzip.compress(b'[{"id":1}]'), Content_Encoding="gzip"))
    assert session.get(server.url, expect=list).json == [{"id": 1}]
    assert "gzip" in server.seen[0].headers["accept-encoding"]


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n[", id="the body"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX-Long: ", id="the head"),
    ],
)
def test_an_answer_that_drips_has_a_deadline(
    first: bytes, connect: Connect, server: HostileServer
) -> None:
    server.play(drip(server, first))
    session = connect(backoff=Backoff(attempts=1), limits=Limits(answer=0.05))
    with pytest.raises(Unserved, match="did not answer in time"):
        session.get(server.url, expect=list)


def test_a_silent_site_is_not_listened_to_for_long(connect: Connect, server: HostileServer) -> None:
    server.play(silence(server))
    session = connect(backoff=Backoff(attempts=1), limits=Limits(read=0.05))
    with pytest.raises(Unserved, match="did not answer in time"):
        session.get(server.url, expect=list)


@pytest.mark.parametrize("act", [silence, lambda server: drip(server, b"HTTP/1.1 200 OK\r\n\r\n[")])
def test_a_stop_is_obeyed_while_an_answer_is_awaited(
    act, session: HttpSession, server: HostileServer, stop: StopSignal
) -> None:
    server.play(act(server))
    threading.Timer(0.1, stop.set).start()
    began = time.monotonic()
    with pytest.raises(Stopped):
        session.get(server.url, expect=list)
    assert time.monotonic() - began < 2


def test_a_stop_is_obeyed_between_two_tries(
    connect: Connect, server: HostileServer, stop: StopSignal
) -> None:
    server.play(reply(b"", 503))
    session = connect(backoff=Backoff(base=60))
    threading.Timer(0.1, stop.set).start()
    with pytest.raises(Stopped):
        session.get(server.url, expect=list)
    assert len(server.seen) == 1


def test_a_closed_port_is_for_later_and_no_fault_of_the_request(session: HttpSession) -> None:
    with hostile_server() as gone:
        url = gone.url
    with pytest.raises(RetryLater, match="cannot be reached") as caught:
        session.get(url, expect=list)
    assert not isinstance(caught.value, Unserved)


def test_headers_alone_can_be_asked_for(session: HttpSession, server: HostileServer) -> None:
    server.play(reply(b"<html>" * 500_000, Link="<x>"))
    answer = session.get(server.url)
    assert (answer.headers["Link"], answer.json) == ("<x>", None)


def test_neither_logs_nor_errors_show_a_secret(
    session: HttpSession, server: HostileServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.play(reply(b"body-secret", 500))
    with caplog.at_level(logging.DEBUG), pytest.raises(RetryLater) as caught:
        session.get(f"{server.url}/a", {"token": "query-secret"}, auth=AUTH, expect=list)
    ours = [record for record in caplog.records if record.name.startswith("sync_assets")]
    shown = str(caught.value) + "".join(str(vars(record)) for record in ours)
    assert ours
    for secret in ("body-secret", "query-secret", "abcd", "YWJjZCBl", AUTH.username):
        assert secret not in shown.replace("sync_assets", "").replace("The sync goes on", "")


def test_a_log_line_tells_what_a_request_cost(
    session: HttpSession, server: HostileServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.play(reply(b"[]"))
    with caplog.at_level(logging.DEBUG, "sync_assets"):
        session.get(f"{server.url}/a", {"page": 1}, expect=list)
    details = vars(caplog.records[0])
    assert (details["tenant"], details["status"], details["bytes"]) == ("acme", 200, 2)
    assert details["url"] == f"{server.url}/a"


# What is sent


def test_a_post_arrives_with_its_body_and_headers(
    session: HttpSession, server: HostileServer
) -> None:
    server.play(reply(b'{"a": 1}'))
    sent = Sent(b'{"query": "{}"}', {"X-Token": "secret-token"})
    assert session.post(f"{server.url}/graphql", sent, expect=dict).json == {"a": 1}
    assert "secret-token" not in repr(sent)


@pytest.mark.parametrize("value", ["a\nb", "a\r\nX-Other: b", " a", "€"])
def test_what_cannot_be_a_header_is_not_sent(
    value: str, session: HttpSession, server: HostileServer
) -> None:
    """A token that a platform grants may be anything."""
    with pytest.raises(RetryLater, match="broke off"):
        session.post(server.url, Sent(b"{}", {"X-Token": value}), expect=dict)
    assert server.seen == []


def test_a_redirect_of_a_post_is_not_followed(session: HttpSession, server: HostileServer) -> None:
    server.play(redirect("/elsewhere"), reply(b"{}"))
    with pytest.raises(TenantMustAct, match="redirects to") as caught:
        session.post(server.url, Sent(b"{}", {"X-Token": "secret-token"}), expect=dict)
    assert "secret-token" not in str(caught.value)


def test_a_download_begins_anew_with_every_try(session: HttpSession, server: HostileServer) -> None:
    server.play(reply(b"half", 500), reply(b"the whole"))
    with TemporaryFile() as file:
        file.write(b"something longer from before")
        assert session.download(server.url, file).ok
        file.seek(0)
        assert file.read() == b"the whole"


def test_no_error_carries_the_signature_of_an_address(session: HttpSession) -> None:
    """Dagster stores what caused an error, too."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]  # nobody listens there from now on
    address = f"http://127.0.0.1:{port}/bulk/1.jsonl?signature=good-for-a-week"
    with TemporaryFile() as file, pytest.raises(RetryLater) as caught:
        session.download(address, file)
    assert "good-for-a-week" not in story(caught.value)
