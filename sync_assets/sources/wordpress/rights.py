"""Whose credentials these are, and whether they show everything."""

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

from sync_assets.core.errors import TenantMustAct
from sync_assets.sources.wordpress.client import Client, error_code

_NEEDED = (
    "edit_posts",
    "edit_others_posts",
    "edit_pages",
    "edit_others_pages",
    "read_private_posts",
    "read_private_pages",
)
_PROBE = {"context": "edit", "_fields": "id,capabilities"}


class Account(NamedTuple):
    """A user of the site, and what it may do."""

    user: int
    capabilities: frozenset[str]


def probe(client: Client) -> Account:
    """Who we are to the site: nothing else tells bad credentials from none.

    With bad credentials WordPress answers public requests with 200 and public data, so a sync
    would take drafts and private posts for deleted.

    Raises:
        TenantMustAct: the credentials are no good, or do not show everything.
    """
    answer = client.ask("/wp/v2/users/me", _PROBE)
    if answer.status == 404 and error_code(answer) == "rest_no_route":
        raise TenantMustAct(
            f"{client.tenant.id}'s site hides /wp/v2/users/me, without which nobody can tell good "
            "credentials from bad ones. Have the security plugin let that route through."
        )
    if not answer.ok:
        raise client.refusal(answer)
    account = _account(answer.json)
    missing = [name for name in _NEEDED if name not in account.capabilities]
    if missing:
        raise TenantMustAct(
            f"{client.tenant.id}'s user may not read everything: it lacks {', '.join(missing)}. "
            "Use an administrator's or editor's application password with "
            f"'sync-assets tenant update {client.tenant.id} --username USER --password-stdin'."
        )
    return account


def _account(me: Mapping[str, Any]) -> Account:
    raw = me.get("capabilities")
    capabilities = cast(dict[str, Any], raw) if isinstance(raw, dict) else {}
    return Account(me.get("id") or 0, frozenset(name for name, has in capabilities.items() if has))
