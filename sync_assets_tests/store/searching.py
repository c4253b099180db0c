"""Fills a tenant's chunks and vectors without a site, a splitter or a model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from uuid import UUID, uuid4

from sync_assets.bootstrap import Platform
from sync_assets.core.search import Sides
from sync_assets.core.tenants import Tenant
from sync_assets.sources.wordpress.streams import SPEC
from sync_assets.store.connection import Connection
from sync_assets.store.retrieval import Retrieval
from sync_assets.store.spelling import indexed

MODEL = "toy"
BOTH = ("portuguese", "english")

_RECORD = """
    INSERT INTO cms.wordpress_{table}s (tenant_id, wp_id, type, status, title, slug, link, content,
      excerpt, template, {more}, password_protected, is_raw, content_hash, synced_at, synced_by)
    VALUES (%(tenant)s, %(id)s, %(table)s, %(status)s, %(title)s, '', %(link)s, '', '', '',
      {value}, %(password)s, true,
      '\\x00000000000000000000000000000000', now(), %(sync)s)
"""
_CHUNK = """
    INSERT INTO cms.chunks SELECT %(tenant)s, %(set)s, %(type)s, %(id)s, %(position)s, %(heading)s,
      %(content)s, %(hash)s,
      string_agg(words::text, ' ')::tsvector, %(sync)s
    FROM (SELECT setweight(to_tsvector(rules, %(indexed_title)s), 'A')
        || setweight(to_tsvector(rules, %(indexed_heading)s), 'B')
        || setweight(to_tsvector(rules, %(indexed_content)s), 'C') AS words
      FROM unnest(%(languages)s::regconfig[]) rules) every
"""
_VECTOR = """
    INSERT INTO cms.vectors VALUES (%(tenant)s, %(set)s, %(hash)s, %(vector)s::halfvec)
    ON CONFLICT DO NOTHING
"""


@dataclass
class Shelf:
    """The texts of one tenant in one set."""

    platform: Platform
    tenant: str
    set_id: int
    languages: Sequence[str] = BOTH
    sync_id: UUID = field(default_factory=uuid4)

    def post(
        self,
        record_id: int,
        title: str,
        *chunks: str,
        vectors: Mapping[str, Sequence[float]] | None = None,
        page: bool = False,
        status: str = "publish",
        password: bool = False,
    ) -> None:
        """A post with its chunks; the title is the first. `vectors`: of the texts that have one."""
        table = "page" if page else "post"
        more, value = ("menu_order", "0") if page else ("sticky", "false")
        with self.platform.database.as_tenant(self.tenant) as connection:
            connection.execute(
                (_RECORD.format(table=table, more=more, value=value)),
                self._own
                | {"id": record_id, "table": table, "status": status, "title": title}
                | {"link": f"http://demo.invalid/{record_id}", "password": password},
            )
            for position, content in enumerate((title, *chunks)):
                self._chunk(connection, (f"wp_{table}", record_id, position), title, content)
                if vectors and content in vectors:
                    self._vector(connection, content, vectors[content])

    def look(
        self,
        question: str,
        vector: Sequence[float] | None = None,
        types: Sequence[str] = (),
        most: int = 20,
        *,
        unpublished: bool = False,
    ) -> Sides:
        """What the retrieval finds."""
        retrieval = retrieval_of(
            self.platform, self.tenant, self.languages, unpublished=unpublished
        )
        searched = retrieval.newest()
        assert searched is not None
        sides = retrieval.look(searched, question, vector, types, most)
        assert sides is not None
        return sides

    def by_words(self, question: str) -> list[int]:
        """The records that have the question's words."""
        return [match.record_id for match in self.look(question).by_words]

    def by_vector(self, *vector: float, types: Sequence[str] = (), most: int = 20) -> list[int]:
        """The records near a vector."""
        found = self.look("", vector, types, most).by_vector
        return [match.record_id for match in found]

    @property
    def _own(self) -> dict[str, object]:
        return {"tenant": self.tenant, "set": self.set_id, "sync": self.sync_id}

    def _chunk(
        self,
        connection: Connection,
        place: tuple[str, int, int],
        title: str,
        content: str,
    ) -> None:
        source_type, record_id, position = place
        heading, _, body = content.rpartition("::")
        connection.execute(
            _CHUNK,
            self._own
            | {"type": source_type, "id": record_id, "position": position}
            | {"heading": heading, "content": body, "hash": digest(content)}
            | {"indexed_title": indexed(title), "indexed_heading": indexed(heading)}
            | {"indexed_content": indexed(body), "languages": list(self.languages)},
        )

    def _vector(self, connection: Connection, content: str, vector: Sequence[float]) -> None:
        shown = f"[{','.join(map(str, vector))}]"
        given = self._own | {"hash": digest(content), "vector": shown}
        connection.execute(_VECTOR, given)


def digest(content: str) -> bytes:
    """A chunk's hash."""
    return blake2b(content.encode(), digest_size=16).digest()


def retrieval_of(
    platform: Platform, tenant: str, languages: Sequence[str] = BOTH, *, unpublished: bool = False
) -> Retrieval:
    """The retrieval of a tenant of WordPress."""
    return Retrieval(platform.database, tenant, SPEC.streams, languages, unpublished=unpublished)


def shelf(
    platform: Platform,
    tenant: str = "acme",
    *,
    live: bool = True,
    model: str = MODEL,
    dimension: int = 2,
    languages: Sequence[str] = BOTH,
) -> Shelf:
    """An empty set of a tenant, who is registered where that was not done yet."""
    if tenant not in {known.id for known in platform.tenants.all()}:
        platform.tenants.add(Tenant(tenant, "wordpress", "agency", "http://demo.invalid"))
    insert = """
        INSERT INTO sync.embedding_sets (tenant_id, model, dimension, splitter, live)
        VALUES (%(tenant)s, %(model)s, %(dimension)s, '1', %(live)s) RETURNING id
    """
    given = {"tenant": tenant, "model": model, "dimension": dimension, "live": live}
    with platform.database.as_tenant(tenant) as connection:
        set_id = connection.execute(insert, given).scalar_one()
    return Shelf(platform, tenant, set_id, languages)
