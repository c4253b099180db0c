"""What an edit costs: chunks are known by their contents, and cut by what is nearby."""

from hashlib import blake2b
from importlib.metadata import version
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st
from semantic_text_splitter import TextSplitter

from sync_assets.embeddings.chunks import BETWEEN, SPLITTER, Chunk, chunks_of
from sync_assets.embeddings.cuts import MOST
from sync_assets_tests.core.properties import modestly
from sync_assets_tests.embeddings.articles import (
    LETTERS,
    VOCABULARY,
    Written,
    posts,
    prose,
    short_items,
)
from sync_assets_tests.embeddings.test_text import shown

Article = list[list[str]]
"""Sections of paragraphs; each has the heading "Part N"."""

articles = st.lists(st.lists(prose, min_size=2, max_size=6), min_size=1, max_size=4)
numbers = st.integers(0, 10_000)


def html_of(article: Article) -> str:
    return "\n".join(
        f"<h2>Part {number}</h2>\n" + "\n".join(f"<p>{text}</p>" for text in section)
        for number, section in enumerate(article)
    )


def hashes(body: str) -> list[bytes]:
    return [chunk.hash for chunk in chunks_of("Title", body)]


def listed(items: list[str]) -> str:
    return "<ul>" + "".join(f"<li>{item}</li>" for item in items) + "</ul>"


def new(before: str, after: str) -> int:
    """How many vectors the change costs."""
    return len(set(hashes(after)) - set(hashes(before)))


def test_the_title_is_a_chunk_of_its_own_and_headings_go_with_what_follows():
    found = chunks_of("A &amp; B", "Intro.<h2>One</h2><h3>Two</h3><p>Text.</p><h2>End</h2>")
    assert found == [
        Chunk(0, "", "A & B"),
        Chunk(1, "", "Intro."),
        Chunk(2, f"One{BETWEEN}Two", "One\nTwo\nText."),
        Chunk(3, "End", "End"),
    ]


@pytest.mark.parametrize("nothing", ["", " \n", "<p>&nbsp;</p>", "[gallery]", "<!-- wp:x /-->"])
def test_nothing_to_read_has_no_chunks(nothing: str):
    assert chunks_of("", nothing) == []


def test_a_hash_is_of_the_composed_text_alone():
    composed, decomposed = normalize("NFC", "ação"), normalize("NFD", "ação")
    assert composed != decomposed
    assert Chunk(1, "x", composed).hash == Chunk(2, "y", decomposed).hash
    assert len(Chunk(1, "", composed).hash) == 16
    assert chunks_of("", decomposed)[0].text == composed


@modestly
@given(articles, numbers, prose)
def test_an_edited_paragraph_costs_exactly_one_chunk(article: Article, number: int, text: str):
    before = hashes(html_of(article))
    section = article[number % len(article)]
    section[number % len(section)] = text + " edited"
    after = hashes(html_of(article))
    assert len(before) == len(after) == 1 + sum(map(len, article))
    assert sum(one != other for one, other in zip(before, after, strict=True)) == 1


@modestly
@given(articles, numbers, numbers, numbers)
def test_a_moved_paragraph_costs_nothing(article: Article, one: int, other: int, place: int):
    before = html_of(article)
    source, target = article[one % len(article)], article[other % len(article)]
    if len(source) > 1:
        moved = source.pop(1 + one % (len(source) - 1))
        target.insert(1 + place % len(target), moved)
    after = html_of(article)
    assert sorted(hashes(before)) == sorted(hashes(after))


@modestly
@given(articles, prose)
def test_a_removed_or_repeated_paragraph_costs_nothing(article: Article, text: str):
    before = html_of([*article, [text, text + " end"]])
    assert new(before, html_of([*article, [text]])) == 0
    assert new(before, html_of([*article, [text, text + " end", text + " end"]])) == 0


@modestly
@given(st.lists(short_items, min_size=200, max_size=200, unique=True), st.integers(0, 200))
def test_an_item_more_in_a_long_list_moves_few_cuts(items: list[str], place: int):
    before = listed(items)
    after = listed([*items[:place], "one item more", *items[place:]])
    assert len(hashes(before)) >= 8
    assert new(before, after) <= 4


@modestly
@given(st.lists(short_items, min_size=200, max_size=200, unique=True))
def test_an_item_more_at_the_start_of_a_long_list_costs_a_chunk_or_two(items: list[str]):
    assert new(listed(items), listed(["one item more", *items])) <= 2


@modestly
@given(
    st.one_of(
        prose.map(lambda text: text * 30),
        st.text(LETTERS + "😀漢字0123456789|.", min_size=100, max_size=2000),
        st.lists(st.sampled_from("😀漢\u0301字x9 "), min_size=500, max_size=3000).map("".join),
        st.lists(st.text("😀漢字0", min_size=1, max_size=20), max_size=200).map(listed),
    )
)
def test_every_chunk_is_within_the_limit(body: str):
    counted = TextSplitter.from_tiktoken_model("gpt-4", MOST)
    found = chunks_of(body, body)
    assert all(counted.chunks(chunk.text) == [chunk.text] for chunk in found)
    assert all(len(chunk.hash) == 16 and chunk.text.strip() for chunk in found)


@modestly
@given(posts)
def test_no_word_is_lost_or_invented_in_chunks(post: Written):
    text = "\n".join(chunk.text for chunk in chunks_of("", post.html))
    assert shown(text) == shown(post.html)


@modestly
@given(prose, st.integers(2, 40))
def test_no_word_of_a_long_paragraph_is_lost_or_invented(text: str, times: int):
    body = " ".join([text] * times)
    assert " ".join(chunk.text for chunk in chunks_of("", body)) == body


@modestly
@given(posts)
def test_the_same_post_has_the_same_chunks(post: Written):
    assert chunks_of("Title", post.html) == chunks_of("Title", post.html)


@pytest.mark.parametrize(
    "text",
    [(" ".join(VOCABULARY) + ". ") * 13_000, "a" * 1_000_000, "漢字" * 50_000, "a\n" * 100_000],
    ids=["5 MB of one paragraph", "a word of 1 MB", "no spaces", "short lines"],
)
def test_a_huge_text_is_cut_in_linear_time(text: str):
    found = chunks_of("", text)
    assert "".join("".join(chunk.text.split()) for chunk in found) == "".join(text.split())


SAMPLE = html_of(
    [[f"{' '.join(VOCABULARY)} {n} {m}" for n in range(3)] for m in range(3)]
) + listed([f"item {number}" for number in range(200)])


def test_the_version_changes_with_the_chunks():
    """Where this fails, the chunks of all records change: give `SPLITTER` another number."""
    digest = blake2b(b"".join(hashes(SAMPLE)), digest_size=8).hexdigest()
    assert (SPLITTER, digest) == ("1/0", "1b8d4b0c784c7fa1")


def test_the_version_has_the_splitters_major_version():
    assert SPLITTER.partition("/")[2] == version("semantic-text-splitter").partition(".")[0]
