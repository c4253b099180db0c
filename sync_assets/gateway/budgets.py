"""What may be spent on a tenant's embeddings each month."""

from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import Field, StrictBool, model_validator

from sync_assets.bootstrap import Platform
from sync_assets.core.budget import Cap as Held
from sync_assets.core.budget import Change, CostState, Monthly, money, parse_amount
from sync_assets.gateway.access import Admin, Reader
from sync_assets.gateway.problems import Problem, plainly
from sync_assets.gateway.shapes import Answer, Asking, Json, Text
from sync_assets.gateway.state import ThePlatform
from sync_assets.gateway.tenancy import OwnTenant

router = APIRouter(tags=["budgets"])


_WHY = "The organization has no budget of its own, within which its keys could raise it."


class BudgetChange(Asking):
    """What to set; what is left out stays."""

    monthly: Annotated[Text, Field(max_length=40)] | None = Field(
        default=None, description="An amount such as 5.00, `none` for no cap, or `default`."
    )
    blocked: StrictBool | None = None
    reason: Annotated[Text, Field(max_length=500)] | None = Field(
        default=None, description="Why it is blocked."
    )

    @model_validator(mode="after")
    def _something(self) -> "BudgetChange":
        if self.monthly is None and self.blocked is None:
            raise ValueError("say what to set: monthly, blocked, or both")
        if self.reason is not None and not self.blocked:
            raise ValueError("a reason belongs to blocked")
        return self


class Cap(Answer):
    """Amounts are text, which is exact; null for no cap."""

    monthly: str | None
    is_default: bool
    spent: str
    in_flight: str
    left: str | None
    blocked: bool


class Budget(Cap):
    """How a tenant's budget stands, and that of its organization where it has one."""

    site_id: str
    state: CostState
    reason: str | None
    month: str
    currency: str
    organization: Cap | None


@router.get("/v1/tenants/{tenant_id}/budget", response_model=Budget)
def show(tenant: OwnTenant, _caller: Reader, platform: ThePlatform) -> Response:
    """What may be spent this month, and what is spent."""
    return Json(budget_of(platform, tenant.id))


@router.put("/v1/tenants/{tenant_id}/budget", response_model=Budget)
def set_(tenant: OwnTenant, _caller: Admin, platform: ThePlatform, wish: BudgetChange) -> Response:
    """Set what may be spent each month, or block all spending.

    A key moves money within its organization's budget. Where that has none, it can only lower a
    tenant's and block it: all else would be spent at the expense of whoever runs this service.
    """
    monthly = None if wish.monthly is None else _monthly(wish.monthly)
    _check_allowed(platform, tenant.id, monthly, unblock=wish.blocked is False)
    platform.budgets.set_tenant(tenant.id, Change(monthly, wish.blocked, wish.reason))
    return Json(budget_of(platform, tenant.id))


def budget_of(platform: Platform, tenant_id: str) -> dict[str, object]:
    """How a tenant's budget stands, for programs."""
    standing = platform.budgets.standing(tenant_id).as_dict()
    reason = standing["reason"]
    return {"siteId": tenant_id, **standing, "reason": reason and plainly(str(reason))}


def _check_allowed(
    platform: Platform, tenant_id: str, monthly: Monthly | None, *, unblock: bool
) -> None:
    """Raises `Problem` 403 for what only whoever pays may allow."""
    own, *shared = platform.budgets.standing(tenant_id).caps
    if any(cap.monthly is not None for cap in shared):
        return  # nobody gets beyond it, whatever the tenants have
    if unblock and own.blocked:
        raise Problem(403, detail=f"Whoever runs this service can unblock it. {_WHY}")
    if monthly is not None and _is_more(monthly, own, platform.budgets.default):
        most = money(own.monthly or Decimal(0))
        raise Problem(403, detail=f"{most} is the most that can be set here. {_WHY}")


def _is_more(monthly: Monthly, own: Held, default: Decimal | None) -> bool:
    """Is it more than what may be spent now?"""
    if own.monthly is None:
        return False
    wished = (
        {"none": None, "default": default}.get(monthly) if isinstance(monthly, str) else monthly
    )
    return wished is None or wished > own.monthly


def _monthly(text: str) -> Monthly:
    known: dict[str, Literal["none", "default"]] = {"none": "none", "default": "default"}
    try:
        return known.get(text) or parse_amount(text)
    except ValueError as error:
        raise Problem(422, detail=str(error)) from error
