"""Generated posts that know which words a reader sees."""

from dataclasses import dataclass
from html import escape
from random import Random

from hypothesis import strategies as st

LETTERS = "abcdefghijklmnopqrstuvwxyzáâãçéêíóõúñü"
_VOCABULARY = (
    "a cidade abriu ontem novo parque com trilhas lago e pontes de madeira depois meses obras"
    " the council approved a plan that moves the old terminal to railway yard by summer"
    " informação coração vereadores aprovaram orçamento municipal para educação saúde transporte"
    " residents asked whether lighting benches and drinking fountains would arrive this year"
)
VOCABULARY = _VOCABULARY.split()


def _sentence(number: int, least: int, most: int) -> str:
    random = Random(number)  # noqa: S311 -- many times as quick as drawing each word
    return " ".join(random.choices(VOCABULARY, k=random.randint(least, most)))


_numbers = st.integers(0, 100_000)

words = st.text(LETTERS, min_size=1, max_size=12)
prose = _numbers.map(lambda number: _sentence(number, 50, 100))
"""A paragraph that stands alone: above 160 bytes, below 256 tokens."""

short_items = _numbers.map(lambda number: _sentence(number, 2, 6))


@dataclass(frozen=True)
class Written:
    """A piece of source, and the words that are to be read in it, in order."""

    html: str
    words: tuple[str, ...]

    def within(self, begin: str, end: str) -> "Written":
        return Written(f"{begin}{self.html}{end}", self.words)


def joined(parts: list[Written], between: str = "") -> Written:
    return Written(between.join(p.html for p in parts), tuple(w for p in parts for w in p.words))


def _marked(word: str, at: int, tag: str) -> Written:
    """A word with a tag in its middle."""
    at %= len(word)
    return Written(f"{escape(word[:at])}<{tag} x='>'>{escape(word[at:])}</{tag}>", (word,))


plain_words = words.map(lambda word: Written(escape(word), (word,)))
marked_words = st.builds(
    _marked, words, st.integers(0, 12), st.sampled_from(["b", "em", "a", "span", "FONT", "o:p"])
)
spaces = st.sampled_from([" ", "&nbsp;", "\n", "<br>", " <!-- more --> ", " [1,2] ", "\t"])
inline = st.builds(joined, st.lists(plain_words | marked_words, max_size=5), spaces)

noise = st.sampled_from(
    [
        '<!-- wp:spacer {"height":"<p>"} -->',
        "<script>if (a<b) {x()}</script>",
        "<style>p > a {}</style>",
        '[gallery ids="1,2"]',
        "[vc_row css=&#8221;.x{a: b}&#8221;]",
        "[/vc_row]",
        '[contact-form-7 id="12" title="Fale conosco"]',
        "[embed]https://example.com/x[/embed]",
        '<form><label>Nome<input name="n"></label></form>',
        '<iframe src="https://example.com"></iframe>',
        "<svg><title>Seta</title></svg>",
        "<hr/>",
    ]
).map(lambda html: Written(html, ()))


def _row(cells: list[Written]) -> Written:
    return joined([cell.within("<td>", "</td>") for cell in cells]).within("<tr>", "</tr>")


def _list(items: list[Written], tag: str) -> Written:
    return joined([item.within("<li>", "</li>") for item in items]).within(f"<{tag}>", f"</{tag}>")


def _terms(pairs: list[tuple[Written, Written]]) -> Written:
    return joined(
        [
            joined([term.within("<dt>", "</dt>"), meaning.within("<dd>", "</dd>")])
            for term, meaning in pairs
        ]
    ).within("<dl>", "</dl>")


def _figure(alt: list[str], caption: Written) -> Written:
    image = Written(f'<img src="a.jpg" alt="{escape(" ".join(alt))}">', tuple(alt))
    return joined([image, caption.within("<figcaption>", "</figcaption>")]).within(
        "<figure>", "</figure>"
    )


paragraph_tags = st.sampled_from(["p", "h2", "h3", "blockquote", "div", "pre", "section"])
simple = st.builds(lambda text, tag: text.within(f"<{tag}>", f"</{tag}>"), inline, paragraph_tags)
classic = inline.map(lambda text: text.within("\n\n", "\n\n"))
unclosed = inline.map(lambda text: text.within("<p>", ""))
figures = st.builds(_figure, st.lists(words.filter(lambda w: len(w) > 1), max_size=4), inline)


def _nested(blocks: st.SearchStrategy[Written]) -> st.SearchStrategy[Written]:
    cells = st.one_of(inline, simple)
    return st.one_of(
        st.builds(joined, st.lists(blocks, max_size=4)).map(lambda d: d.within("<div>", "</div>")),
        st.builds(_list, st.lists(blocks, min_size=1, max_size=4), st.sampled_from(["ul", "ol"])),
        st.lists(st.lists(cells, max_size=4).map(_row), min_size=1, max_size=3).map(
            lambda rows: joined(rows).within("<table>", "</table>")
        ),
        st.lists(st.tuples(inline, inline), min_size=1, max_size=3).map(_terms),
    )


blocks = st.recursive(st.one_of(simple, classic, unclosed, figures, noise), _nested, max_leaves=8)
posts = st.lists(blocks, max_size=5).map(lambda parts: joined(parts, "\n"))
