"""What the program says of a sync, told to a tenant's people in their language."""

import re

from sync_assets.gateway.pages.words import Words
from sync_assets.gateway.problems import plainly

_COMMAND = re.compile(r",? with 'sync-assets [^']*'")
_HEAD = re.compile(r"(Attempt \d+ of \d+ failed: )?([a-z_]+(?:, [a-z_]+)*: )?")
_NAMED = re.compile(
    r"(?<=^Syncing )\w+|(?<=^Synced )\w+|^\w+(?= needs )|(?<= needs )\w+(?=, which)"
)


def said(text: str | None, words: Words) -> str | None:
    """A sentence without what only operators can do, with the names that people know."""
    if text is None:
        return None
    plain = plainly(_COMMAND.sub("", text))
    head = _HEAD.match(plain)
    attempt, streams = (head[1] or "", head[2] or "") if head else ("", "")
    rest = plain[len(attempt) + len(streams) :]
    names = streams.removesuffix(": ").split(", ")
    titles = ", ".join(words.parts.get(name, name) for name in names)
    told = words.said(_NAMED.sub(lambda name: part_title(name[0], words), rest))
    shown = (words.said(attempt.strip()), f"{titles}:" if streams else "", told)
    return " ".join(part for part in shown if part)


def part_title(name: str, words: Words) -> str:
    """What people call a stream."""
    return words.parts.get(name, name.replace("_", " ").capitalize())
