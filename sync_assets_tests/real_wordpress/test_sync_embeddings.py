"""Search follows what happens to a post at a real site, one sync later."""

from collections.abc import Callable, Generator

import pytest

from sync_assets.bootstrap import Platform
from sync_assets_tests.real_wordpress.fields import PostFields
from sync_assets_tests.real_wordpress.mirror import Mirror
from sync_assets_tests.real_wordpress.site import WordPressSite

BLOCKS = """<!-- wp:paragraph --><p>{text}</p><!-- /wp:paragraph -->
<!-- wp:shortcode -->[contact-form-7 id="9"]<!-- /wp:shortcode -->"""
FERRY = "A balsa para a ilha sai do cais às seis da manhã, menos aos domingos."
LIGHTHOUSE = "O farol abre para visitas no primeiro sábado de cada mês, com entrada franca."


@pytest.fixture
def embedding(
    new_site: Callable[..., WordPressSite], mirror_of: Callable[..., Mirror]
) -> Generator[Mirror]:
    """A small site whose texts are embedded by the model that comes with the program."""
    mirror = mirror_of(new_site(), posts=5, pages=2, media=1, categories=2, tags=2, eventos=1)
    settings = mirror.platform.settings.model_copy(update={"embeddings": True})
    platform = Platform(settings)
    yield Mirror(platform, mirror.site, mirror.seeded, mirror.tenant)
    platform.close()


def best(mirror: Mirror, question: str) -> int:
    """The record that answers a question best."""
    return mirror.platform.search(mirror.tenant.id, question).hits[0].record_id


@pytest.mark.parametrize("change", [PostFields(status="private"), None, PostFields(password="x")])  # noqa: S106
def test_search_follows_a_post(embedding: Mirror, change: PostFields | None) -> None:
    site, ask = embedding.site, "When does the ferry leave?"
    post = site.create_post(title="Horários", content=BLOCKS.format(text=FERRY))
    other = site.create_post(title="Visitas", content=BLOCKS.format(text="Nada por enquanto."))
    embedding.sync()
    assert best(embedding, ask) == post
    [hit] = embedding.platform.search(embedding.tenant.id, ask, limit=1).hits
    assert (hit.source_type, hit.text) == ("wp_post", FERRY)
    site.edit_post(other, content=BLOCKS.format(text=LIGHTHOUSE))
    embedding.sync()
    assert best(embedding, "Quando posso visitar o farol?") == other
    if change is None:
        site.trash(post)
    else:
        site.edit_post(post, **change)
    embedding.sync()
    found = embedding.platform.search(embedding.tenant.id, ask, limit=100).hits
    assert post not in {hit.record_id for hit in found}
