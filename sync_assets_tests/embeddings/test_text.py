"""What a reader sees of a post, and nothing else."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from sync_assets.embeddings.markup import trees
from sync_assets.embeddings.text import one_line, paragraphs
from sync_assets_tests.core.properties import modestly
from sync_assets_tests.embeddings.articles import Written, posts, words

thoroughly = settings(modestly, max_examples=200)

BLOCKS = """<!-- wp:heading {"level":2} -->
<h2 class="wp-block-heading">Hor&aacute;rio &amp; pre&ccedil;os</h2>
<!-- /wp:heading -->

<!-- wp:paragraph -->
<p>Aberto de <strong>ter</strong>&ccedil;a a&nbsp;domingo,<br>
das 9h às 17h&#8217;30.</p>
<!-- /wp:paragraph -->

<!-- wp:heading {"level":3} --><h3>Feriados</h3><!-- /wp:heading -->
<!-- wp:paragraph --><p>Fechado 🎉.</p><!-- /wp:paragraph -->
<!-- wp:heading --><h2>Como chegar</h2><!-- /wp:heading -->
<!-- wp:group --><div class="wp-block-group"><!-- wp:paragraph -->
<p>De ônibus.</p>
<!-- /wp:paragraph --></div><!-- /wp:group -->
<!-- wp:embed {"url":"https://videos.example/1"} -->
<figure class="wp-block-embed"><div class="wp-block-embed__wrapper">
https://videos.example/1
</div></figure>
<!-- /wp:embed -->"""

CLASSIC = """First line
second <em>line</em>

[caption id="attachment_1" width="300"]<img src="a.jpg" alt="The lake" /> At dusk[/caption]
&nbsp;
<strong>Third</strong> paragraph [sic] [1].

https://www.youtube.com/watch?v=abc

See https://youtu.be/abc too.
<ul>
 <li>one</li>
 <li>two</li>
</ul>
last"""


def texts(html: str) -> list[str]:
    return [paragraph.text for paragraph in paragraphs(html)]


def shown(html: str) -> list[str]:
    return re.findall(r"[^\W_]+", "\n".join(texts(html)))


def test_blocks_are_read_under_their_headings():
    assert [(p.headings, p.text, p.is_heading) for p in paragraphs(BLOCKS)] == [
        (("Horário & preços",), "Horário & preços", True),
        (("Horário & preços",), "Aberto de terça a domingo,\ndas 9h às 17h’30.", False),  # noqa: RUF001
        (("Horário & preços", "Feriados"), "Feriados", True),
        (("Horário & preços", "Feriados"), "Fechado 🎉.", False),
        (("Como chegar",), "Como chegar", True),
        (("Como chegar",), "De ônibus.", False),
    ]


def test_blank_lines_are_paragraphs_in_the_classic_editor():
    assert texts(CLASSIC) == [
        "First line\nsecond line",
        "The lake",
        "At dusk",
        "Third paragraph [sic] [1].",
        "See https://youtu.be/abc too.",
        "- one",
        "- two",
        "last",
    ]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<div><div>a<p>b<div>c</div>d</div>e", ["a", "b", "c", "d", "e"]),
        ("<div>a<br><br>b<br>c</div>", ["a", "b\nc"]),
        ("<ul><li>a<ul><li><p>b</p></li></ul></li><li><p>c</p><p>d</p></li></ul>",
         ["- a", "- b", "- c", "d"]),
        ("<table><caption>t</caption><tr><th>a<th>b<tr><td><p>c</p></td><td></td><td>d<br>e</table>",
         ["t", "a | b", "c | d e"]),
        ("<table><tr><td><p>a</p><p>b</p></td><td><ul><li>c</ul></table>", ["a", "b", "- c"]),
        ("<dl><dt>a<dd>b<dt>c?</dt>\n<dd>d<dd>e</dl>", ["a: b", "c? d", "e"]),
        ("<pre>a\n\n  b</pre><p>c\nd</p>", ["a\nb", "c d"]),
        ("<blockquote><p>a</p><cite>b</cite></blockquote>", ["a", "b"]),
        ("<details><summary>a</summary>b</details>", ["a", "b"]),
        ("<p>a</p><p>&nbsp;</p><p>* * *</p><hr><p>b</p>", ["a", "b"]),
        ("<p>x<sup>2</sup>, J<b>o</b>hn, w&shy;o\u200brd", ["x2, John, word"]),
        ("&amp;amp; &lt;b&gt; a < b && c", ["&amp; <b> a < b && c"]),
    ],
)  # fmt: skip
def test_structure_becomes_lines(html: str, expected: list[str]):
    assert texts(html) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<figure><img alt="A lake"><figcaption>A <i>lake</i></figcaption></figure>', ["A lake"]),
        ('<p><img alt="A lake">Text</p>', ["A lake", "Text"]),
        ('<img alt="IMG_2041.JPG"><img alt=""><img><img alt="foto-1.webp">', []),
        ('<p>Hi <img class="emoji" alt="🙂"> you</p>', ["Hi 🙂 you"]),
        ('<img alt="a <b> &quot;c&quot; > d">', ['a <b> "c" > d']),
    ],
)
def test_an_image_is_its_description(html: str, expected: list[str]):
    assert texts(html) == expected


def test_a_paragraph_dressed_as_a_heading_is_none():
    assert not any(p.is_heading for p in paragraphs(f"<h3>{'long ' * 50}</h3>"))


def test_an_unclosed_heading_ends_with_its_first_block():
    found = paragraphs("<h2>A<p>b</p><p>c</p>")
    assert [(p.text, p.is_heading) for p in found] == [("A", True), ("b", False), ("c", False)]


@pytest.mark.parametrize(
    "shortcode",
    [
        '[gallery ids="1,2"]', "[gallery]", "[gallery ids=1,2 /]", "[wpforms id=12]", "[toc]",
        '[contact-form-7 id="12" title="Fale conosco"]', "[woocommerce_cart]", "[/vc_column]",
        "[vc_row css=&#8221;.vc{margin: 0 !important}&#8221;]", "[foo bar=“um dois”]",
        "[embed]https://example.com/a[/embed]", "[vc_raw_html]JTNDc2NyaXB0[/vc_raw_html]",
        '[et_pb_section fb_built="1" admin_label="section" _builder_version="4.9"]',
        '[video mp4="a.mp4"][/video]', "[su_spacer size=&quot;20&quot;]",
    ],
)  # fmt: skip
def test_shortcodes_leave_nothing(shortcode: str):
    assert texts(f"<p>antes {shortcode} depois</p>") in (["antes depois"], ["antes", "depois"])


@pytest.mark.parametrize(
    "prose",
    [
        "[1]", "[sic]", "[...]", "[citation needed]", "[o governo]", "[ex-ministro]", "[VIDEO]",
        "[see page 3]", "[energy E=mc]", "row[user_id]", 'input[type="text"]', "[2, 3]", "[a", "b]",
        "[[1]]", "[Nota: x = y]",
    ],
)  # fmt: skip
def test_brackets_in_prose_are_kept(prose: str):
    assert texts(f"<p>antes {prose} depois</p>") == [f"antes {prose} depois"]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('[su_button url="/x"]Saiba mais[/su_button]', ["Saiba mais"]),
        ("[dropcap]O[/dropcap]ntem", ["Ontem"]),
        ("[vc_column]A[/vc_column][vc_column]B[/vc_column]", ["A", "B"]),
        ('[tabs][tab title="x"]A[/tab][tab title="y"]B[/tab][/tabs]', ["A", "B"]),
        ("[[gallery ids='1']]", ["[gallery ids='1']"]),
        ("<pre>&#91;gallery&#93;</pre>", ["[gallery]"]),
    ],
)
def test_the_text_within_shortcodes_is_kept(html: str, expected: list[str]):
    assert texts(html) == expected


def test_a_title_keeps_its_brackets_on_one_line():
    assert one_line("[gallery_x] Tom &amp; <em>Jerry</em>:<br>a < b\n") == (
        "[gallery_x] Tom & Jerry: a < b"
    )


@thoroughly
@given(posts)
def test_no_word_is_lost_or_invented(post: Written):
    expected = [*post.words]
    found = [word for word in shown(post.html) if not word.isdigit()]  # `[1,2]` stands between
    assert sorted(found) == sorted(expected)


_SOUP = (
    "<p> </p> <div> </div> <b> </b> <a/href='x>y'> </a> <li> </li> <ul> </ul> <h2> </h2> <td> </td>"
    " <tr> </tr> <table> </table> <br> <span </ < > & &amp <!--x--> <blockquote> <pre> </pre> <x-y>"
    " <body> <frameset> </html> <dt> <dd> <<b> </<i> <!a>"
)
_TAGS = st.sampled_from(_SOUP.split())


@thoroughly
@given(st.lists(_TAGS | words | st.just(" "), max_size=40).map("".join))
def test_a_soup_of_tags_shows_what_a_browser_shows(soup: str):
    body = LexborHTMLParser(f"<body>{soup}").body
    assert body is not None
    seen = re.findall(r"\w", body.text())
    assert sorted(re.findall(r"\w", "".join(texts(soup)))) == sorted(seen)


@thoroughly
@given(st.text(st.characters(), max_size=60), st.lists(_TAGS, max_size=5).map("".join))
def test_any_text_is_read_into_storable_lines(text: str, tags: str):
    for paragraph in paragraphs(text + tags + text):
        assert paragraph.text.strip() == paragraph.text != ""
        assert not re.search("[\x00\ud800-\udfff]|\n\n|  ", paragraph.text)


def test_nul_and_lone_surrogates_do_no_harm():
    assert texts("a\x00b \ud83d\ude00 c\ud800 &#0;&#x1;d") == ["ab 😀 c\ufffd \ufffdd"]


@pytest.mark.parametrize(
    "hostile",
    [
        "<div>" * 100_000, "<ul><li>" * 50_000, "<table><tr><td>" * 50_000, "<h2>" * 100_000,
        "<p>" + "<font color=x>" * 50_000 + "<p>" * 50_000, "<svg><g>" * 50_000,
        "<x><p>" * 50_000, "<a <" * 50_000, '<a b="' * 50_001, "<!--" * 50_000,
        "[" * 100_000, "[[a]" * 50_000, "[embed]" * 50_000, "[a" + " b" * 100_000, "&" * 100_000,
    ],
    ids=lambda hostile: hostile[:16],
)  # fmt: skip
def test_hostile_markup_is_read_in_linear_time(hostile: str):
    """Were it quadratic, each of them would take half a minute or more."""
    assert texts(f"<p>first</p>\n{hostile}")[0] == "first"


def test_the_end_of_100_000_nested_blocks_is_read():
    assert texts("<div>" * 100_000 + "the end") == ["the end"]


def test_a_huge_table_keeps_its_rows_in_pieces():
    rows = [f"<tr><td>a{number}</td><td>b</td></tr>" for number in range(3_000)]
    html = f"<table>{''.join(rows)}</table>"
    assert len(list(trees(html))) > 1
    assert texts(html) == [f"a{number} | b" for number in range(3_000)]
