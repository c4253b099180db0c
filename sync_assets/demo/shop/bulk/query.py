"""What a bulk operation may ask, and where its answers are to be cut into lines."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    parse,
    validate,
)

MOST_CONNECTIONS = 5
DEEPEST = 2


class BulkQueryError(Exception):
    """The query cannot be run in bulk; the message is the user error's."""


@dataclass(slots=True)
class Branch:
    """A connection: where it is in its parent's node, and the connections in its own nodes."""

    path: tuple[str, ...]
    depth: int = 0
    has_id: bool = False
    branches: list["Branch"] = field(default_factory=list["Branch"])

    def all(self) -> Iterator["Branch"]:
        """This connection and those below."""
        yield self
        for branch in self.branches:
            yield from branch.all()


@dataclass(frozen=True, slots=True)
class BulkQuery:
    """A query that may run in bulk."""

    document: DocumentNode
    root: Branch


def bulk_query(schema: GraphQLSchema, text: str) -> BulkQuery:
    """Reads and checks a query.

    Raises:
        BulkQueryError: it may not run in bulk; the text says why, in Shopify's words where known.
    """
    try:
        document = parse(text)
    except GraphQLSyntaxError as error:
        raise BulkQueryError(f"Invalid bulk query: {error.message}") from error
    operations = [x for x in document.definitions if isinstance(x, OperationDefinitionNode)]
    if len(operations) != 1 or operations[0].operation.value != "query":
        raise BulkQueryError("Bulk queries must be exactly one query operation.")
    if errors := validate(schema, document):
        raise BulkQueryError(f"Invalid bulk query: {errors[0].message}")
    return BulkQuery(document, _Reader(schema, document).root(operations[0]))


class _Reader:
    """Walks a query's selections along the schema."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._types = cast("dict[str, Any]", schema.type_map)
        self._fragments = {
            x.name.value: x for x in document.definitions if isinstance(x, FragmentDefinitionNode)
        }

    def root(self, operation: OperationDefinitionNode) -> Branch:
        roots: list[Branch] = []
        top = Branch(())
        for name, _ in self._fields(operation.selection_set, "QueryRoot"):
            if name.name.value in {"node", "nodes"}:
                raise BulkQueryError("Bulk queries cannot contain a top level `node` field.")
        self._walk(operation.selection_set, "QueryRoot", (), top, in_list=False)
        roots = top.branches
        if not roots:
            raise BulkQueryError("Bulk queries must contain at least one connection.")
        if len(roots) > 1:
            raise BulkQueryError("Bulk queries cannot contain more than one top level connection.")
        self._limits(roots[0])
        return roots[0]

    def _limits(self, root: Branch) -> None:
        found = list(root.all())
        if len(found) > MOST_CONNECTIONS:
            raise BulkQueryError("Bulk queries cannot contain more than 5 connections.")
        if any(branch.depth > DEEPEST for branch in found):
            raise BulkQueryError(
                "Bulk queries cannot contain connections with a nesting depth greater than 2."
            )
        without = [x.path[-1] for branch in found if not branch.has_id for x in branch.branches]
        if without:
            raise BulkQueryError(
                "The parent 'node' field for a nested connection must select the 'id' field "
                "without an alias and must be of 'ID' return type. Connection fields without "
                f"'id': {', '.join(without)}."
            )

    def _walk(
        self,
        selections: SelectionSetNode | None,
        type_name: str,
        path: tuple[str, ...],
        branch: Branch,
        *,
        in_list: bool,
    ) -> None:
        for node, owner in self._fields(selections, type_name):
            if node.selection_set is None or node.name.value.startswith("__"):
                branch.has_id |= not path and node.name.value == "id" and node.alias is None
                continue
            kind = self._types[owner].fields[node.name.value].type
            target = cast("Any", get_named_type)(kind).name
            key = node.alias.value if node.alias else node.name.value
            if target.endswith("Connection"):
                if in_list:
                    raise BulkQueryError(
                        "Queries that contain a connection field within a list field are not "
                        "currently supported."
                    )
                self._connection(node, target, (*path, key), branch)
            else:
                inner = in_list or "[" in str(kind)
                self._walk(node.selection_set, target, (*path, key), branch, in_list=inner)

    def _connection(
        self, node: FieldNode, type_name: str, path: tuple[str, ...], parent: Branch
    ) -> None:
        branch = Branch(path, parent.depth + 1 if parent.path else 0)
        parent.branches.append(branch)
        for outer, _ in self._fields(node.selection_set, type_name):
            kind = cast("Any", get_named_type)(self._types[type_name].fields[outer.name.value].type)
            if outer.name.value == "nodes":
                self._walk(outer.selection_set, kind.name, (), branch, in_list=False)
            elif outer.name.value == "edges":
                for inner, _ in self._fields(outer.selection_set, kind.name):
                    if inner.name.value == "node":
                        target = cast("Any", get_named_type)(kind.fields["node"].type)
                        self._walk(inner.selection_set, target.name, (), branch, in_list=False)

    def _fields(
        self, selections: SelectionSetNode | None, type_name: str
    ) -> Iterator[tuple[FieldNode, str]]:
        """The fields of a selection with the type that owns them, fragments followed."""
        for selection in selections.selections if selections else ():
            if isinstance(selection, FieldNode):
                yield selection, type_name
            elif isinstance(selection, InlineFragmentNode):
                on = selection.type_condition
                yield from self._fields(selection.selection_set, on.name.value if on else type_name)
            elif isinstance(selection, FragmentSpreadNode):
                fragment = self._fragments[selection.name.value]
                on_type = fragment.type_condition.name.value
                yield from self._fields(fragment.selection_set, on_type)


def denied_or_broken(errors: list[GraphQLError] | None) -> str | None:
    """The error code of an operation whose reading went wrong."""
    if not errors:
        return None
    codes = {(error.extensions or {}).get("code") for error in errors}
    return "ACCESS_DENIED" if "ACCESS_DENIED" in codes else "INTERNAL_SERVER_ERROR"
