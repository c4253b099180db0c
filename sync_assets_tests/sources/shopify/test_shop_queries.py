"""Every question that we ask is one that the published schema allows."""

from pathlib import Path

import pytest
from graphql import NoDeprecatedCustomRule, parse, validate

from sync_assets.demo.shop.api.contract import contract
from sync_assets.demo.shop.bulk.query import bulk_query
from sync_assets.sources.shopify import queries
from sync_assets.sources.shopify.entity import Entity, Query
from sync_assets.sources.shopify.queries import ENTITIES

OTHERS = [
    *(value for value in vars(queries).values() if isinstance(value, Query)),
    *queries.COUNTS.values(),
]
BY_ENTITY = [
    query
    for entity in ENTITIES.values()
    for query in (
        entity.listing,
        entity.contents,
        entity.by_id,
        entity.present,
        *(part.more for part in entity.parts),
    )
]


@pytest.mark.parametrize("query", [*OTHERS, *BY_ENTITY], ids=lambda query: query.name)
def test_a_question_is_valid(cache: Path, query: Query):
    assert validate(contract(cache).schema, parse(query.text)) == []


TEXTS = {
    **{query.name: query.text for query in (*OTHERS, *BY_ENTITY)},
    **{f"Bulk{entity.kind}": entity.bulk for entity in ENTITIES.values()},
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_question_asks_for_nothing_that_will_go_away(cache: Path, text: str):
    schema = contract(cache).schema
    assert validate(schema, parse(text), [NoDeprecatedCustomRule]) == []


@pytest.mark.parametrize("entity", ENTITIES.values(), ids=lambda entity: entity.kind)
def test_a_question_for_a_bulk_operation_may_run_in_bulk(cache: Path, entity: Entity):
    assert bulk_query(contract(cache).schema, entity.bulk).root.path == (entity.root,)


def test_questions_have_names_of_their_own():
    names = [query.name for query in (*OTHERS, *BY_ENTITY)]
    assert len(names) == len(set(names))
