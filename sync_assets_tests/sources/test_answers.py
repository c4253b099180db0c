import pytest

from sync_assets.sources.answers import (
    may_carry_credentials,
    redirected_to,
    retry_after,
    shown,
    worth_another_try,
)


@pytest.mark.parametrize(
    ("origin", "target", "allowed"),
    [
        ("https://a.org/x", "https://a.org/y", True),
        ("http://a.org/x", "https://a.org/x", True),
        ("http://a.org:8080/x", "https://a.org/x", True),
        ("https://a.org/", "https://a.org:443/", True),
        ("https://A.org/", "https://a.org/", True),
        ("https://a.org/", "http://a.org/", False),
        ("https://a.org/", "https://www.a.org/", False),
        ("https://a.org/", "https://b.org/", False),
        ("https://a.org/", "https://a.org:8443/", False),
        ("https://a.org/", "https://a.org.evil.org/", False),
        ("https://a.org/", "https://a.org:x/", False),
        ("http://a.org/", "https://b.org/", False),
    ],
)
def test_credentials_stay_with_their_host(origin: str, target: str, allowed: bool) -> None:
    assert may_carry_credentials(origin, target) is allowed


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": ""}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "120"}, 120.0),
        ({"Retry-After": " 1.5 "}, 1.5),
        (
            {
                "Retry-After": "Wed, 01 Jan 2020 00:01:00 GMT",
                "Date": "Wed, 01 Jan 2020 00:00:00 GMT",
            },
            60.0,
        ),
        ({"Retry-After": "Wed, 01 Jan 2020 00:01:00 GMT"}, 0.0),
        ({"Retry-After": "-5"}, None),
    ],
)
def test_how_long_the_site_asks_to_be_left_alone(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after(headers) == seconds


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("https://a.org/wp-json/wp/v2/posts?status=any&key=1", "https://a.org/wp-json/wp/v2/posts"),
        ("https://u:p@a.org/x", "https://a.org/x"),
        ("https://a.org/?rest_route=/wp/v2/posts&key=1", "https://a.org/?rest_route=/wp/v2/posts"),
        ("http://[", "(unreadable)"),
    ],
)
def test_an_address_is_shown_without_its_secrets(url: str, text: str) -> None:
    assert shown(url) == text


@pytest.mark.parametrize(
    ("status", "location", "onward"),
    [
        (301, "/b#part", "https://a.org/b"),
        (302, "//b.org/x", "https://b.org/x"),
        (303, "https://b.org/", "https://b.org/"),
        (307, "b?c=1", "https://a.org/x/b?c=1"),
        (308, "http://[", "http://["),
        (304, "/b", None),
        (200, "/b", None),
        (301, "", None),
    ],
)
def test_where_a_redirect_leads(status: int, location: str, onward: str | None) -> None:
    assert redirected_to(status, {"Location": location}, "https://a.org/x/y") == onward


def test_which_statuses_may_get_better() -> None:
    better = {status for status in range(100, 600) if worth_another_try(status)}
    assert {408, 429, 500, 502, 503, 504, 508, 520, 522} <= better
    assert not {200, 301, 400, 401, 403, 404, 410, 501, 505} & better
