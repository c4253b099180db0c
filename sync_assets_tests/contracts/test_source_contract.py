"""The contract holds for a good source, and every careless one breaks it."""

from collections.abc import Callable, Sequence

import pytest

from sync_assets.core.errors import SyncError
from sync_assets_tests.contracts.hostile_lab import HostileLab
from sync_assets_tests.contracts.hostile_source import Flaw
from sync_assets_tests.contracts.lab import Patience, Spoilt, Trouble
from sync_assets_tests.contracts.source_contract import SourceContract
from sync_assets_tests.contracts.trouble_contract import fetch_some, list_all

SHORT = Patience(stop=0.3, drip=0.6)

Test = tuple[Callable[..., None], Sequence[object]]
"""A test of the contract and its parameters behind the laboratory."""

contract = SourceContract()

BREAKS: dict[Flaw, Test] = {
    Flaw.PAGES_BY_OFFSET: (
        contract.test_no_record_is_lost_when_earlier_ones_are_deleted_meanwhile,
        [],
    ),
    Flaw.FORGETS_THE_LAST_KEY: (contract.test_what_is_asked_for_is_what_comes, []),
    Flaw.TELLS_THE_SECRET: (contract.test_no_trouble_tells_the_secret, [Trouble.BROKEN]),
    Flaw.LOGS_THE_SECRET: (contract.test_no_trouble_tells_the_secret, [Trouble.BROKEN]),
    Flaw.SHOWS_THE_SECRET: (contract.test_no_trouble_tells_the_secret, [Trouble.BROKEN]),
    Flaw.TAKES_ERRORS_FOR_ABSENCE: (contract.test_no_trouble_proves_an_absence, [Trouble.BROKEN]),
    Flaw.TAKES_HIDDEN_FOR_ABSENT: (
        contract.test_what_an_anonymous_reader_may_not_see_is_not_absent,
        [],
    ),
    Flaw.CLAIMS_TO_SEE_ALL: (
        contract.test_an_anonymous_reader_says_so_and_sees_nothing_hidden,
        [],
    ),
    Flaw.TRIES_ONCE: (
        contract.test_trouble_that_passes_is_not_noticed,
        [Trouble.BROKEN, list_all],
    ),
    Flaw.IS_DEAF: (contract.test_a_stop_is_obeyed_while_an_answer_drips, [fetch_some]),
    Flaw.TAKES_NONSENSE_FOR_NOTHING: (
        contract.test_what_is_not_json_is_never_taken_for_an_answer,
        [Trouble.PAGE, list_all],
    ),
    Flaw.COUNTS_SUCCESSES_ONLY: (contract.test_every_request_is_counted_repetitions_too, []),
    Flaw.NEVER_VERIFIES: (contract.test_a_revocation_is_noticed, []),
    Flaw.NAMES_NO_TENANT: (contract.test_a_refused_account_asks_the_tenant_to_act, []),
    Flaw.GIVES_UP_THE_BATCH: (
        contract.test_the_others_arrive_and_the_account_adds_up,
        [Spoilt.UNSERVABLE],
    ),
    Flaw.PASSES_NUL_ON: (
        contract.test_what_can_be_mended_is_mended_and_counted,
        [Spoilt.NUL],
    ),
    Flaw.STUMBLES_OVER_TYPES: (
        contract.test_what_cannot_be_mended_is_refused_by_name,
        [],
    ),
}

BROKEN = (AssertionError, AttributeError, SyncError, pytest.fail.Exception)


class TestHostileSource(SourceContract):
    """The contract itself can be kept."""

    @pytest.fixture
    def lab(self) -> HostileLab:
        return HostileLab()


@pytest.mark.parametrize("flaw", BREAKS, ids=lambda flaw: flaw.name.lower())
def test_a_careless_source_breaks_the_contract(flaw: Flaw):
    test, parameters = BREAKS[flaw]
    test(HostileLab(patience=SHORT), *parameters)
    with pytest.raises(BROKEN):
        test(HostileLab([flaw], patience=SHORT), *parameters)


def test_every_flaw_is_tried():
    assert set(BREAKS) == set(Flaw)
