"""What a query costs, before it runs and after.

The published rules: a scalar costs nothing, an object 1, a mutation 10, a connection 2 and its
size times what a node costs. Of that size Shopify's staff say that it is scaled logarithmically;
`scaled` agrees with the examples that are public (25 points for `product{variants(first:250){nodes
{inventoryItem{id}}}}`). `linear` is the rule without that favour, forty times as dear at 250.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from math import floor, log
from typing import Any, cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    value_from_ast_untyped,
)

Scale = Callable[[int], int]

MUTATION = 10
_OVERHEAD = 2
# Wrappers without an identity cost nothing, nor does what is in them.
_FREE = {"PageInfo", "MoneyV2", "InventoryItemMeasurement", "LocationAddress", "MailingAddress",
         "ShopAddress", "CurrencyFormats"}  # fmt: skip


def scaled(size: int) -> int:
    """What Shopify multiplies a node's cost with."""
    return floor(2 * log(max(2, size))) if size else 0


def linear(size: int) -> int:
    """The size itself."""
    return size


@dataclass(slots=True)
class Priced:
    """A field of a query: its own cost, its size when it is a connection, and its children.

    `kind` is "object", "connection", "wrapper" (`edges` and `nodes`, whose nodes the connection
    counts) or "flat" (a mutation, whatever it returns).
    """

    key: str
    kind: str
    own: int
    size: int = 0
    children: list["Priced"] = field(default_factory=list["Priced"])
    on: str = ""

    def requested(self, scale: Scale) -> int:
        """The most that it may cost."""
        if self.kind == "flat":
            return self.own
        below = total(self.children, scale)
        return self.own + (scale(self.size) * below if self.kind == "connection" else below)

    def actual(self, value: Any, scale: Scale) -> int:  # noqa: ANN401 - JSON
        """What the answer cost: an object that is null and a page that is short cost less."""
        if self.kind == "flat" or value is None:
            return self.own
        if self.kind == "connection":
            return self._actual_page(value, scale)
        values = cast("list[Any]", value) if isinstance(value, list) else [value]
        found = (self._below(one, scale) for one in values if one is not None)
        return self.own + max(found, default=0)

    def _actual_page(self, value: Mapping[str, Any], scale: Scale) -> int:
        nodes = [len(value[key]) for key in ("nodes", "edges") if value.get(key) is not None]
        if not nodes:
            return self.own
        dearest = self._below(value, scale)
        return self.own + scale(max(nodes)) * dearest

    def _below(self, value: Any, scale: Scale) -> int:  # noqa: ANN401 - JSON
        return sum(x.actual(value[x.key], scale) for x in self.children if x.key in value)


def total(priced: list[Priced], scale: Scale) -> int:
    """A selection's cost: of what applies to one concrete type only, the dearest counts."""
    always = sum(x.requested(scale) for x in priced if not x.on)
    by_type: dict[str, int] = {}
    for x in priced:
        if x.on:
            by_type[x.on] = by_type.get(x.on, 0) + x.requested(scale)
    return always + max(by_type.values(), default=0)


def actual_cost(priced: list[Priced], data: Mapping[str, Any] | None, scale: Scale) -> int:
    """What an answer cost."""
    return sum(x.actual(data[x.key], scale) for x in priced if data and x.key in data)


def priced(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
) -> list[Priced]:
    """The fields at the root of an operation, priced."""
    return _Pricer(schema, document, operation, variables).roots()


class _Pricer:
    """Walks a query's selections along the schema."""

    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
    ) -> None:
        self._types = cast("dict[str, Any]", schema.type_map)
        self._operation = operation
        self._fragments = {
            x.name.value: x for x in document.definitions if isinstance(x, FragmentDefinitionNode)
        }
        defaults = {
            x.variable.name.value: value_from_ast_untyped(x.default_value)
            for x in operation.variable_definitions
            if x.default_value
        }
        self._variables = {**defaults, **variables}

    def roots(self) -> list[Priced]:
        mutation = self._operation.operation.value == "mutation"
        name = "Mutation" if mutation else "QueryRoot"
        if not mutation:
            return self._selection(self._operation.selection_set, name)
        return [
            Priced(node.alias.value if node.alias else node.name.value, "flat", MUTATION)
            for node, _ in self._fields(self._operation.selection_set, name, "")
        ]

    def _selection(self, selections: SelectionSetNode | None, type_name: str) -> list[Priced]:
        """Fields that are asked for twice (in two fragments) are answered and counted once."""
        found: dict[tuple[str, str], Priced] = {}
        for node, on in self._fields(selections, type_name, ""):
            one = self._field(node, on or type_name)
            if one is None:
                continue
            one.on = "" if on in {"", type_name} else on
            before = found.setdefault((one.key, one.on), one)
            if before is not one:
                known = {x.key for x in before.children}
                before.children += [x for x in one.children if x.key not in known]
        return list(found.values())

    def _field(self, node: FieldNode, owner: str) -> Priced | None:
        if node.selection_set is None or node.name.value.startswith("__"):
            return None
        kind = self._types[owner].fields[node.name.value].type
        name = cast("Any", get_named_type)(kind).name
        key = node.alias.value if node.alias else node.name.value
        if name in _FREE:
            return None
        children = self._selection(node.selection_set, name)
        if name.endswith("Connection"):
            return Priced(key, "connection", _OVERHEAD, self._size(node), children)
        if name.endswith("Edge"):
            return Priced(key, "wrapper", 0, children=children)
        return Priced(key, "object", 1, children=children)

    def _size(self, node: FieldNode) -> int:
        given = {
            x.name.value: value_from_ast_untyped(x.value, self._variables) for x in node.arguments
        }
        sizes = [given.get("first"), given.get("last")]
        return max((x for x in sizes if isinstance(x, int)), default=1)

    def _fields(
        self, selections: SelectionSetNode | None, type_name: str, on: str
    ) -> Iterator[tuple[FieldNode, str]]:
        """The fields of a selection, fragments followed, with the type that they are only for."""
        for selection in selections.selections if selections else ():
            if isinstance(selection, FieldNode):
                yield selection, on
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                inner = condition.name.value if condition else on
                yield from self._fields(selection.selection_set, type_name, inner)
            elif isinstance(selection, FragmentSpreadNode):
                fragment = self._fragments[selection.name.value]
                inner = fragment.type_condition.name.value
                yield from self._fields(fragment.selection_set, type_name, inner)
