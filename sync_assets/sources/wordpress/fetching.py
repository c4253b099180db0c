"""Reads records by id, and gives up only those that the site really cannot serve."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sync_assets.core.pipeline import in_order
from sync_assets.core.ports import Fetched
from sync_assets.core.records import Payload, Rejected
from sync_assets.core.stop import StopSignal
from sync_assets.sources.answers import Unserved
from sync_assets.sources.wordpress.address import Params
from sync_assets.sources.wordpress.client import Client, error_code

_GONE = {"rest_post_invalid_id", "rest_term_invalid", "rest_invalid_id"}
_FEWER_ATTEMPTS = 2  # for parts of a batch that was tried often enough as a whole


@dataclass(frozen=True, slots=True)
class ById:
    """Records of one route, asked for by their ids.

    Attributes:
        everything: the parameters that hide nothing from us: context and statuses.
        complete: fills in what comes from elsewhere.
    """

    client: Client
    route: str
    fields: str
    everything: Params
    complete: Callable[[Sequence[Payload]], Sequence[Payload]]
    stop: StopSignal

    def fetch(self, keys: Sequence[int], attempts: int | None = None) -> Fetched:
        """The records; a batch that cannot be served is halved down to the culprits."""
        try:
            return Fetched(self.complete(self._rows(keys, self.fields, attempts)))
        except Unserved as error:
            if not self.client.alive():
                raise
            if len(keys) == 1:
                return Fetched((), [Rejected(keys[0], {"id": keys[0]}, str(error))])
        middle = len(keys) // 2
        return _joined(
            *(self.fetch(half, _FEWER_ATTEMPTS) for half in (keys[:middle], keys[middle:]))
        )

    def absent(self, keys: Sequence[int]) -> set[int]:
        """Those that the site, asked for each one, says it does not have."""
        found: set[int] = set()
        for start in range(0, len(keys), 100):
            found |= self._present(keys[start : start + 100])
        missing = [key for key in keys if key not in found]
        gone = in_order(((lambda key=key: self._is_gone(key)) for key in missing), self.stop)
        return {key for key, is_gone in zip(missing, gone, strict=True) if is_gone}

    def _present(self, keys: Sequence[int]) -> set[int]:
        try:
            rows = self._rows(keys, "id", None)
        except Unserved:
            if not self.client.alive():
                raise
            return set()  # each one is asked for by itself
        return {row["id"] for row in rows if "id" in row}

    def _is_gone(self, key: int) -> bool:
        """Only WordPress's own word counts: a firewall's 404, or a lost route, proves nothing."""
        params = {**self.client.context, "_fields": "id"}
        try:
            answer = self.client.ask(f"{self.route}/{key}", params, attempts=_FEWER_ATTEMPTS)
        except Unserved:
            if not self.client.alive():
                raise
            return False
        return answer.status == 404 and error_code(answer) in _GONE

    def _rows(self, keys: Sequence[int], fields: str, attempts: int | None) -> Sequence[Payload]:
        params = {
            **self.everything,
            "include": ",".join(map(str, keys)),
            "per_page": len(keys),
            "_fields": fields,
        }
        return self.client.rows(self.route, params, attempts=attempts).rows


def as_they_are(rows: Sequence[Payload]) -> Sequence[Payload]:
    """Nothing has to be filled in."""
    return rows


def _joined(first: Fetched, second: Fetched) -> Fetched:
    return Fetched([*first.payloads, *second.payloads], [*first.rejected, *second.rejected])
