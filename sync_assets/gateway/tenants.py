"""Tenants: listing, registering, changing and removing them; credentials go in and never out."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import Field, StrictBool

from sync_assets.bootstrap import Platform
from sync_assets.core.tenants import Credentials, Tenant
from sync_assets.gateway import cursors
from sync_assets.gateway.access import Admin, Reader
from sync_assets.gateway.idempotency import Once
from sync_assets.gateway.problems import Problem, problem_responses
from sync_assets.gateway.registering import (
    address,
    check_account,
    known_source,
    new_id,
    schedule,
    settings,
)
from sync_assets.gateway.shapes import Answer, Asking, Cursor, Json, Limit, Name, Text, moment
from sync_assets.gateway.state import ThePlatform
from sync_assets.gateway.tenancy import OwnTenant

router = APIRouter(tags=["tenants"])

Url = Annotated[Text, Field(max_length=2000)]
Settings = Annotated[dict[Name, Annotated[Text, Field(max_length=2000)]], Field(max_length=50)]
Schedule = Annotated[
    Text, Field(max_length=100, description="A cron line, `off`, or `default` for the common one.")
]
Check = Annotated[StrictBool, Field(description="Ask the site whether the account is good enough.")]


MOST = 1_000
"""Tenants that an organization's keys can register; each may spend, and is synced by itself."""


class Account(Asking):
    """What a source accepts as proof; no answer ever holds it."""

    username: Name
    password: Annotated[Text, Field(min_length=1, max_length=1000)]


class NewTenant(Asking):
    """A tenant to register; without credentials a public one."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,49}$", description="What its id begins with.")
    source: Name
    url: Url
    credentials: Account | None = None
    settings: Settings = Field(default_factory=dict)
    schedule: Schedule = "default"
    check: Check = True


class TenantChange(Asking):
    """What to change of a tenant; a setting that is null is taken back."""

    url: Url | None = None
    credentials: Account | None = None
    public: StrictBool = Field(default=False, description="Forget its credentials.")
    settings: dict[Name, Annotated[Text, Field(max_length=2000)] | None] = Field(
        default={}, max_length=50
    )
    schedule: Schedule | None = None
    check: Check = True


class Shown(Answer):
    """A tenant."""

    id: str
    source: str
    organization_id: str
    url: str
    public: bool
    settings: dict[str, str]
    schedule: str
    status: Literal["active"]
    created_at: datetime | None


class Tenants(Answer):
    """A page of tenants, by id."""

    tenants: list[Shown]
    next_cursor: str | None


class Removed(Answer):
    """A tenant that is synced no more."""

    id: str
    status: Literal["removed"]


@router.get("/v1/tenants", response_model=Tenants)
def list_all(
    caller: Reader, platform: ThePlatform, limit: Limit = 50, cursor: Cursor | None = None
) -> Response:
    """The organization's active tenants."""
    after = cursors.decode(cursor) if cursor is not None else ""
    found = platform.tenants.page_of(caller.organization, after, limit + 1)
    more = cursors.encode(found[limit - 1].id) if len(found) > limit else None
    return Json({"tenants": [shown(tenant) for tenant in found[:limit]], "nextCursor": more})


@router.post("/v1/tenants", status_code=201, response_model=Shown, responses=problem_responses(409))
def register(caller: Admin, platform: ThePlatform, once: Once, wish: NewTenant) -> Response:
    """Register a tenant; its first sync starts by itself.

    Its id is made from its name. Its site is asked first whether the account is good enough; if
    not, nothing is registered.
    """

    def add() -> Response:
        spec = platform.spec(known_source(wish.source))
        tenant = Tenant(
            new_id(wish.name),
            spec.name,
            caller.organization,
            address(wish.url),
            _credentials(wish.credentials),
            settings(wish.settings, spec),
            schedule=schedule(wish.schedule),
        )
        if len(platform.tenants.ids_of(caller.organization)) >= MOST:
            raise Problem(409, detail=f"There are {MOST} tenants already, which is the most.")
        if wish.check:
            check_account(platform, tenant)
        platform.tenants.add(tenant)
        found = platform.tenants.owned(tenant.id, caller.organization)
        return Json(shown(found), 201, {"Location": f"/v1/tenants/{tenant.id}"})

    return once(add)


@router.get("/v1/tenants/{tenant_id}", response_model=Shown)
def show(tenant: OwnTenant, _caller: Reader) -> Response:
    """A tenant, but for its credentials."""
    return Json(shown(tenant))


@router.patch("/v1/tenants/{tenant_id}", response_model=Shown)
def change(tenant: OwnTenant, caller: Admin, platform: ThePlatform, wish: TenantChange) -> Response:
    """Change a tenant; where it matters to its site, that is asked first.

    Stored credentials are never sent to another address: with a new one they are given anew.
    """
    changed = _changed(platform, platform.tenants.active(tenant.id), wish)
    matters = bool(wish.url or wish.credentials or wish.public or wish.settings)
    if wish.check and matters:
        check_account(platform, changed)
    platform.tenants.update(changed)
    return Json(shown(platform.tenants.owned(tenant.id, caller.organization)))


@router.delete("/v1/tenants/{tenant_id}", response_model=Removed, responses=problem_responses(409))
def remove(tenant: OwnTenant, _caller: Admin, platform: ThePlatform) -> Response:
    """Sync a tenant no more; its rows stay with whoever runs this service."""
    platform.tenants.deactivate(tenant.id)
    return Json({"id": tenant.id, "status": "removed"})


def shown(tenant: Tenant) -> dict[str, object]:
    """A tenant for programs, without its account."""
    return {
        "id": tenant.id,
        "source": tenant.source,
        "organizationId": tenant.organization,
        "url": tenant.url,
        "public": tenant.credentials is None,
        "settings": dict(tenant.settings),
        "schedule": tenant.schedule or "default",
        "status": "active",
        "createdAt": moment(tenant.created_at),
    }


def _changed(platform: Platform, tenant: Tenant, wish: TenantChange) -> Tenant:
    if wish.public and wish.credentials is not None:
        raise Problem(422, detail="A tenant is public, or has credentials.")
    url = tenant.url if wish.url is None else address(wish.url)
    given = wish.credentials is not None or wish.public
    if url != tenant.url and tenant.credentials is not None and not given:
        raise Problem(422, detail="With another url, send the credentials anew.")
    new = {name: value for name, value in wish.settings.items() if value is not None}
    kept = {name: value for name, value in tenant.settings.items() if name not in wish.settings}
    return replace(
        tenant,
        url=url,
        credentials=_credentials(wish.credentials) if given else tenant.credentials,
        settings={**kept, **settings(new, platform.spec(tenant.source))},
        schedule=tenant.schedule if wish.schedule is None else schedule(wish.schedule),
    )


def _credentials(account: Account | None) -> Credentials | None:
    return None if account is None else Credentials(account.username, account.password)
