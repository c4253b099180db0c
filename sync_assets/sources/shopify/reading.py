"""Reads whole records: every connection inside of them to its last page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sync_assets.core.errors import RetryLater, SyncError, Unmappable
from sync_assets.core.known import NO_VERSION, Sighting
from sync_assets.core.ports import Fetched, ListingPage
from sync_assets.core.records import Payload, Rejected
from sync_assets.core.repair import Repairs
from sync_assets.sources.answers import Unserved
from sync_assets.sources.shopify.client import Client, Json
from sync_assets.sources.shopify.entity import Entity, Part
from sync_assets.sources.shopify.identities import gid, key_of
from sync_assets.sources.shopify.paging import Page, Rounds
from sync_assets.sources.shopify.queries import ACCOUNT, EVENTS

_MORE = 250  # the most that a page may have
_FEWER_TRIES = 2  # for parts of a batch that was tried often enough as a whole


@dataclass(frozen=True, slots=True)
class Reading:
    """One kind of record of one shop."""

    client: Client
    entity: Entity

    def page(self, first: int, after: str | None, query: str | None = None) -> Page:
        """A page of ids and times, and the cursor behind it; None for the last page.

        Args:
            first: how many at most.
            after: the cursor behind the page before.
            query: what they must match, in Shopify's search syntax; None for all.
        """
        entity = self.entity
        variables = {"first": first, "after": after, "query": query}
        data = self.client.ask(entity.listing, variables)
        return self._connection(data, entity.root, entity.listing.name, after)

    def events(self, first: int, after: str | None, query: str) -> Page:
        """A page of the shop's events that match a query, and the cursor behind it."""
        data = self.client.ask(EVENTS, {"first": first, "after": after, "query": query})
        return self._connection(data, "events", EVENTS.name, after)

    def whole_page(self, first: int, after: str | None) -> Page:
        """The same with contents; what vanished while it was read is left out."""
        entity = self.entity
        sizes = {"first": first, "parts": entity.sizes}
        data = self.client.ask(entity.contents, {**sizes, "after": after})
        nodes, behind = self._connection(data, entity.root, entity.contents.name, after)
        return [node for node in nodes if self._drained(node)], behind

    def fetch(self, keys: Sequence[int], tries: int | None = None) -> Fetched:
        """Records by their ids; a batch that cannot be served is halved down to the culprits."""
        try:
            return Fetched(self._by_id(keys, tries))
        except Unserved as error:
            if not self.alive():
                raise
            if len(keys) == 1:
                return Fetched((), [Rejected(keys[0], {"id": keys[0]}, str(error))])
        middle = len(keys) // 2
        halves = [self.fetch(half, _FEWER_TRIES) for half in (keys[:middle], keys[middle:])]
        return Fetched(
            [payload for half in halves for payload in half.payloads],
            [entry for half in halves for entry in half.rejected],
        )

    def absent(self, keys: Sequence[int]) -> set[int]:
        """Those that the shop, asked for each by its id, answers with null."""
        gone: set[int] = set()
        for start in range(0, len(keys), 100):
            asked = keys[start : start + 100]
            nodes = self._nodes(self.client.ask(self.entity.present, self._ids(asked)), asked)
            gone |= {key for key, node in zip(asked, nodes, strict=True) if node is None}
        return gone

    def alive(self) -> bool:
        """Does the shop answer something small?"""
        try:
            self.client.ask(ACCOUNT, tries=_FEWER_TRIES)
        except RetryLater:
            return False
        return True

    def in_circles(self) -> SyncError:
        """A listing that would never end."""
        return self.client.refusals.in_circles(self.entity.root)

    def _by_id(self, keys: Sequence[int], tries: int | None) -> list[Payload]:
        variables = {**self._ids(keys), "parts": self.entity.sizes}
        data = self.client.ask(self.entity.by_id, variables, tries=tries)
        nodes = self._nodes(data, keys)
        return payloads(node for node in nodes if node and self._drained(node))

    def _nodes(self, data: Json, keys: Sequence[int]) -> list[Any]:
        """An entry for each id, in their order: that is what null is read by."""
        nodes = cast("list[Any]", data.get("nodes"))
        if not isinstance(cast("object", nodes), list) or len(nodes) != len(keys):
            raise self.client.refusals.strange(self.entity.by_id.name)
        for key, node in zip(keys, nodes, strict=True):
            if node is not None and key_of(node.get("id")) != key:
                raise self.client.refusals.strange(self.entity.by_id.name)
        return nodes

    def _ids(self, keys: Sequence[int]) -> dict[str, Any]:
        return {"ids": [gid(self.entity.kind, key) for key in keys]}

    def _drained(self, node: dict[str, Any]) -> bool:
        """Let the node's connections be whole lists; False when it vanished meanwhile."""
        for part in self.entity.parts:
            for owner in node.get(part.within, ()) if part.within else (node,):
                if not self._drain(part, owner):
                    return False
        return True

    def _drain(self, part: Part, owner: dict[str, Any]) -> bool:
        if part.field in owner and owner[part.field] is None:  # as the schema lets `variants` be
            owner[part.field] = []
            return True
        nodes, after = self._connection(owner, part.field, part.more.name, None)
        rounds = Rounds()
        while after is not None:
            variables = {"id": owner["id"], "first": _MORE, "after": after}
            found = self.client.ask(part.more, variables).get("node")
            if found is None:
                return False
            more, after = self._connection(found, part.field, part.more.name, after)
            nodes = [*nodes, *more]
            if after is not None and rounds.closed_by(after):
                raise self.in_circles()
        owner[part.field] = nodes
        return True

    def _connection(self, data: Json, field: str, name: str, before: str | None) -> Page:
        """A connection's nodes, and where its next page begins."""
        try:
            nodes = cast("list[Any]", data[field]["nodes"])
            page = data[field]["pageInfo"]
            more, after = page["hasNextPage"], page["endCursor"]
        except (KeyError, TypeError) as error:
            raise self.client.refusals.strange(name) from error
        if not isinstance(cast("object", nodes), list) or (more and (not after or after == before)):
            raise self.client.refusals.strange(name)
        return nodes, after if more else None


def payloads(nodes: Iterable[Json]) -> list[Payload]:
    """Records as the core knows them: a number for an id."""
    return [{"id": key, "node": node} for node in nodes if (key := key_of(node.get("id")))]


def listed(nodes: Sequence[Json], *, contents: bool) -> ListingPage:
    """A page of the listing from the shop's nodes; with contents, these are compared."""
    sightings = [
        Sighting(key, NO_VERSION if contents else _version(node.get("updatedAt")))
        for node in nodes
        if (key := key_of(node.get("id")))
    ]
    cause = "the record has no id"
    rejected = [Rejected(None, node, cause) for node in nodes if not key_of(node.get("id"))]
    return ListingPage(sightings, payloads(nodes) if contents else (), rejected)


def _version(updated: object) -> int:
    """Seconds since 1970; impossible times say nothing."""
    try:
        moment = Repairs().moment(updated, "updatedAt")
    except Unmappable:
        return NO_VERSION
    return NO_VERSION if moment is None else int(moment.timestamp() // 1)
