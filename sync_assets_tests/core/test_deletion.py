"""When tombstones are refused."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_assets.core.deletion import LARGEST_SHARE, SMALL, UNLISTED, Evidence, objection
from sync_assets_tests.core.properties import modestly

GOOD = Evidence(authenticated=True, listed=990, announced=990, live=1000, gone=10)


def test_a_complete_listing_of_an_account_that_sees_everything_is_proof():
    assert objection(GOOD) is None


def test_a_source_that_does_not_say_its_size_can_prove_a_deletion():
    assert objection(replace(GOOD, announced=None)) is None


@pytest.mark.parametrize("approved", [False, True])
def test_an_anonymous_reader_proves_nothing_whoever_approves(approved: bool):
    reason = objection(replace(GOOD, authenticated=False, approved=approved))
    assert reason is not None
    assert "anonymous" in reason


@pytest.mark.parametrize("approved", [False, True])
def test_an_incomplete_listing_proves_nothing_whoever_approves(approved: bool):
    evidence = replace(GOOD, listed=GOOD.listed - UNLISTED, approved=approved)
    assert objection(evidence) is None
    reason = objection(replace(evidence, listed=evidence.listed - 1))
    assert reason == "the source listed 986 of 990 records"


def test_an_empty_listing_needs_the_operators_word():
    empty = Evidence(authenticated=True, listed=0, announced=0, live=3, gone=3)
    assert objection(empty) == "the source lists no record at all"
    assert objection(replace(empty, approved=True)) is None


@pytest.mark.parametrize(
    ("live", "most"), [(0, SMALL), (11, SMALL), (40, 10), (44, 11), (1000, 250)]
)
def test_a_shrunken_listing_needs_the_operators_word(live: int, most: int):
    evidence = Evidence(authenticated=True, listed=1, announced=1, live=live, gone=most)
    assert objection(evidence) is None
    one_more = replace(evidence, gone=most + 1)
    assert objection(one_more) == f"{most + 1} of {live} records would go at once"
    assert objection(replace(one_more, approved=True)) is None


evidences = st.builds(
    Evidence,
    authenticated=st.booleans(),
    listed=st.integers(0, 60),
    announced=st.none() | st.integers(0, 60),
    live=st.integers(0, 60),
    gone=st.integers(0, 60),
    approved=st.booleans(),
)


@modestly
@given(evidences)
def test_whatever_passes_is_complete_and_authenticated(evidence: Evidence):
    if objection(evidence) is None:
        assert evidence.authenticated
        assert evidence.announced is None or evidence.listed >= evidence.announced
        assert evidence.approved or evidence.gone <= max(SMALL, evidence.live * LARGEST_SHARE)


@modestly
@given(evidences)
def test_more_deletions_never_become_easier_to_pass(evidence: Evidence):
    if objection(evidence) is not None:
        assert objection(replace(evidence, gone=evidence.gone + 1)) is not None
