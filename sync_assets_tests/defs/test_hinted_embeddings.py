"""The texts of what was hinted at are embedded in the same run."""

from collections.abc import Generator

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.hints import Hint
from sync_assets.core.requests import State
from sync_assets.demo import DemoSite
from sync_assets.enqueue import hint
from sync_assets.settings import Settings
from sync_assets_tests.conftest import register
from sync_assets_tests.defs.running import Dagster, requests, started_steps
from sync_assets_tests.embeddings.choosing import choose
from sync_assets_tests.embeddings.fake_provider import fake_provider
from sync_assets_tests.embeddings.syncing import vectors

pytestmark = pytest.mark.postgres


@pytest.fixture
def platform(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Generator[Platform]:
    """The platform, with embeddings."""
    assert settings.given_database_url
    with fake_provider() as provider:
        choose(provider, monkeypatch)
        platform = Platform(Settings())
        yield platform
        platform.close()


def test_a_hinted_text_is_embedded_and_one_that_is_gone_is_forgotten(
    platform: Platform, dagster: Dagster, empty_site: DemoSite
):
    site = empty_site.site
    names = ("Ferry", "Train")
    ferry, train = (site.add("posts", title=name, content=f"The {name} leaves") for name in names)
    register(platform, "acme", empty_site)
    assert dagster.sync("acme").success
    site.edit("posts", ferry, content="Tickets are sold on board")
    site.delete("posts", train)
    hints = [Hint("posts", "post", key) for key in (ferry, train)]
    hint(platform, "acme", hints, asked_by="wordpress")
    [result] = dagster.work()
    assert result.success
    begun = {step.partition(".")[0] for step in started_steps(result) if "checks" not in step}
    assert begun == {"wordpress__posts", "wordpress__embeddings"}
    embedded = " ".join(vectors(platform, "acme"))
    assert "Tickets are sold on board" in embedded
    assert "leaves" not in embedded
    assert "Train" not in embedded
    assert [request.state for request in requests(platform) if request.options.hinted] == [
        State.COMPLETED
    ]
