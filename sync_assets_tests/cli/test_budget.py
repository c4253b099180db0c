import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.budget import CostState
from sync_assets.core.tenants import Tenant
from sync_assets_tests.cli.conftest import Commands

pytestmark = pytest.mark.postgres


@pytest.fixture(autouse=True)
def _two_tenants(platform: Platform) -> None:
    for tenant in ("acme", "globex"):
        platform.tenants.add(Tenant(tenant, "wordpress", "agency", "http://demo.invalid"))


def test_a_tenant_has_the_budget_of_the_settings_until_it_gets_its_own(run: Commands) -> None:
    before = run.json("budget", "show", "acme")
    assert (before["monthly"], before["isDefault"], before["currency"]) == ("5.00", True, "USD")
    assert run("budget", "set", "acme", "--monthly", "7.125", "--currency", "usd") == 0, run.err
    after = run.json("budget", "show", "acme")
    assert (after["monthly"], after["left"], after["isDefault"]) == ("7.125", "7.125", False)
    assert run.json("budget", "set", "acme", "--monthly", "default") == before


def test_a_budget_shows_all_there_is_to_know(run: Commands, platform: Platform) -> None:
    month = f"{platform.budgets.standing('acme').month:%Y-%m}"
    assert run.json("budget", "set", "acme", "--monthly", "none") == {
        "tenant": "acme",
        "state": "NORMAL",
        "reason": None,
        "month": month,
        "currency": "USD",
        "monthly": None,
        "isDefault": False,
        "spent": "0.00",
        "inFlight": "0.00",
        "left": None,
        "blocked": False,
        "organization": None,
    }


def test_people_read_it_as_a_table(run: Commands) -> None:
    assert run("budget", "show", "acme") == 0
    assert "5.00 (default)" in run.out
    assert run("budget", "set", "acme", "--monthly", "none") == 0
    assert run("budget", "set", "--organization", "agency", "--monthly", "50") == 0
    assert run("budget", "show", "acme") == 0
    lines = [line.strip().split(maxsplit=1) for line in run.out.splitlines()]
    assert ["monthly", "no cap"] in lines
    assert ["left", "50.00"] in lines
    assert ["organization", "50.00, 0.00 spent"] in lines


def test_an_organizations_budget_is_shown_with_its_tenants(run: Commands) -> None:
    own = run.json("budget", "set", "--organization", "agency", "--monthly", "3")
    assert (own["tenant"], own["monthly"], own["organization"]) == (None, "3.00", None)
    shown = run.json("budget", "show", "acme")
    assert (shown["monthly"], shown["left"]) == ("5.00", "3.00")
    assert shown["organization"]["monthly"] == "3.00"
    assert run.json("budget", "show", "--organization", "agency") == own


def test_a_block_says_why_and_how_to_end_it(run: Commands, platform: Platform) -> None:
    shown = run.json("budget", "set", "acme", "--block", "--reason", "unpaid")
    assert (shown["state"], shown["blocked"], shown["monthly"]) == ("BLOCKED", True, "5.00")
    assert "(unpaid)" in shown["reason"]
    assert "'sync-assets budget set acme --unblock'" in shown["reason"]
    assert platform.budgets.standing("globex").state is CostState.NORMAL
    assert run.json("budget", "set", "acme", "--unblock")["state"] == "NORMAL"


def test_a_budget_and_a_block_are_set_in_one_command(run: Commands) -> None:
    shown = run.json("budget", "set", "acme", "--monthly", "9", "--block")
    assert (shown["monthly"], shown["state"]) == ("9.00", "BLOCKED")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("show",), "either a tenant or --organization"),
        (("show", "acme", "--organization", "agency"), "either a tenant or --organization"),
        (("show", "nobody"), "no tenant 'nobody'"),
        (("show", "--organization", "typo"), "'typo'. There is agency."),
        (("set", "--organization", "typo", "--block"), "'typo'. There is agency."),
        (("set", "nobody", "--block"), "no tenant 'nobody'"),
        (("set", "acme"), "Say what to set"),
        (("set", "acme", "--currency", "USD"), "Say what to set"),
        (("set", "acme", "--unblock", "--reason", "paid"), "belongs to --block"),
        (("set", "acme", "--monthly", "5", "--reason", "rich"), "belongs to --block"),
        (("set", "acme", "--monthly", "5", "--currency", "EUR"), "The prices are in USD"),
        (("set", "acme", "--monthly", "five"), "'five' is no amount, such as 5.00"),
        (("set", "acme", "--monthly", "5,00"), "'5,00' is no amount"),
        (("set", "acme", "--monthly", "-1"), "can be spent"),
        (("set", "acme", "--monthly", "NaN"), "can be spent"),
        (("set", "acme", "--monthly", "Infinity"), "can be spent"),
        (("set", "acme", "--monthly", "1e10"), "can be spent"),
        (("set", "acme", "--monthly", "0.00000000001"), "more than ten decimals"),
    ],
)
def test_what_cannot_be_meant_is_said_and_changes_nothing(
    run: Commands, arguments: tuple[str, ...], complaint: str
) -> None:
    before = run.json("budget", "show", "acme")
    assert run("budget", *arguments) == 2
    assert complaint in " ".join(run.err.split())
    assert run.json("budget", "show", "acme") == before
