"""`python -m bench.search`: how fast a question is answered, and what the index misses.

A tenant of 100,000 chunks, whose set is indexed, and 50 tenants of 2,000, whose sets are scanned.
The chunks are made of real sentences, in Portuguese and English, and of words by Zipf's law; a
chunk's vector is the mean of its sentences' own, which are the model's, and some noise.
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from pydantic import SecretStr

from bench.postgres import Server, own_server
from bench.prose import Prose
from bench.report import machine
from sync_assets.bootstrap import Platform
from sync_assets.core.search import SearchedSet
from sync_assets.core.stop import StopSignal
from sync_assets.core.tenants import Tenant
from sync_assets.core.texts import SetKey, VectorSet
from sync_assets.demo.corpus import editions
from sync_assets.embeddings.local import LocalProvider
from sync_assets.embeddings.retrieve import Retriever
from sync_assets.settings import Settings
from sync_assets.sources.wordpress.streams import SPEC
from sync_assets.store import retrieval, vectors
from sync_assets.store.chunk_indexes import ChunkIndexes
from sync_assets.store.retrieval import Retrieval
from sync_assets.store.spelling import indexed
from sync_assets_tests.embeddings.retrieval_set import passages, questions

LANGUAGES = ("portuguese", "english")
A_RECORD = 5  # chunks
BATCH = 5_000
NOISE = 0.02  # of each of the 512 numbers; those of a vector of unit length are 0.044 on average
RECALL, LEAST = 10, 0.95

_FILL = """
    INSERT INTO cms.wordpress_posts (tenant_id, wp_id, type, status, title, slug, link, content,
      excerpt, template, sticky, password_protected, is_raw, content_hash, synced_at, synced_by)
    SELECT %(tenant)s, record, 'post', 'publish', max(content) FILTER (WHERE position = 0), '',
      'https://example.org/' || record, repeat('x', 3000), '', '', false, false, true,
      decode(md5(record::text), 'hex'), now(), gen_random_uuid()
    FROM pieces GROUP BY record;
    INSERT INTO cms.embedded_records
    SELECT DISTINCT %(tenant)s, %(set)s, 'wp_post', record, ''::bytea FROM pieces;
    INSERT INTO cms.chunks SELECT %(tenant)s, %(set)s, 'wp_post', piece.record, piece.position, '',
      piece.content, piece.hash,
      setweight(to_tsvector('portuguese', title.indexed), 'A')
        || setweight(to_tsvector('portuguese', piece.indexed), 'C')
        || setweight(to_tsvector('english', title.indexed), 'A')
        || setweight(to_tsvector('english', piece.indexed), 'C'), gen_random_uuid()
    FROM pieces piece JOIN pieces title ON title.record = piece.record AND title.position = 0;
"""


@dataclass(frozen=True, slots=True)
class Timed:
    """How long something took, in milliseconds."""

    what: str
    milliseconds: Sequence[float]

    def row(self) -> str:
        """Of a Markdown table."""
        p50 = statistics.median(self.milliseconds)
        p95 = statistics.quantiles(self.milliseconds, n=20)[-1]
        return f"| {self.what} | {p50:.1f} | {p95:.1f} | {len(self.milliseconds)} |"


class Texts:
    """A repeatable supply of chunks and their vectors."""

    def __init__(self, model: LocalProvider) -> None:
        self.random = random.Random(7)  # noqa: S311 - it must repeat, not be secret
        self.noise = np.random.default_rng(7)
        self.prose = Prose()
        self.sentences = sorted(set(_sentences()))
        self.known = embedded(model, self.sentences)

    def chunks(self, count: int) -> tuple[list[str], Any]:
        """Texts, every fifth a title, and float32 (count, 512)."""
        chosen = [
            self.random.choices(range(len(self.sentences)), k=4 if number % A_RECORD else 1)
            for number in range(count)
        ]
        texts = [
            " ".join([*(self.sentences[one] for one in some), self.prose.title()])
            for some in chosen
        ]
        found = np.stack([self.known[some].mean(axis=0) for some in chosen])
        found += self.noise.normal(0, NOISE, found.shape)
        return texts, (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def embedded(model: LocalProvider, texts: Sequence[str]) -> Any:  # noqa: ANN401 - an array
    """float32 (texts, 512)."""
    parts = [
        model.embed(texts[start : start + model.max_inputs], StopSignal()).vectors
        for start in range(0, len(texts), model.max_inputs)
    ]
    return np.concatenate(parts)


def _sentences() -> Iterator[str]:
    bodies = [one.html for one in passages()]
    bodies += [paragraph for edition in editions() for paragraph in edition.paragraphs]
    for body in bodies:
        plain = body.replace("<", " <").replace(">", "> ")
        words = [word for word in plain.split() if "<" not in word and ">" not in word]
        yield from (part.strip() for part in " ".join(words).split(". ") if len(part) > 30)


class Bench:
    """The tenants, and what is measured on them."""

    def __init__(self, platform: Platform, url: str, model: LocalProvider) -> None:
        self.platform = platform
        self.url = url
        self.model = model
        self.texts = Texts(model)
        self.asked = [one.question for one in questions()]

    def fill(self, tenant: str, chunks: int) -> SearchedSet:
        """A tenant with a live set."""
        self.platform.tenants.add(Tenant(tenant, "wordpress", "bench", "https://example.org"))
        key = SetKey(self.model.model, self.model.dimension, "1")
        with self.platform.database.as_tenant(tenant) as connection:
            statement = """
                INSERT INTO sync.embedding_sets (tenant_id, model, dimension, splitter, live)
                VALUES (%(tenant)s, %(model)s, %(dimension)s, '1', true) RETURNING id
            """
            given = {"tenant": tenant, "model": key.model, "dimension": key.dimension}
            made = VectorSet(connection.execute(statement, given).scalar_one(), key)
        with psycopg.connect(self.url) as owner:
            owner.execute("ALTER TABLE cms.wordpress_posts DISABLE TRIGGER note_local_edit")
            for start in range(0, chunks, BATCH):
                self._batch(owner, tenant, made, start, min(BATCH, chunks - start))
        return SearchedSet(made.id, key.model, key.dimension, complete=True, indexed=False)

    def _batch(
        self, owner: psycopg.Connection, tenant: str, made: VectorSet, start: int, count: int
    ) -> None:
        texts, found = self.texts.chunks(count)
        hashes = [
            blake2b(f"{tenant}/{start + number}".encode(), digest_size=16).digest()
            for number in range(count)
        ]
        owner.execute("""
            CREATE TEMP TABLE IF NOT EXISTS pieces
              (record bigint, position integer, content text, indexed text, hash bytea)
              ON COMMIT DELETE ROWS
        """)
        with owner.cursor().copy("COPY pieces FROM STDIN") as copy:
            for number, (content, key) in enumerate(zip(texts, hashes, strict=True), start):
                place = number // A_RECORD + 1, number % A_RECORD
                copy.write_row((*place, content, indexed(content), key))
        with psycopg.ClientCursor(owner) as cursor:  # several statements at once
            cursor.execute(_FILL, {"tenant": tenant, "set": made.id})
        owner.commit()
        with self.platform.database.as_tenant(tenant) as connection:
            vectors.insert(connection, made, hashes, found)

    def index(self, tenant: str, made: SearchedSet) -> float:
        """The large set's indexes; gives the seconds that took."""
        began = time.perf_counter()
        known = VectorSet(made.id, SetKey(made.model, made.dimension, "1"))
        ChunkIndexes(self.platform.database).build(known)
        with self.platform.database.as_tenant(tenant) as connection:
            connection.execute("UPDATE sync.embedding_sets SET indexed = true")
        return time.perf_counter() - began

    def timed(self, what: str, tenants: Sequence[str]) -> list[Timed]:
        """Searches of all questions, without and with embedding them."""
        ready = dict(zip(self.asked, embedded(self.model, self.asked), strict=True))

        def embed(texts: Sequence[str], _: StopSignal) -> Any:  # noqa: ANN401 - an array
            return _Answer(np.stack([ready[one] for one in texts]))

        quick = _Ready(embed)
        return [
            Timed(f"{what}, the question's vector is there", self._searches(tenants, quick)),
            Timed(f"{what}, the question is embedded", self._searches(tenants, self.model)),
        ]

    def _searches(self, tenants: Sequence[str], model: Any) -> list[float]:  # noqa: ANN401 - the package has no types
        def store(tenant: str) -> Retrieval:
            return Retrieval(self.platform.database, tenant, SPEC.streams, LANGUAGES)

        retriever = Retriever(store, lambda *_: model, _free)
        found: list[float] = []
        for number, question in enumerate([*self.asked[:10], *self.asked]):  # ten to warm up
            began = time.perf_counter()
            retriever.search(tenants[number % len(tenants)], question)
            found.append(1000 * (time.perf_counter() - began))
        return found[10:]

    def recall(self, tenant: str, made: SearchedSet) -> float:
        """How many of the ten nearest chunks the index finds, asked as the product asks."""
        shares: list[float] = []
        for vector in embedded(self.model, self.asked):
            exact, quick = (
                self._nearest(tenant, made, vector, indexed=indexed) for indexed in (False, True)
            )
            shares.append(len(exact & quick) / RECALL)
        return statistics.mean(shares)

    def _nearest(
        self,
        tenant: str,
        made: SearchedSet,
        vector: Any,  # noqa: ANN401 - an array
        *,
        indexed: bool,
    ) -> set[bytes]:
        size = f"halfvec({made.dimension})"
        statement = f"""
            SELECT hash FROM (
              SELECT hash, embedding::{size} <=> CAST(%(vector)s AS {size}) AS distance
              FROM cms.vectors WHERE tenant_id = %(tenant)s AND set_id = {made.id}
              ORDER BY embedding::{size} <=> CAST(%(vector)s AS {size})
                LIMIT {retrieval.FIRST}) near
            ORDER BY distance LIMIT {RECALL}
        """  # noqa: S608 - numbers
        with self.platform.database.as_tenant(tenant) as connection:
            connection.execute(retrieval.SEARCHING)
            if not indexed:
                connection.execute("SET LOCAL enable_indexscan = off")
            given = {"tenant": tenant, "vector": str(vector.tolist())}
            return set(connection.execute(statement, given).scalars())


@dataclass(frozen=True)
class _Answer:
    vectors: Any
    tokens: int | None = None


@dataclass(frozen=True)
class _Ready:
    embed: Callable[[Sequence[str], StopSignal], _Answer]


@contextmanager
def _free(*_: object) -> Generator[Callable[[int | None], None]]:
    yield lambda _: None


def main() -> int:
    """Exit status 0: measured, whatever the verdict."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)  # started by root, the server runs as an account that must pass through
        with own_server(folder, None) as server:
            shown = _measured(server, folder, options)
    sys.stdout.write(shown)
    if options.write:
        options.write.write_text(shown, encoding="utf-8")
    return 0


def _measured(server: Server, folder: Path, options: argparse.Namespace) -> str:
    url = server.fresh("bench_search")
    key = SecretStr("bm90LWEtc2VjcmV0LW9ubHktZm9yLXRoZS1iZW5jaCE=")
    platform = Platform(Settings(database_url=SecretStr(url), home=folder, secret_key=key))
    try:
        bench = Bench(platform, url, LocalProvider())
        small = [f"tenant-{number:02}" for number in range(options.tenants)]
        for tenant in small:
            bench.fill(tenant, options.chunks // options.tenants)
        large = bench.fill("large", options.chunks)
        seconds = bench.index("large", large)
        server.settle("bench_search")
        each = options.chunks // options.tenants
        rows = bench.timed(f"one of {options.tenants} tenants of {each:,} chunks", small)
        rows += bench.timed(f"a tenant of {options.chunks:,} chunks", ["large"])
        recall = bench.recall("large", large)
    finally:
        platform.close()
    return _markdown(rows, recall, seconds, machine(server.version))


def _markdown(rows: Sequence[Timed], recall: float, seconds: float, described: str) -> str:
    verdict = "met" if recall >= LEAST else "MISSED"
    lines = [
        "## Search\n",
        f"{described}\n",
        "| milliseconds | p50 | p95 | questions |",
        "|---|---:|---:|---:|",
        *(row.row() for row in rows),
        "",
        f"The indexes of the large set were built in {seconds:.0f} s.\n",
        f"- {verdict}: recall@{RECALL} of the indexed search against the exact one: {recall:.3f} "
        f"(at least {LEAST}); sets that are scanned miss nothing",
    ]
    return "\n".join(lines) + "\n"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.search", description=__doc__)
    parser.add_argument("--chunks", type=int, default=100_000, help="of 50 tenants, and of one")
    parser.add_argument("--tenants", type=int, default=50)
    parser.add_argument("--write", type=Path, metavar="FILE", help="the figures as markdown")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
