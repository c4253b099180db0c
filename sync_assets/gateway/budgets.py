"""What may be spent on a tenant's embeddings each month."""

from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import Field, StrictBool, model_validator

from sync_assets.bootstrap import Platform
from sync_assets.core.budget import Change, CostState, Monthly, parse_amount
from sync_assets.gateway.access import Admin, Reader
from sync_assets.gateway.problems import Problem, plainly
from sync_assets.gateway.shapes import Answer, Asking, Json, Text
from sync_assets.gateway.state import ThePlatform
from sync_assets.gateway.tenancy import OwnTenant

router = APIRouter(tags=["budgets"])


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
    """Set what may be spent each month, or block all spending."""
    monthly = None if wish.monthly is None else _monthly(wish.monthly)
    platform.budgets.set_tenant(tenant.id, Change(monthly, wish.blocked, wish.reason))
    return Json(budget_of(platform, tenant.id))


def budget_of(platform: Platform, tenant_id: str) -> dict[str, object]:
    """How a tenant's budget stands, for programs."""
    standing = platform.budgets.standing(tenant_id).as_dict()
    reason = standing["reason"]
    return {"siteId": tenant_id, **standing, "reason": reason and plainly(str(reason))}


def _monthly(text: str) -> Monthly:
    known: dict[str, Literal["none", "default"]] = {"none": "none", "default": "default"}
    try:
        return known.get(text) or parse_amount(text)
    except ValueError as error:
        raise Problem(422, detail=str(error)) from error
