"""Reads ACF fields from the older plugin "ACF to REST API"."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync_assets.core.errors import SourceChanged, TenantMustAct
from sync_assets.core.records import Payload
from sync_assets.sources.wordpress.address import Params
from sync_assets.sources.wordpress.client import Client

NAMESPACE = "acf/v3"


@dataclass(frozen=True, slots=True)
class AcfPlugin:
    """The fields of the records of one REST base, such as `posts`."""

    client: Client
    base: str
    everything: Params

    def complete(self, rows: Sequence[Payload]) -> Sequence[Payload]:
        """The rows with their fields."""
        keys = [row["id"] for row in rows if "id" in row]
        if not keys:
            return rows
        fields = self._of_many(keys)
        return [{**row, "acf": self._fields(row, fields)} for row in rows]

    def _fields(self, row: Payload, fields: Mapping[int, object]) -> object:
        key = row.get("id")
        if key is None:
            return None
        return fields[key] if key in fields else self._of_one(key)

    def _of_many(self, keys: Sequence[int]) -> dict[int, object]:
        """In one request where the plugin can do that; it leaves out what it cannot show."""
        params = {
            **self.everything,
            "include": ",".join(map(str, keys)),
            "per_page": len(keys),
        }
        try:
            rows = self.client.rows(f"/{NAMESPACE}/{self.base}", params).rows
        except (SourceChanged, TenantMustAct):
            # Some versions refuse a status or the context: then one by one.
            return {}
        return {row["id"]: row.get("acf") for row in rows if "id" in row}

    def _of_one(self, key: int) -> object:
        answer = self.client.ask(f"/{NAMESPACE}/{self.base}/{key}", {})
        if answer.ok:
            found: dict[str, Any] = answer.json
            return found.get("acf")
        if answer.status == 404:
            return None
        raise self.client.refusal(answer)


def check_plugin(tenant: str, namespaces: frozenset[str]) -> None:
    """Raise `TenantMustAct` unless the plugin is there."""
    if NAMESPACE not in namespaces:
        raise TenantMustAct(
            f"{tenant}'s WordPress has no plugin 'ACF to REST API', which its setting "
            "acf=rest_api needs. Install it, or change the setting with "
            f"'sync-assets tenant update {tenant} --setting acf=inline'."
        )
