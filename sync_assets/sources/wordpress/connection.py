"""An open connection to one tenant's WordPress."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from sync_assets.core.errors import TenantMustAct
from sync_assets.core.ports import Collection, RequestStats, SyncOptions
from sync_assets.core.stop import StopSignal
from sync_assets.sources.wordpress import kinds
from sync_assets.sources.wordpress.acf_plugin import AcfPlugin, check_plugin
from sync_assets.sources.wordpress.address import Params
from sync_assets.sources.wordpress.catalog import Catalog
from sync_assets.sources.wordpress.client import Client
from sync_assets.sources.wordpress.collections import Mapping, WordPressCollection
from sync_assets.sources.wordpress.discovery import Found
from sync_assets.sources.wordpress.fetching import ById, as_they_are
from sync_assets.sources.wordpress.fields import LISTED, article_fields, media_fields, term_fields
from sync_assets.sources.wordpress.records import to_media, to_page, to_post, to_term
from sync_assets.sources.wordpress.rights import probe
from sync_assets.sources.wordpress.settings import AcfFrom, Wishes


class WordPressConnection:
    """Knows what the site has, and watches over the credentials.

    Raises:
        TenantMustAct: on construction, when the credentials or settings are no good.
    """

    def __init__(
        self,
        client: Client,
        found: Found,
        stats: RequestStats,
        options: SyncOptions,
        stop: StopSignal,
    ) -> None:
        self._client = client
        self._found = found
        self._stats = stats
        self._options = options
        self._stop = stop
        self._wishes = Wishes.parse(client.tenant.id, client.tenant.settings)
        self._inline_acf = self._wishes.acf is AcfFrom.INLINE
        if not self._inline_acf:
            check_plugin(client.tenant.id, found.namespaces)
        self._account = probe(client) if client.authenticated else None
        self._catalog = Catalog(client)

    @property
    def authenticated(self) -> bool:
        """Does the account see everything, also what is not public?"""
        return self._client.authenticated

    @property
    def stats(self) -> RequestStats:
        """What the connection has cost so far."""
        return self._stats

    def server_time(self) -> datetime:
        """The site's own clock, at the moment of connecting."""
        return self._found.now

    def verify(self) -> None:
        """Raise `TenantMustAct` unless we are still the same user and see everything."""
        if self._account is not None and probe(self._client).user != self._account.user:
            raise TenantMustAct(
                f"{self._client.tenant.id}'s WordPress takes us for another user than at the "
                "start of the sync, so nothing is concluded from what it listed. Start it again."
            )

    def collections(self, stream: str) -> Sequence[Collection]:
        """The taxonomies of the terms, or the post types of another stream."""
        tenant, wishes, catalog = self._client.tenant.id, self._wishes, self._catalog
        if stream == "terms":
            chosen = kinds.chosen_taxonomies(tenant, wishes.taxonomies, catalog.taxonomies())
            return [self._terms(taxonomy) for taxonomy in chosen]
        types = kinds.chosen_types(tenant, stream, wishes.post_types, catalog.post_types())
        if stream == "media":
            return [self._media(kind) for kind in types]
        return [self._articles(stream, kind) for kind in types]

    def _terms(self, taxonomy: kinds.Taxonomy) -> Collection:
        fields = term_fields(acf=self._inline_acf)
        contents = self._contents(taxonomy, fields, self._context_of(taxonomy))
        mapping = partial(to_term, taxonomy=taxonomy.name)
        return self._collection(
            taxonomy.name, contents, mapping, inline=True, numbered=taxonomy.hierarchical
        )

    def _media(self, kind: kinds.PostType) -> Collection:
        fields = media_fields(raw=self.authenticated, acf=self._inline_acf)
        contents = self._contents(kind, fields, self._everything(kind))
        return self._collection(kind.name, contents, to_media)

    def _articles(self, stream: str, kind: kinds.PostType) -> Collection:
        terms = kinds.fields_of_terms(kind, self._catalog.taxonomies())
        fields = article_fields(terms, raw=self.authenticated, acf=self._inline_acf)
        contents = self._contents(kind, fields, self._everything(kind))
        to_record = to_page if stream == "pages" else to_post
        return self._collection(
            kind.name, contents, partial(to_record, kind=kind.name, taxonomies=terms)
        )

    def _everything(self, kind: kinds.PostType) -> Params:
        return {**self._client.context, **self._catalog.status_param(kind)}

    def _context_of(self, taxonomy: kinds.Taxonomy) -> Params:
        """Terms whose editing takes a right that we lack show the public all that they have."""
        may_edit = self._account is not None and taxonomy.right in self._account.capabilities
        return self._client.context if may_edit else {}

    def _contents(
        self, kind: kinds.PostType | kinds.Taxonomy, fields: str, everything: Params
    ) -> ById:
        plugin = AcfPlugin(self._client, kind.base, everything)
        complete = as_they_are if self._inline_acf else plugin.complete
        return ById(self._client, kind.route, fields, everything, complete, self._stop)

    def _collection(
        self,
        name: str,
        contents: ById,
        mapping: Mapping,
        *,
        inline: bool = False,
        numbered: bool = False,
    ) -> Collection:
        fields, size = contents.fields if inline else LISTED, self._options.batch_size
        return WordPressCollection(
            name, fields, contents, mapping, size, self._stop, inline, numbered
        )
