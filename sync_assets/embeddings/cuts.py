"""Where texts are joined and cut, decided by what stands nearby.

An edit then moves no cut that is far away, and what did not change keeps its hash.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import accumulate, groupby
from zlib import crc32

from semantic_text_splitter import TextSplitter

MOST = 256
"""Tokens of a chunk, as cl100k counts them. A token is a byte at least."""

_LONG = 160
"""Bytes from which a paragraph stands alone: two lines or so, 40 tokens."""

_REACH = 240
"""How many bytes before and after a cut between short ones have their say in it."""

_MOST_BYTES = 800
"""Of short ones together, 200 to 256 tokens of prose."""

_WINDOW = re.compile(r"\S.{0,3999}(?!\S)|\S.{0,3999}", re.DOTALL)
"""Longer texts are cut before: counting the tokens of a text without spaces is quadratic."""


def cut(texts: Sequence[str]) -> Iterator[str]:
    """The chunks of one section: long texts alone, short ones together, none above `MOST`."""
    for is_long, run in groupby(texts, key=lambda text: _size(text) >= _LONG):
        for text in run if is_long else map("\n".join, _groups(list(run))):
            yield from fitted(text)


def fitted(text: str) -> Iterator[str]:
    """The text, or its parts if it has more tokens than `MOST`; nothing of an empty one."""
    if not text or _size(text) <= MOST:
        yield from [text] if text else []
        return
    for window in _WINDOW.findall(text):
        yield from _splitter().chunks(window)


def _groups(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Neighbours, cut where a text's checksum is the smallest within reach."""
    ends = list(accumulate(_size(text) + 1 for text in texts))
    marks = [crc32(text.encode()) for text in texts]
    start = begun = 0
    for index, end in enumerate(ends):
        before = end - _size(texts[index]) - 1
        if index > start and (end - begun > _MOST_BYTES or _is_lowest(index, marks, ends)):
            yield texts[start:index]
            start, begun = index, before
    yield texts[start:]


def _is_lowest(index: int, marks: Sequence[int], ends: Sequence[int]) -> bool:
    """Has this text the smallest checksum among those within reach, and are there enough?"""
    mark, here = marks[index], ends[index - 1]
    if here < _REACH or ends[-1] - here < _REACH:
        return False
    other = index - 1
    while other >= 0 and here - ends[other] < _REACH:
        if marks[other] <= mark:
            return False
        other -= 1
    other = index + 1
    while other < len(marks) and ends[other - 1] - here < _REACH:
        if marks[other] < mark:
            return False
        other += 1
    return True


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


@cache
def _splitter() -> TextSplitter:
    return TextSplitter.from_tiktoken_model("gpt-4", MOST)  # cl100k; takes 0.2 s to load
