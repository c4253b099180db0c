"""`sync-assets budget show` and `set`."""

from typing import TYPE_CHECKING, Annotated

import typer

from sync_assets.cli.command import App, Json, argument, option
from sync_assets.cli.opened import opened, registered
from sync_assets.cli.output import print_json, print_table
from sync_assets.core.budget import Cap, Change, Monthly, Standing, money, parse_amount
from sync_assets.core.errors import OperatorMustAct

if TYPE_CHECKING:
    from sync_assets.bootstrap import Platform

app = App(help="Show and set what may be spent on embeddings each month.")

TenantId = Annotated[
    str | None, argument(metavar="[ID]", help="The tenant's id.", show_default=False)
]
Organization = Annotated[
    str | None, option(help="All tenants of this organization together, instead of one.")
]


@app.verb()
def show(
    tenant_id: TenantId = None, *, organization: Organization = None, json: Json = False
) -> None:
    """Show what may be spent this month, and what is spent."""
    _check_whose(tenant_id, organization)
    with opened() as platform:
        _print(_standing(platform, tenant_id, organization), tenant_id, as_json=json)


@app.verb("set")
def set_(  # noqa: PLR0913 - one for each option
    tenant_id: TenantId = None,
    *,
    organization: Organization = None,
    monthly: Annotated[
        str | None,
        option(
            metavar="AMOUNT|none|default",
            help="What may be spent each month: so much, anything, or what the settings say.",
        ),
    ] = None,
    currency: Annotated[
        str | None, option(help="Of the amount; must be the currency of the prices.")
    ] = None,
    block: Annotated[
        bool | None, option("--block/--unblock", help="Let nothing be spent; or again something.")
    ] = None,
    reason: Annotated[str | None, option(help="Why it is blocked.")] = None,
    json: Json = False,
) -> None:
    """Set what may be spent each month, or block all spending."""
    _check_whose(tenant_id, organization)
    if monthly is None and block is None:
        raise typer.BadParameter("Say what to set: --monthly, --block or --unblock.")
    if reason is not None and not block:
        raise typer.BadParameter("A --reason belongs to --block.")
    change = Change(None if monthly is None else _monthly(monthly), block, reason)
    with opened() as platform:
        _check_currency(platform, currency)
        if tenant_id is not None:
            platform.budgets.set_tenant(registered(platform, tenant_id).id, change)
        else:
            platform.budgets.set_organization(organization or "", change)
        _print(_standing(platform, tenant_id, organization), tenant_id, as_json=json)


def _check_whose(tenant_id: str | None, organization: str | None) -> None:
    if (tenant_id is None) == (organization is None):
        raise typer.BadParameter("Name either a tenant or --organization ORG.")


def _check_currency(platform: "Platform", given: str | None) -> None:
    prices = platform.settings.embeddings_currency
    if given is not None and given.upper() != prices:
        raise OperatorMustAct(
            f"The prices are in {prices}, so a budget in {given} would mean nothing. Give the "
            "amount in that currency; SYNC_ASSETS_EMBEDDINGS_CURRENCY says which one it is."
        )


def _monthly(given: str) -> Monthly:
    """An amount, as exact as the tables keep it."""
    if given == "none" or given == "default":  # noqa: PLR1714 - which narrows the type
        return given
    try:
        return parse_amount(given)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _standing(platform: "Platform", tenant_id: str | None, organization: str | None) -> Standing:
    if tenant_id is None:
        return platform.budgets.of_organization(organization or "")
    return platform.budgets.standing(registered(platform, tenant_id).id)


def _print(standing: Standing, tenant_id: str | None, *, as_json: bool) -> None:
    own, *shared = standing.caps
    entry: dict[str, object] = {"tenant": tenant_id, **standing.as_dict()}
    if as_json:
        print_json(entry)
        return
    rows = {**entry, "monthly": _described(own), "organization": None}
    if shared:
        rows["organization"] = f"{_described(shared[0])}, {money(shared[0].spent)} spent"
    hidden = {"tenant", "isDefault", "blocked"}
    print_table(["", own.owner], [[k, v] for k, v in rows.items() if k not in hidden])


def _described(cap: Cap) -> str:
    amount = "no cap" if cap.monthly is None else money(cap.monthly)
    return f"{amount} (default)" if cap.is_default else amount
