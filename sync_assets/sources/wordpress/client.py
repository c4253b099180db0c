"""Asks a site's REST API, and says what a refusal means."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from sync_assets.core.errors import RetryLater, SourceChanged, SyncError, TenantMustAct
from sync_assets.core.records import Payload
from sync_assets.core.tenants import Tenant
from sync_assets.sources.answers import Answer
from sync_assets.sources.http import HttpSession
from sync_assets.sources.json_body import Kind
from sync_assets.sources.wordpress.address import ApiRoot, Params
from sync_assets.sources.wordpress.records import PROTECTED

_CODE = re.compile(r"[a-z0-9_-]{1,60}")
_NUMBER = re.compile(r"[0-9]{1,19}")


class Rows(NamedTuple):
    """A page of a listing; `total` is X-WP-Total, None where it is not sent."""

    rows: Sequence[Payload]
    total: int | None


@dataclass(frozen=True, slots=True)
class Client:
    """The API of one tenant's site, asked with the tenant's credentials, if it has any."""

    http: HttpSession
    root: ApiRoot
    tenant: Tenant

    @property
    def authenticated(self) -> bool:
        """Are there credentials? Whether they are any good is another question."""
        return self.tenant.credentials is not None

    @property
    def context(self) -> Params:
        """The context that shows most: `edit` fails with bad credentials, `view` does not."""
        return {"context": "edit"} if self.authenticated else {}

    def rows(self, route: str, params: Params, *, attempts: int | None = None) -> Rows:
        """A page of a listing; a refusal is raised, named by who has to act."""
        answer = self._get(route, params, list, attempts)
        if not answer.ok:
            raise self.refusal(answer)
        found: list[object] = answer.json
        rows = cast(list[dict[str, Any]], [row for row in found if isinstance(row, dict)])
        for row in rows:
            if "password" in row or isinstance(row.get("id"), str):
                _mend(row)
        return Rows(rows, _total(answer))

    def object(self, route: str, params: Params) -> Payload:
        """An object; a refusal is raised, named by who has to act."""
        answer = self.ask(route, params)
        if not answer.ok:
            raise self.refusal(answer)
        return answer.json

    def ask(self, route: str, params: Params, *, attempts: int | None = None) -> Answer:
        """The answer to a request for an object, whatever its status."""
        return self._get(route, params, dict, attempts)

    def alive(self) -> bool:
        """Does the site answer something small?"""
        try:
            return self.ask("/", {"_fields": "name"}, attempts=2).ok
        except RetryLater:
            return False

    def refusal(self, answer: Answer) -> SyncError:
        """What an answer that is no success means."""
        code = error_code(answer)
        said = f"({answer.status} {code})" if code else f"({answer.status})"
        tenant, status = self.tenant.id, _status(answer)
        if status == 401 and not self.authenticated:
            return TenantMustAct(
                f"{tenant}'s WordPress shows this to its own users only {said}. Give the tenant "
                f"credentials with 'sync-assets tenant update {tenant} --username USER "
                "--password-stdin'."
            )
        if status == 401:
            return self.bad_credentials(said)
        if status == 403 and code:
            return TenantMustAct(
                f"{tenant}'s WordPress does not let this user read everything {said}. Use an "
                "administrator's or editor's application password."
            )
        if status == 403:
            return TenantMustAct(
                f"Something in front of {tenant}'s WordPress refuses the sync {said}. Have its "
                "firewall or security plugin let the REST API through."
            )
        return SourceChanged(
            f"{tenant}'s WordPress refused {answer.url.partition('?')[0]} {said}. It does not "
            "offer what every WordPress offers; look for a plugin that changes the REST API."
        )

    def bad_credentials(self, said: str) -> TenantMustAct:
        """The credentials are wrong, revoked, or lost on the way."""
        tenant = self.tenant.id
        return TenantMustAct(
            f"{tenant}'s WordPress does not accept the credentials {said}. Make an application "
            f"password and store it with 'sync-assets tenant update {tenant} --username USER "
            "--password-stdin'. If they are right, the site's web server drops the "
            "Authorization header."
        )

    def _get(
        self,
        route: str,
        params: Params,
        expect: Kind,
        attempts: int | None,
    ) -> Answer:
        url, everything = self.root.request(route, params)
        auth = self.tenant.credentials
        return self.http.get(url, everything, auth=auth, expect=expect, attempts=attempts)


def error_code(answer: Answer) -> str:
    """WordPress's code of an error, such as `rest_no_route`; empty when there is none."""
    error: object = answer.json
    code = cast(dict[str, Any], error).get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""


def _status(answer: Answer) -> int:
    """The status that is meant: 401 and 403 come as 400 where only a post status is refused.

    We name none that the site does not have, so it can only be hidden from us.
    """
    error: dict[str, Any] = answer.json or {}
    data = _member(error, "data")
    if answer.status != 400 or "status" not in _member(data, "params"):
        return answer.status
    refused = _member(_member(data, "details"), "status")  # told since WordPress 5.7
    return 403 if _member(refused, "data").get("status") == 403 else 401


def _member(found: dict[str, Any], name: str) -> dict[str, Any]:
    member = found.get(name)
    return cast(dict[str, Any], member) if isinstance(member, dict) else {}


def _total(answer: Answer) -> int | None:
    text = answer.headers.get("X-WP-Total", "")
    return int(text) if _NUMBER.fullmatch(text) else None


def _mend(row: dict[str, Any]) -> None:
    """Put a mark in place of a post's password, and a number in place of an id in quotes."""
    password = row.pop("password", None)
    if password is not None:
        row[PROTECTED] = bool(password)
    key = row.get("id")
    if isinstance(key, str) and _NUMBER.fullmatch(key):
        row["id"] = int(key)
