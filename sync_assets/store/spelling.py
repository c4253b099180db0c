"""Writes what is indexed, and what is asked, in one way: numbers and codes alike, accents or not.

PostgreSQL reads `NR-35` as a word and a negative number, `45/2026` as a path and `1,200` as two
numbers, and for it `horario` has nothing to do with `horário`.
"""

import re
from functools import lru_cache
from unicodedata import combining, normalize

RULES = "2"
"""Changes whenever the words of a text would: all is then indexed anew, and embedded as it was."""

_DIGIT = re.compile(r"\d")
_NUMBERS = (
    (re.compile(r"(?<=\d)[.,](?=\d{3}(?!\d))"), ""),  # 1.200 and 1,200
    (re.compile(r"(?<=\d),(?=\d\d?(?!\d))"), "."),  # 4,5
    (re.compile(r"(?<=\d)\.00(?!\d)"), ""),
    (re.compile(r"(?<=\d)[hH](?=\d\d(?!\d))"), ":"),  # 14h30
    (re.compile(r"(?<=\d)[hH](?![^\W_])"), " "),  # 14h
    (re.compile(r"[-+/](?=\d)|(?<=\d)[-/]"), " "),  # NR-35, 45/2026, 8-18
    (re.compile(r"(?<=[^\W\d_]{2})(?=\d)|(?<=\d)(?=[^\W\d_]{2})"), " "),  # ZX300, 45kg
)


def spelt(text: str) -> str:
    """The text, with its numbers and codes written as anybody else would write them."""
    text = normalize("NFC", text)
    if not _DIGIT.search(text):
        return text
    return " ".join([_alike(word) if _DIGIT.search(word) else word for word in text.split()])


@lru_cache(maxsize=4096)
def _alike(code: str) -> str:
    for pattern, by in _NUMBERS:
        code = pattern.sub(by, code)
    return code


def unaccented(text: str) -> str:
    """The text without accents, one letter for each."""
    return text if text.isascii() else text.translate(_BARE)


def indexed(text: str) -> str:
    """What is indexed of a text: it as `spelt`, and its words with accents once more without."""
    text = spelt(text)
    if text.isascii():
        return text
    accented = " ".join([word for word in text.split() if not word.isascii()])
    return f"{text}\n{unaccented(accented)}"


class _Bare(dict[int, int]):
    """Each letter's own, learnt when it is first met."""

    def __missing__(self, code: int) -> int:
        first, *rest = normalize("NFD", chr(code))
        self[code] = ord(first) if rest and all(map(combining, rest)) else code
        return self[code]


_BARE = _Bare()
