"""Puts resolvers into the published schema: what is not served says so, and scopes are enforced."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from graphql import (
    GraphQLAbstractType,
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLUnionType,
    is_leaf_type,
)

from sync_assets.demo.shop.api.call import Call
from sync_assets.demo.shop.api.contract import Access, Contract
from sync_assets.demo.shop.api.pages import Connection
from sync_assets.demo.shop.api.running import QUICK_OBJECT, QUICK_SCALAR

Getter = Callable[[Any], object]
Resolve = Callable[..., object]


@dataclass(frozen=True, slots=True)
class Asking:
    """A resolver that needs the call: `(source, call)`."""

    resolve: Callable[[Any, Call], object]


@dataclass(frozen=True, slots=True)
class Arguing:
    """A resolver that needs the call and the field's arguments: `(source, call, **arguments)`."""

    resolve: Callable[..., object]


How = Getter | Asking | Arguing
Fields = Mapping[str, How]

_DOCUMENTATION = "https://shopify.dev/api/usage/access-scopes"


def equip(contract: Contract, served: Mapping[str, Fields]) -> None:
    """Gives every field of every object type its resolver."""
    for name, kind in contract.schema.type_map.items():
        if isinstance(kind, (GraphQLInterfaceType, GraphQLUnionType)):
            kind.resolve_type = _typename
        elif isinstance(kind, GraphQLObjectType) and not name.startswith("__"):
            known = served.get(name) or _of_connections(name)
            for field_name, field in kind.fields.items():
                how = known.get(field_name)
                resolve = _unserved(name, field_name) if how is None else _resolver(how)
                needed = contract.access.get((name, field_name))
                field.resolve = _guarded(field_name, needed, resolve) if needed else resolve
                field.extensions = _shortcut(field, how) if not needed else {}


def _shortcut(field: GraphQLField, how: How | None) -> dict[str, object]:
    """What the executor may use for a field that needs its source only."""
    kind = cast("Any", field).type
    required = isinstance(kind, GraphQLNonNull)
    target = cast("Any", kind).of_type if required else kind
    if how is None or isinstance(how, (Asking, Arguing)):
        return {}
    if required and isinstance(target, GraphQLObjectType):
        return {QUICK_OBJECT: (how, target)}
    return {QUICK_SCALAR: _scalar(how, target, required=required)} if is_leaf_type(target) else {}


def _scalar(get: Getter, kind: Any, *, required: bool) -> Getter:  # noqa: ANN401 - a leaf type
    serialize = kind.serialize

    def quick(source: object) -> object:
        value = get(source)
        if value is not None:
            return serialize(value)
        if required:
            raise ValueError(kind)
        return None

    return quick


def denied(name: str, needed: Access) -> GraphQLError:
    """The error of a field that the token's scopes do not reach."""
    message = f"Access denied for {name} field. Required access: {needed.words}."
    extensions = {
        "code": "ACCESS_DENIED",
        "documentation": _DOCUMENTATION,
        "requiredAccess": f"{needed.words}.",
    }
    return GraphQLError(message, extensions=extensions)


def _resolver(how: How) -> Resolve:
    if isinstance(how, Arguing):
        argue = how.resolve

        def argued(source: object, info: GraphQLResolveInfo, **arguments: Any) -> object:  # noqa: ANN401
            return argue(source, info.context, **arguments)

        return argued
    if isinstance(how, Asking):
        ask = how.resolve

        def asked(source: object, info: GraphQLResolveInfo, **_: object) -> object:
            return ask(source, info.context)

        return asked
    get = how

    def got(source: object, *_: object, **__: object) -> object:
        return get(source)

    return got


def _guarded(name: str, needed: Access, resolve: Resolve) -> Resolve:
    scopes = needed.scopes

    def guarded(source: object, info: GraphQLResolveInfo, **arguments: Any) -> object:  # noqa: ANN401
        if scopes.isdisjoint(info.context.scopes):
            raise denied(name, needed)
        return resolve(source, info, **arguments)

    return guarded


def _unserved(type_name: str, name: str) -> Resolve:
    def refuse(*_: object, **__: object) -> object:
        raise GraphQLError(
            f"The simulated shop does not serve {type_name}.{name}",
            extensions={"code": "NOT_SIMULATED"},
        )

    return refuse


def _typename(value: Any, _info: GraphQLResolveInfo, _kind: GraphQLAbstractType) -> str:  # noqa: ANN401
    return value.typename


def _of_connections(name: str) -> Fields:
    if name.endswith("Connection"):
        return _CONNECTION
    return _EDGE if name.endswith("Edge") else {}


def _edges(connection: Connection) -> list[tuple[str, object]]:
    return list(zip(connection.cursors, connection.nodes, strict=True))


_CONNECTION: Fields = {
    "nodes": lambda connection: connection.nodes,
    "edges": _edges,
    "pageInfo": lambda connection: connection,
}
_EDGE: Fields = {"cursor": lambda edge: edge[0], "node": lambda edge: edge[1]}

PAGE_INFO: Fields = {
    "hasNextPage": lambda page: page.has_next,
    "hasPreviousPage": lambda page: page.has_previous,
    "startCursor": lambda page: page.cursors[0] if page.cursors else None,
    "endCursor": lambda page: page.cursors[-1] if page.cursors else None,
}
