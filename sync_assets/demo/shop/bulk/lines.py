"""An answer's tree of connections as lines: every node on its own, children naming their parent."""

from collections.abc import Iterator
from typing import Any

from sync_assets.demo.shop.bulk.query import Branch

Json = dict[str, Any]


def lines(data: Json, root: Branch, *, grouped: bool) -> Iterator[Json]:
    """The nodes of one page of the root connection; they lose their connections.

    Grouped, children follow their parent; otherwise all parents of a page come first, as is the
    default since 2026-01: only `__parentId` says whose a line is.
    """
    top = _taken(data, root.path)
    if grouped:
        yield from _depth_first(top, root, None)
        return
    level = [(node, root, None) for node in _nodes(top)]
    while level:
        below: list[tuple[Json, Branch, str | None]] = []
        for node, branch, parent in level:
            below += _children(node, branch)
            yield _line(node, parent)
        level = below


def _depth_first(connection: Any, branch: Branch, parent: str | None) -> Iterator[Json]:  # noqa: ANN401
    for node in _nodes(connection):
        parts = [(_taken(node, inner.path), inner) for inner in branch.branches]
        yield _line(node, parent)
        for part, inner in parts:
            yield from _depth_first(part, inner, node["id"])


def _children(node: Json, branch: Branch) -> list[tuple[Json, Branch, str | None]]:
    parts = [(_taken(node, inner.path), inner) for inner in branch.branches]
    return [(child, inner, node["id"]) for part, inner in parts for child in _nodes(part)]


def _taken(node: Json, path: tuple[str, ...]) -> Any:  # noqa: ANN401 - a connection's JSON
    """Takes the connection out of the node, so that its line is without it."""
    for key in path[:-1]:
        node = node.get(key) or {}
    return node.pop(path[-1], None)


def _nodes(connection: Any) -> list[Json]:  # noqa: ANN401 - a connection's JSON, or null
    if not connection:
        return []
    if "nodes" in connection:
        return connection["nodes"]
    return [edge["node"] for edge in connection.get("edges", ())]


def _line(node: Json, parent: str | None) -> Json:
    return node if parent is None else {**node, "__parentId": parent}
