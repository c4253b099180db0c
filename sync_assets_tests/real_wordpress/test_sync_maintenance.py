"""A site in maintenance answers every request with 503, a web page and `Retry-After: 600`."""

from collections.abc import Iterator

import pytest

from sync_assets.core.errors import RetryLater
from sync_assets_tests.real_wordpress.gate import Gate
from sync_assets_tests.real_wordpress.happenings import something_happens
from sync_assets_tests.real_wordpress.mirror import Mirror, failure

ASKED_FOR = 600  # seconds


@pytest.fixture
def upgraded(mirror: Mirror) -> Iterator[Mirror]:
    """Its upgrade is over when the test is."""
    yield mirror
    mirror.site.maintenance(on=False)


def test_a_site_in_maintenance_is_left_alone(upgraded: Mirror) -> None:
    mirror, due = upgraded, something_happens(upgraded)
    stamps, tombstones = mirror.held.stamps(), mirror.held.tombstones()
    asked = len(mirror.site.requests_seen())
    mirror.site.maintenance(on=True)
    assert_goes_on_later(mirror, failure(mirror.attempt()))
    assert mirror.held.stamps() == stamps
    assert len(mirror.site.requests_seen()) == asked + 1
    mirror.site.maintenance(on=False)
    mirror.sync()
    assert mirror.differences() == []
    assert mirror.held.tombstones() - tombstones == due


def test_maintenance_in_the_middle_of_a_sync_harms_nothing(upgraded: Mirror) -> None:
    mirror, due = upgraded, something_happens(upgraded)
    before, tombstones = mirror.state(), mirror.held.tombstones()
    with Gate(mirror.site.url) as gate:
        gate.before(r"/wp/v2/posts\?.*offset=990&", lambda: mirror.site.maintenance(on=True))
        assert_goes_on_later(mirror, failure(mirror.attempt(gate.url)))
        assert not gate.waiting
    assert mirror.state()["posts"] == before["posts"]
    assert mirror.held.tombstones() == tombstones
    mirror.site.maintenance(on=False)
    mirror.sync()
    assert mirror.differences() == []
    assert mirror.held.tombstones() - tombstones == due


def assert_goes_on_later(mirror: Mirror, error: Exception) -> None:
    assert isinstance(error, RetryLater)
    assert error.after == ASKED_FOR
    assert str(error).startswith(f"{mirror.tenant.id}'s site ")
    assert "answered 503. Waiting helps, as a rule." in str(error)
