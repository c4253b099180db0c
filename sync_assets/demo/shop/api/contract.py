"""The published schema as graphql-core executes it, and the scopes that its fields ask for."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import orjson
from graphql import (
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    build_client_schema,
    get_named_type,
)

from sync_assets.demo.shop.api.schema_file import schema_file


@dataclass(frozen=True, slots=True)
class Access:
    """What a field needs: one of these scopes, in the words of the documentation."""

    scopes: frozenset[str]
    words: str


@dataclass(frozen=True, slots=True)
class Contract:
    """A schema of its own for whoever asks: resolvers are put into it."""

    schema: GraphQLSchema
    access: Mapping[tuple[str, str], Access]


def contract(cache: Path) -> Contract:
    """The published contract, built anew from the file in this folder (half a second)."""
    published = _published(schema_file(cache))
    schema = build_client_schema(published["data"], assume_valid=True)
    return Contract(schema, _access(schema, published["offline_scopes"]["items"]))


@lru_cache(maxsize=1)
def _published(path: Path) -> dict[str, Any]:
    return orjson.loads(gzip.decompress(path.read_bytes()))


def _access(schema: GraphQLSchema, items: list[dict[str, Any]]) -> dict[tuple[str, str], Access]:
    """A field needs what is said of it, or else what is said of what it leads to.

    A type itself is found under (its name, "").
    """
    said = {
        (item["typeName"], item.get("fieldName", "")): Access(
            frozenset(item["offlineScopes"]), item["requiredAccess"].replace("`", '"').rstrip(".")
        )
        for item in items
        if item["offlineScopes"]
    }
    found = {key: access for key, access in said.items() if not key[1]}
    for name, kind in schema.type_map.items():
        if not isinstance(kind, GraphQLObjectType):
            continue
        for field_name, field in kind.fields.items():
            target = _name(field).removesuffix("Connection")
            needed = said.get((name, field_name)) or said.get((target, ""))
            if needed and target != name:
                found[name, field_name] = needed
    return found


def _name(field: GraphQLField) -> str:
    """The type that a field leads to, without lists and exclamation marks."""
    kind: GraphQLNamedType = cast("Any", get_named_type)(cast("Any", field).type)
    return kind.name
