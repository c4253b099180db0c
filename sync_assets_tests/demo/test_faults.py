import time

import pytest
import requests

from sync_assets.demo import DemoSite, faults
from sync_assets.demo.faults import Fault
from sync_assets.demo.messages import Request, Response
from sync_assets_tests.demo.conftest import Get


def test_a_fault_strikes_as_often_as_told(demo: DemoSite, get: Get) -> None:
    demo.faults.add(Fault(faults.rate_limited(retry_after=2), path="/posts", times=2))
    answers = [get("tags"), get("posts"), get("posts"), get("posts")]
    assert [answer.status_code for answer in answers] == [200, 429, 429, 200]
    assert answers[1].headers["Retry-After"] == "2"


def test_a_fault_can_wait_for_its_turn(demo: DemoSite, get: Get) -> None:
    demo.faults.add(Fault(faults.status(502), after=1))
    assert [get("posts").status_code for _ in range(3)] == [200, 502, 200]


def test_maintenance_is_html_with_a_time_to_come_back(demo: DemoSite, get: Get) -> None:
    demo.faults.add(Fault(faults.maintenance()))
    answer = get("posts")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "600")
    assert "maintenance" in answer.text


def test_html_may_come_with_status_200(demo: DemoSite, get: Get) -> None:
    demo.faults.add(Fault(faults.html_page()))
    with pytest.raises(requests.JSONDecodeError):
        get("posts").json()


def test_the_right_json_may_be_wrapped(demo: DemoSite, get: Get) -> None:
    demo.faults.add(Fault(faults.wrapped(b"\xef\xbb\xbf", b"<!-- cached -->")))
    assert get("posts").content == b"\xef\xbb\xbf[]<!-- cached -->"


def test_a_body_may_be_cut_off(demo: DemoSite, get: Get) -> None:
    demo.faults.add(Fault(faults.truncated()))
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        get("../../")
    assert get("../../").ok


def test_the_connection_may_close_without_an_answer(demo: DemoSite, get: Get) -> None:
    demo.faults.add(Fault(faults.hang_up()))
    with pytest.raises(requests.ConnectionError):
        get("posts")


def test_an_answer_may_drip(demo: DemoSite, get: Get) -> None:
    demo.faults.add(Fault(faults.slow(0.2)))
    start = time.monotonic()
    assert get("../../").ok
    assert time.monotonic() - start > 0.15


def test_a_redirect_leads_elsewhere(demo: DemoSite, get: Get) -> None:
    demo.faults.add(Fault(faults.redirect(f"{demo.url}/wp-json/wp/v2/tags")))
    assert get("posts").url.endswith("/tags")


def test_any_callable_is_a_fault(demo: DemoSite, get: Get) -> None:
    def trash_between_pages(request: Request) -> Response | None:
        if request.params.get("page") == "2":
            demo.site.trash("posts", 1)
        return None

    demo.site.add("posts", title="Olá")
    demo.faults.add(trash_between_pages)
    get("posts", page=1)
    assert demo.site.entry("posts", 1).status == "publish"
    get("posts", page=2)
    assert demo.site.entry("posts", 1).status == "trash"


def test_faults_can_be_cleared(demo: DemoSite, get: Get) -> None:
    demo.faults.add(Fault(faults.status(500), times=None))
    assert get("posts").status_code == 500
    demo.faults.clear()
    assert get("posts").ok


def test_stopping_does_not_wait_for_a_slow_answer() -> None:
    start = time.monotonic()
    with DemoSite.start(seed=False) as demo:
        demo.faults.add(Fault(faults.slow(30)))
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{demo.url}/wp-json/", timeout=0.1)
    assert time.monotonic() - start < 5
