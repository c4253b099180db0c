"""What a search found, as the page shows it."""

from uuid import uuid4

import pytest

from sync_assets.core.search import Hit
from sync_assets.gateway.pages.english import ENGLISH
from sync_assets.gateway.pages.rendering import templates
from sync_assets.gateway.pages.search_view import LONGEST, hit_view


def hit(
    title: str = "Bread", text: str = "Sourdough.", link: str = "https://a.example/bread"
) -> Hit:
    return Hit("wp_post", 1, title, "", text, link, 0.9, 1, 1, 0, uuid4())


def rendered(found: Hit) -> str:
    class Wish:
        q = "bread"

    hits = [hit_view(found, ENGLISH)]
    shown = {"here": "/t/acme", "wish": Wish, "notes": [], "hits": hits, "words": ENGLISH}
    return templates().get_template("search.html").render(shown)


def test_a_hit_leads_to_the_site_and_nothing_leads_back():
    shown = rendered(hit())
    assert '<a href="https://a.example/bread" rel="noopener noreferrer" target="_blank">' in shown
    assert "a.example/bread" in shown
    assert "1 result" in shown


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "//a.example",
        "/x",
        "",
        "http://[",
    ],
)
def test_what_is_no_address_of_the_web_is_no_link(link: str):
    shown = rendered(hit(link=link))
    assert "<a " not in shown
    assert "Bread" in shown


def test_a_hostile_record_is_text():
    evil = "</bdi><script>alert(1)</script>"
    shown = rendered(hit(title=evil, text=evil, link='https://a/"onclick="x'))
    assert "<script>" not in shown
    assert 'href="https://a/&#34;onclick=&#34;x"' in shown


def test_a_long_text_is_cut_between_words():
    excerpt = hit_view(hit(text="word " * 500), ENGLISH).excerpt
    assert len(excerpt) <= LONGEST + 1
    assert excerpt.endswith("word…")


def test_a_record_without_a_title_can_still_be_opened():
    assert hit_view(hit(title=" "), ENGLISH).title == "(no title)"
