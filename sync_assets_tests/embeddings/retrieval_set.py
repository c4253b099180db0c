"""The bilingual retrieval test set: passages to be found, and the questions that look for them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

FOLDER = Path(__file__).parent / "retrieval"

Language = Literal["en", "pt"]


@dataclass(frozen=True, slots=True)
class Passage:
    """One page or post of the set; a passage that no question names is a distractor."""

    id: str
    language: Language
    title: str
    html: str
    type: Literal["wp_page", "wp_post"]


@dataclass(frozen=True, slots=True)
class Question:
    """One question and the only passage (by its id) that answers it.

    `language` is the question's own. Parts "a" and "b" are for fitting, part "d" judges; part "c"
    judged before.
    """

    id: str
    language: Language
    passage: str
    kind: Literal["words", "paraphrase"]
    part: Literal["a", "b", "c", "d"]
    question: str


def passages() -> list[Passage]:
    """All passages, distractors too, in the order of their files' names."""
    return [Passage(**row) for row in _rows("passages_*.jsonl")]


def questions() -> list[Question]:
    """All questions, in the order of their files' names."""
    return [Question(**row) for row in _rows("questions_*.jsonl")]


def _rows(pattern: str) -> Iterator[dict[str, Any]]:
    for path in sorted(FOLDER.glob(pattern)):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)
