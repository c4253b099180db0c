"""`python -m bench.embeddings`: what embedding costs beside the model itself.

Posts of real sentences, in Portuguese and English, are put into the tables as a sync leaves them.
In each round a new tenant's are embedded by the whole program. For each of its calls, the model
that comes with it embeds the same texts once more, with nothing around it: now before the program's
own call, now after it, so that whatever else the machine does slows both. That time is taken off
the program's. Then a tenant of 10,000 posts is embedded, and again while nothing has changed.
"""

import argparse
import random
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
from psycopg import sql
from pydantic import SecretStr
from rich.console import Console

from bench.control.report import Target
from bench.postgres import Server, own_server
from bench.report import machine
from sync_assets.bootstrap import Platform
from sync_assets.core.stop import StopSignal
from sync_assets.core.streams import EMBEDDINGS
from sync_assets.core.tenants import Tenant
from sync_assets.demo.corpus import editions
from sync_assets.embeddings.local import LocalProvider, loaded_model
from sync_assets.embeddings.provider import Answer
from sync_assets.embeddings.text import paragraphs
from sync_assets.settings import Settings
from sync_assets.store.chunk_indexes import ChunkIndexes
from sync_assets_tests.embeddings.retrieval_set import passages

DATABASE = "bench_embeddings"
SLICE = 32  # texts that the program gives to the model at once
PARAGRAPHS = 10  # a post
UNCHANGED = 3  # runs
LEAST, MOST = 0.9, 0.02

_POSTS = """
    INSERT INTO cms.wordpress_posts (tenant_id, wp_id, type, status, title, slug, link, content,
      excerpt, template, sticky, password_protected, is_raw, content_hash, synced_at, synced_by)
    SELECT %(tenant)s, number, 'post', 'publish', title, '', 'https://example.org/' || number,
      content, '', '', false, false, true, decode(md5(content), 'hex'), now(),
      gen_random_uuid()
    FROM unnest(%(titles)s::text[], %(contents)s::text[])
      WITH ORDINALITY AS post (title, content, number)
"""

_PAGE = """# Benchmark of embeddings

`make bench-embeddings` puts posts into the tables as a sync leaves them, headlines and ten
paragraphs of real sentences in Portuguese and English, and embeds them by the model that comes with
the program: by the whole program (splitting, budget, ledger, tables, words in two languages), and
by the model alone, on the same texts in the same slices of {size}, on one thread of the same
process. The two take turns call by call, and the model's time is taken off the program's, so that
whatever else the machine does slows both. Medians of {rounds} rounds of {slice} posts, a new tenant
each. Quote ratios, not seconds.

Measured on {described}
CPU is the program's and PostgreSQL's together.

| run | chunks | wall s | CPU s | program | PostgreSQL | chunks a second |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
{rows}

## Against the targets

{targets}
"""


@dataclass(frozen=True, slots=True)
class Post:
    """A title and a content in WordPress's blocks."""

    title: str
    content: str


class Supply:
    """The same posts every time: a headline and ten paragraphs of two to four sentences."""

    def __init__(self) -> None:
        self.random = random.Random(7)  # noqa: S311 - it must repeat, not be secret
        bodies = [one.html for one in passages()]
        bodies += [text for edition in editions() for text in edition.paragraphs]
        texts = [found.text for body in bodies for found in paragraphs(body)]
        parts = {part.strip(" .\n") for text in texts for part in text.split(". ")}
        self.sentences = sorted(part for part in parts if len(part) > 30)

    def posts(self, count: int) -> list[Post]:
        """As many of them, no two alike."""
        return [Post(self._said(1, 1)[:80], "\n\n".join(self._blocks())) for _ in range(count)]

    def _blocks(self) -> list[str]:
        blocks: list[str] = []
        for number in range(PARAGRAPHS):
            if number % 4 == 2:
                heading = f"<h2>{self._said(1, 1)[:50]}</h2>"
                blocks.append(f"<!-- wp:heading -->\n{heading}\n<!-- /wp:heading -->")
            text = f"<p>{self._said(2, 4)}</p>"
            blocks.append(f"<!-- wp:paragraph -->\n{text}\n<!-- /wp:paragraph -->")
        return blocks

    def _said(self, least: int, most: int) -> str:
        chosen = self.random.choices(self.sentences, k=self.random.randint(least, most))
        return " ".join(f"{sentence}." for sentence in chosen)


@dataclass(frozen=True, slots=True)
class Spent:
    """What some work took.

    Attributes:
        chunks: that were embedded.
        wall: seconds.
        client: CPU seconds of this process.
        postgres: CPU seconds of the server.
    """

    chunks: int
    wall: float
    client: float
    postgres: float = 0.0

    @property
    def cpu(self) -> float:
        """Seconds of both."""
        return self.client + self.postgres

    def without(self, other: "Spent") -> "Spent":
        """What is left of it when some other work is taken off, which was for the same chunks."""
        return replace(self, wall=self.wall - other.wall, client=self.client - other.client)

    def row(self, what: str) -> str:
        """Of a Markdown table."""
        rate = f"{self.chunks / self.wall:.0f}" if self.chunks else ""
        return (
            f"| {what} | {self.chunks:,} | {self.wall:.2f} | {self.cpu:.2f} | {self.client:.2f} | "
            f"{self.postgres:.2f} | {rate} |"
        )


@dataclass(frozen=True, slots=True)
class Round:
    """The same texts by the program and by the model alone."""

    ours: Spent
    bare: Spent


@dataclass(frozen=True, slots=True)
class Measured:
    """All that was measured.

    Attributes:
        rounds: both ways.
        posts: how many the large tenant has.
        first: its first run.
        indexes: building them once more, as the first run did at its end.
        unchanged: its further runs.
    """

    rounds: Sequence[Round]
    posts: int
    first: Spent
    indexes: Spent
    unchanged: Sequence[Spent]

    def targets(self) -> list[Target]:
        """The verdicts; ratios are medians of the rounds' ratios."""
        wall = statistics.median(each.bare.wall / each.ours.wall for each in self.rounds)
        cpu = statistics.median(each.bare.cpu / each.ours.cpu for each in self.rounds)
        again = statistics.median(each.cpu for each in self.unchanged) / self.first.cpu
        return [
            Target("chunks a second, as a share of the bare model's", wall, LEAST, at_least=True),
            Target("chunks a CPU second, as a share of its", cpu, LEAST, at_least=True),
            Target("CPU of a run that finds nothing changed, of the first one's", again, MOST),
        ]

    def rows(self) -> list[str]:
        """Of a Markdown table."""
        ours, bare = ([getattr(each, name) for each in self.rounds] for name in ("ours", "bare"))
        return [
            _median(ours).row("the whole program"),
            _median(bare).row("the model alone"),
            self.first.row(f"{self.posts:,} posts, first run"),
            self.indexes.row("of it the set's indexes, built once"),
            _median(self.unchanged).row(f"{self.posts:,} posts, nothing changed"),
        ]


class Beside(LocalProvider):
    """The program's own model, and beside it the model with nothing around it.

    Attributes:
        spent: what the latter took.
    """

    def __init__(self) -> None:
        super().__init__()
        self.spent = Spent(0, 0.0, 0.0)
        self._calls = 0

    def embed(self, texts: Sequence[str], stop: StopSignal) -> Answer:
        """The program's vectors."""
        self._calls += 1
        if self._calls % 2:
            self._bare(texts)
            return super().embed(texts, stop)
        answer = super().embed(texts, stop)
        self._bare(texts)
        return answer

    def _bare(self, texts: Sequence[str]) -> None:
        def work() -> int:
            for start in range(0, len(texts), SLICE):
                loaded_model().encode(texts[start : start + SLICE])
            return len(texts)

        now, so_far = _spent(work), self.spent
        self.spent = Spent(
            so_far.chunks + now.chunks, so_far.wall + now.wall, so_far.client + now.client
        )


class Bench:
    """A server, the program, and posts."""

    def __init__(self, server: Server, platform: Platform, url: str) -> None:
        self.server = server
        self.platform = platform
        self.url = url
        self.supply = Supply()
        self.console = Console(stderr=True)

    def measure(self, options: argparse.Namespace) -> Measured:
        """Everything, in turn."""
        loaded_model().encode(["The model is loaded before anything is measured."] * SLICE)
        rounds = [self.round(f"tenant-{number}", options.slice) for number in range(options.rounds)]
        self.fill("large", self.supply.posts(options.posts))
        first = self.embed("large")
        self.console.print(first.row("first run"), style="dim")
        self.server.settle(DATABASE)
        unchanged = [self.embed("large") for _ in range(UNCHANGED)]
        return Measured(rounds, options.posts, first, self.indexes("large"), unchanged)

    def round(self, tenant: str, count: int) -> Round:
        """The same posts in both ways."""
        self.fill(tenant, self.supply.posts(count))
        beside = Beside()
        vars(self.platform.texts)["provider"] = beside  # where the program keeps the one it made
        both = self.embed(tenant)
        del vars(self.platform.texts)["provider"]
        found = Round(both.without(beside.spent), beside.spent)
        for what, spent in {"the whole program": found.ours, "the model alone": found.bare}.items():
            self.console.print(spent.row(what), style="dim")
        return found

    def fill(self, tenant: str, posts: Sequence[Post]) -> None:
        """A tenant with posts, as a sync leaves them."""
        self.platform.tenants.add(Tenant(tenant, "wordpress", "bench", "https://example.org"))
        given = {
            "tenant": tenant,
            "titles": [post.title for post in posts],
            "contents": [post.content for post in posts],
        }
        with psycopg.connect(self.url) as owner:
            owner.execute("ALTER TABLE cms.wordpress_posts DISABLE TRIGGER note_local_edit")
            owner.execute(_POSTS, given)
        self.server.settle(DATABASE)

    def embed(self, tenant: str) -> Spent:
        """Splits, asks the budget, embeds, books, stores, and builds indexes."""
        return self._with_server(lambda: self._embed(tenant))

    def indexes(self, tenant: str) -> Spent:
        """Those of a large set, dropped and built again; nothing for a set that has none."""
        known = self.platform.texts.sizes(self.platform.tenants.active(tenant))[0].known
        with psycopg.connect(self.url) as owner:
            for name in (f"vectors_of_{known.set.id}", f"words_of_{known.set.id}"):
                owner.execute(sql.SQL("DROP INDEX IF EXISTS cms.{}").format(sql.Identifier(name)))
        builder = ChunkIndexes(self.platform.database)
        return self._with_server(lambda: known.indexed and builder.build(known.set) and 0)

    def _with_server(self, work: Callable[[], int]) -> Spent:
        """What work took, with the CPU of the server's processes."""
        self.platform.database.close()  # an idle connection would be waited for
        before = self.server.cpu()
        spent = _spent(work)
        self.platform.database.close()
        return Spent(spent.chunks, spent.wall, spent.client, self.server.cpu() - before)

    def _embed(self, tenant: str) -> int:
        request = self.platform.request(tenant, [EMBEDDINGS])
        return self.platform.embed(request, StopSignal()).chunks_embedded


def _spent(work: Callable[[], int]) -> Spent:
    began, cpu = time.perf_counter(), time.process_time()
    chunks = work()
    return Spent(chunks, time.perf_counter() - began, time.process_time() - cpu)


def _median(some: Sequence[Spent]) -> Spent:
    """Figure by figure."""
    chunks = int(statistics.median(each.chunks for each in some))
    times = (
        statistics.median(getattr(each, name) for each in some)
        for name in ("wall", "client", "postgres")
    )
    return Spent(chunks, *times)


def main() -> int:
    """Exit status 0: measured, whatever the verdicts."""
    options = _options()
    signal.signal(signal.SIGTERM, _end)  # as Ctrl-C does: the server ends, too
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)  # started by root, the server runs as an account that must pass through
        with own_server(folder, None) as server:
            shown = _measured(server, folder, options)
    sys.stdout.write(shown)
    if options.write:
        options.write.write_text(shown, encoding="utf-8")
    return 0


def _end(number: int, _: object) -> None:
    raise SystemExit(128 + number)


def _measured(server: Server, folder: Path, options: argparse.Namespace) -> str:
    url = server.fresh(DATABASE)
    key = SecretStr("bm90LWEtc2VjcmV0LW9ubHktZm9yLXRoZS1iZW5jaCE=")
    platform = Platform(Settings(database_url=SecretStr(url), home=folder, secret_key=key))
    try:
        found = Bench(server, platform, url).measure(options)
    finally:
        platform.close()
    return _markdown(found, options, machine(server.version))


def _markdown(found: Measured, options: argparse.Namespace, described: str) -> str:
    return _PAGE.format(
        described=described,
        rounds=len(found.rounds),
        slice=options.slice,
        size=SLICE,
        posts=options.posts,
        rows="\n".join(found.rows()),
        targets="\n".join(f"- {target.line()}" for target in found.targets()),
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.embeddings", description=__doc__)
    parser.add_argument("--slice", type=int, default=1_000, help="posts of a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--posts", type=int, default=10_000, help="of the tenant that runs twice")
    parser.add_argument("--write", type=Path, metavar="FILE", help="the figures as markdown")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
