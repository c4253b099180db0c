"""WordPress keeps the contract of a source."""

from collections.abc import Iterator

import pytest

from sync_assets.demo.server import DemoSite
from sync_assets_tests.contracts.reading_contract import (
    AbsenceContract,
    FetchContract,
    ListingContract,
    SyncContract,
)
from sync_assets_tests.contracts.source_contract import SourceContract
from sync_assets_tests.contracts.wordpress_lab import MediaLab, PostsLab, TermsLab


@pytest.fixture
def demo() -> Iterator[DemoSite]:
    with DemoSite.start(seed=False) as demo:
        yield demo


class TestPosts(SourceContract):
    """Posts, which are listed first and then read by id."""

    @pytest.fixture
    def lab(self, demo: DemoSite) -> PostsLab:
        return PostsLab(demo)


class TestMedia(ListingContract, FetchContract, AbsenceContract, SyncContract):
    """Media, which have a status of their own; trouble meets them as it meets posts."""

    @pytest.fixture
    def lab(self, demo: DemoSite) -> MediaLab:
        return MediaLab(demo)


class TestTerms(SourceContract):
    """Terms, whose contents come with the listing."""

    @pytest.fixture
    def lab(self, demo: DemoSite) -> TermsLab:
        return TermsLab(demo)
