"""The file of a bulk operation: a line a node, a record's parts behind it."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import orjson

from sync_assets.sources.shopify.entity import Entity
from sync_assets.sources.shopify.identities import kind_of

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


def batches(
    nodes: Iterable[Node],
    entity: Entity,
    size: int,
    *,
    apart: Callable[[Node], bool] = lambda _: False,
) -> Iterator[list[Node]]:
    """Records, so many at a time, and fewer where they have more than `MOST_PARTS` together.

    Args:
        nodes: the records.
        entity: their kind.
        size: how many at most.
        apart: says of a record whether it is kept apart from the others, in batches of its kind.
    """
    lanes: dict[bool, list[Node]] = {False: [], True: []}
    held = {False: 0, True: 0}
    for node in nodes:
        lane, parts = apart(node), parts_of(node, entity)
        if lanes[lane] and (len(lanes[lane]) >= size or held[lane] + parts > MOST_PARTS):
            yield lanes[lane]
            lanes[lane], held[lane] = [], 0
        lanes[lane].append(node)
        held[lane] += parts
    yield from (batch for batch in lanes.values() if batch)


def parts_of(node: Node, entity: Entity) -> int:
    """How many nodes the connections of the record itself have."""
    return sum(len(node.get(part.field) or ()) for part in entity.own)
