"""Portuguese-looking text that compresses like prose: words by Zipf's law, unequal sentences."""

import json
import random
from itertools import accumulate

VOCABULARY = 9_000
SENTENCES = 20_000
ONSETS = ["", *"bcdfglmnprstv", "tr", "pr", "br", "qu"]
NUCLEI = [*"aaaeeeiiooouãé", "ei", "ou", "ção", "al", "er", "is", "or", "en"]


class Prose:
    """A repeatable supply of sentences, each already escaped as PHP's json_encode does."""

    def __init__(self, seed: int = 20_240_229) -> None:
        self.random = random.Random(seed)  # noqa: S311 - it must repeat, not be secret
        self.words = self._vocabulary()
        # Zipf's law: the nth word is about 1/n as frequent as the first.
        self.weights = list(accumulate(1 / rank for rank in range(3, VOCABULARY + 3)))
        self.sentences = [escape(self._sentence()) for _ in range(SENTENCES)]

    def title(self) -> str:
        """A headline of three to eight words, not escaped."""
        return " ".join(self._words(self.random.randint(3, 8))).capitalize()

    def paragraphs(self, size: int) -> str:
        """Escaped block-editor HTML of about `size` bytes once decoded."""
        blocks: list[str] = []
        length = 0
        while length < size:
            text = " ".join(self.random.choices(self.sentences, k=self.random.randint(2, 6)))
            blocks.append(f"<!-- wp:paragraph -->\\n<p>{text}<\\/p>\\n<!-- \\/wp:paragraph -->")
            length += len(text) - 4 * text.count("\\u") + 58  # "\u00e7" is two bytes of UTF-8
        return "\\n\\n".join(blocks)

    def _vocabulary(self) -> list[str]:
        words: dict[str, None] = {}
        while len(words) < VOCABULARY:
            # Frequent words are short, as in any language.
            syllables = 1 + min(3, int(len(words) ** 0.14))
            parts = (self._syllable() for _ in range(self.random.randint(1, syllables)))
            words["".join(parts)] = None
        return list(words)

    def _syllable(self) -> str:
        return self.random.choice(ONSETS) + self.random.choice(NUCLEI)

    def _words(self, count: int) -> list[str]:
        return self.random.choices(self.words, cum_weights=self.weights, k=count)

    def _sentence(self) -> str:
        words = self._words(self.random.randint(6, 24))
        if self.random.random() < 0.12:
            words[2] = f'<a href="https://exemplo.com.br/{words[0]}/">{words[2]}</a>'
        if self.random.random() < 0.1:
            words[4] = f"<strong>{words[4]} {self.random.randint(1, 2_000)}</strong>"
        words[-3] += ","
        return " ".join(words).capitalize() + self.random.choice("......?!")


def escape(text: str) -> str:
    r"""Text as it stands between the quotes of PHP's JSON: ASCII only, `/` as `\/`."""
    return json.dumps(text)[1:-1].replace("/", "\\/")
