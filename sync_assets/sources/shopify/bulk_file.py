"""The file of a bulk operation: a line a node, a record's parts behind it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from sync_assets.sources.shopify.identities import kind_of
from sync_assets.sources.shopify.queries import Entity

MOST_PARTS = 5000
"""So many parts are held at once: a hundred products may have 200,000 variants, 3 kB each."""

Node = dict[str, Any]


class Disordered(ValueError):
    """A part does not follow its record, as in every whole file, or nobody asked for it."""


def roots(lines: Iterable[bytes], entity: Entity) -> Iterator[Node]:
    """The records with their parts.

    Raises:
        ValueError: the file is not as the shop writes it.
    """
    fields = {part.kind: part.field for part in entity.own}
    root: Node | None = None
    for line in lines:
        node: Node = orjson.loads(line)
        parent = node.pop("__parentId", None)
        if parent is None:
            if root is not None:
                yield root
            root = {**node, **{field: [] for field in fields.values()}}
        elif root is None or root["id"] != parent or kind_of(node.get("id")) not in fields:
            raise Disordered
        else:
            root[fields[kind_of(node["id"])]].append(node)
    if root is not None:
        yield root


def count(lines: Iterable[bytes], entity: Entity, between: Callable[[], None]) -> int | None:
    """How many records there are; None for a file that is not as the shop writes it.

    Args:
        lines: of the file.
        entity: the kind of record.
        between: called for each record; may raise.
    """
    found = 0
    try:
        for _ in roots(lines, entity):
            between()
            found += 1
    except ValueError:
        return None
    return found


@dataclass(slots=True)
class _Batch:
    """Records that go together."""

    size: int
    nodes: list[Node] = field(default_factory=list[Node])
    parts: int = 0

    def has_room(self, parts: int) -> bool:
        """For one more, with so many parts?"""
        fits = len(self.nodes) < self.size and self.parts + parts <= MOST_PARTS
        return fits or not self.nodes

    def add(self, node: Node, parts: int) -> None:
        self.nodes.append(node)
        self.parts += parts

    def taken(self) -> list[Node]:
        """All of them; it is empty afterwards."""
        nodes, self.nodes, self.parts = self.nodes, [], 0
        return nodes


def batches(nodes: Iterable[Node], entity: Entity, size: int) -> Iterator[list[Node]]:
    """Records, so many at a time, and fewer where they have more than `MOST_PARTS` together.

    Those that lack something apart, because they are read once more, and a question for six of
    them costs nearly what one for a hundred does.
    """
    whole, lacking = _Batch(size), _Batch(size)
    for node in nodes:
        batch, parts = lacking if lacks(node, entity) else whole, parts_of(node, entity)
        if not batch.has_room(parts):
            yield batch.taken()
        batch.add(node, parts)
    yield from (batch.taken() for batch in (whole, lacking) if batch.nodes)


def lacks(node: Node, entity: Entity) -> bool:
    """Has it a list whose entries have parts, which no bulk operation gives?"""
    return any(node.get(part.within) for part in entity.parts if part.within)


def parts_of(node: Node, entity: Entity) -> int:
    """How many nodes the connections of the record itself have."""
    return sum(len(node.get(part.field) or ()) for part in entity.own)
