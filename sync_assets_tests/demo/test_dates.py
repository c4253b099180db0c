import pytest

from sync_assets.demo import DemoSite
from sync_assets_tests.demo.conftest import Get, error, ids


@pytest.fixture
def noon(demo: DemoSite) -> int:
    """Modified at 12:00 in São Paulo, 15:00 UTC."""
    return demo.site.add("posts", title="Meio-dia", date="2024-05-01T12:00:00")


def test_modified_gmt_has_no_zone(get: Get, noon: int) -> None:
    assert get(f"posts/{noon}").json()["modified_gmt"] == "2024-05-01T15:00:00"


@pytest.mark.parametrize(
    ("after", "found"),
    [
        ("2024-05-01T11:59:59", True),
        ("2024-05-01T12:00:00", False),
        ("2024-05-01T14:59:59Z", True),
        ("2024-05-01T15:00:00Z", False),
        ("2024-05-01T15:59:59+01:00", True),
    ],
)
def test_modified_after_is_strict_and_local_without_a_zone(
    get: Get, noon: int, after: str, found: bool
) -> None:
    assert ids(get("posts", modified_after=after)) == ([noon] if found else [])


@pytest.mark.parametrize("text", ["2024-05-01", "ontem", "2024-05-01T12:00:00 01:00"])
def test_modified_after_must_be_a_full_date(get: Get, text: str) -> None:
    assert error(get("posts", modified_after=text)) == (400, "rest_invalid_param")


def test_terms_ignore_modified_after(demo: DemoSite, get: Get) -> None:
    tag = demo.site.add("tags", name="mar")
    assert ids(get("tags", modified_after="2999-01-01T00:00:00Z")) == [tag]


def test_a_new_time_zone_leaves_old_rows_in_the_old_time(demo: DemoSite, noon: int) -> None:
    demo.site.timezone = "Europe/Lisbon"
    later = demo.site.add("posts", title="Lisboa", date="2024-05-01T12:00:00")
    assert demo.site.entry("posts", noon).modified_gmt == "2024-05-01T15:00:00"
    assert demo.site.entry("posts", later).modified_gmt == "2024-05-01T11:00:00"


def test_the_zero_date_comes_as_wordpress_shows_it(demo: DemoSite, get: Get) -> None:
    post = demo.site.add("posts", title="Zero", date="-0001-11-30T00:00:00")
    shown = get(f"posts/{post}").json()
    assert (shown["modified"], shown["modified_gmt"]) == ("-0001-11-30T00:00:00",) * 2


def test_the_date_header_is_the_sites_own_time(get: Get) -> None:
    assert get("posts").headers["Date"] == "Wed, 01 May 2024 15:00:00 GMT"
