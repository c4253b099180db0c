"""Finds chunks by the words of a question, with rarity in mind, as BM25 does.

PostgreSQL's own ranks do not know how rare a word is. `ts_rank` of a single word, though, is what
BM25 makes of its frequency: it grows with each occurrence, by less and less, and never beyond the
weight of the part that the word stands in.
"""

from collections.abc import Sequence
from typing import Any

from sync_assets.store.connection import Connection, Row
from sync_assets.store.spelling import spelt, unaccented

TERMS = 48
"""Words of a question that are looked for; a longer one is not found better by more."""

COUNTED = 5_000
"""Chunks of a word that are counted in an indexed set, and candidates that are ranked there."""

# A term is what stands at one place of the question, mostly a word; each language has a stem of its
# own for it, with its accents and without. What is a stop word in one of the tenant's languages is
# none to look for in another.
_TERMS = """
    SELECT array_agg(DISTINCT lexeme ORDER BY lexeme)
    FROM unnest(%(words)s::text[], %(bare)s::text[]) WITH ORDINALITY
        AS asked(word, bare, number),
      unnest(ARRAY[word, bare]) WITH ORDINALITY AS spelling(spelt, way),
      unnest(%(languages)s::regconfig[]) language,
      unnest(to_tsvector(language, spelt)) AS found(lexeme, places, weights),
      unnest(places) place
    GROUP BY number, place
    HAVING count(DISTINCT (language, way)) = 2 * cardinality(%(languages)s::regconfig[])
    ORDER BY number, place
"""

_SIZE = "SELECT count(*) FROM cms.chunks WHERE tenant_id = %(tenant)s AND set_id = %(set)s"

_COUNTS = """
    SELECT (SELECT count(*) FROM cms.chunks_with(%(set)s, CAST(words AS tsquery), %(counted)s))
      AS chunks
    FROM unnest(%(terms)s::text[]) WITH ORDINALITY AS term(words, number) ORDER BY number
"""

_SCANNED = """
    SELECT source_type, record_id, position, search FROM cms.chunks
    WHERE tenant_id = %(tenant)s AND set_id = %(set)s AND search @@ %(any)s::tsquery
"""
# Row security keeps a tenant's own query from using the index on words; see the function.
_INDEXED = """
    SELECT source_type, record_id, position, search
    FROM cms.chunks_with(%(set)s, %(any)s::tsquery, %(counted)s)
    JOIN cms.chunks USING (source_type, record_id, position)
    WHERE tenant_id = %(tenant)s AND set_id = %(set)s
"""
_COUNTED_HERE = "SELECT number, count(*) AS chunks FROM said GROUP BY number"
_COUNTED_BEFORE = """
    SELECT number, chunks
    FROM unnest(%(counts)s::bigint[]) WITH ORDINALITY AS known(chunks, number)
"""

# The weights are those of the parts D, C, B, A: unused, body, headings, title. A word counts by the
# square of its rarity: names and numbers say more than all the common words of a question. A
# chunk's length counts to a tenth only, since splitting has made them alike. As among the vectors,
# the neighbours of a record's best chunk count half for what it does not say itself. The score is
# a share of what a text would have that says every term.
_RANKED = """
    WITH term AS MATERIALIZED (
      SELECT number, CAST(string_agg(stem, ' | ') AS tsquery) AS words,
        array_agg(CAST(stem AS tsquery)) AS stems
      FROM unnest(%(numbers)s::integer[], %(stems)s::text[]) AS variant(number, stem)
      GROUP BY number),
    candidate AS MATERIALIZED ({candidates}),
    said AS MATERIALIZED (
      SELECT source_type, record_id, position, number, length(search) AS size,
        (SELECT max(ts_rank('{{0,0.5,0.8,1}}', search, stem)) FROM unnest(stems) stem) AS weight
      FROM candidate JOIN term ON search @@ words),
    known AS ({counts}),
    rarity AS MATERIALIZED (
      SELECT number, power(ln(1 + (%(size)s - coalesce(chunks, 0) + 0.5)
        / (coalesce(chunks, 0) + 0.5)), 2)::real AS value
      FROM term LEFT JOIN known USING (number)),
    asked AS MATERIALIZED (SELECT sum(value) AS value FROM rarity),
    usual AS MATERIALIZED (SELECT avg(size)::real AS size FROM said),
    scored AS (
      SELECT said.*, value, length, sum(value * weight) OVER chunk / length AS score
      FROM said JOIN rarity USING (number),
        LATERAL (SELECT 0.9 + 0.1 * size / (SELECT size FROM usual) AS length) relative
      WINDOW chunk AS (PARTITION BY source_type, record_id, position)),
    chosen AS (
      SELECT scored.*, first_value(position) OVER record AS best,
        first_value(length) OVER record AS best_length
      FROM scored
      WINDOW record AS (PARTITION BY source_type, record_id ORDER BY score DESC, position)),
    placed AS (
      SELECT source_type, record_id, best AS position, best_length AS length,
        max(value * CASE WHEN position = best THEN weight ELSE weight / 2 END) AS worth
      FROM chosen WHERE position BETWEEN best - 1 AND best + 1
      GROUP BY source_type, record_id, best, best_length, number),
    whole AS (
      SELECT source_type, record_id, position,
        least(1, sum(worth) / length / (SELECT value FROM asked)) AS score
      FROM placed GROUP BY source_type, record_id, position, length),
    top AS MATERIALIZED (
      SELECT whole.*, live.title, live.link FROM whole JOIN ({live}) live
        USING (source_type, record_id)
      WHERE %(types)s::text[] IS NULL OR source_type = ANY(%(types)s)
      ORDER BY score DESC, source_type, record_id LIMIT %(most)s)
    SELECT top.*, heading, content, synced_by
    FROM top JOIN cms.chunks chunk USING (source_type, record_id, position)
    WHERE chunk.tenant_id = %(tenant)s AND chunk.set_id = %(set)s
    ORDER BY score DESC, source_type, record_id
"""


Term = tuple[str, ...]
"""The stems of one word, each a `tsquery`."""


def terms_of(connection: Connection, question: str, languages: Sequence[str]) -> list[Term]:
    """What the question asks for: of each word that is none of the stop words, its stems."""
    words = spelt(question).split()
    given = {"words": words, "bare": list(map(unaccented, words)), "languages": list(languages)}
    lexemes = connection.execute(_TERMS, given).scalars()
    found = dict.fromkeys(tuple(map(_quoted, stems)) for stems in lexemes)
    return list(found)[:TERMS]


def by_words(
    connection: Connection,
    terms: Sequence[Term],
    live: str,
    common: dict[str, Any],
    *,
    indexed: bool,
) -> Sequence[Row]:
    """The records with a chunk that says some of the terms, by their best chunk, the best first.

    Args:
        connection: a transaction of the tenant.
        terms: what is looked for.
        live: a query for the records that may be found, with their titles and links.
        common: the parameters `tenant`, `set`, `types` and `most`.
        indexed: whether the set has an index of its own on words.
    """
    if not terms:
        return []
    words = [" | ".join(stems) for stems in terms]
    given = common | {"terms": words, "any": " | ".join(words), "counted": COUNTED}
    variants = [(number, stem) for number, stems in enumerate(terms, 1) for stem in stems]
    given["numbers"], given["stems"] = map(list, zip(*variants, strict=True))
    given["size"] = connection.execute(_SIZE, given).scalar_one()
    candidates, counts = _SCANNED, _COUNTED_HERE
    if indexed:
        candidates, counts = _INDEXED, _COUNTED_BEFORE
        found = [int(row.chunks) for row in connection.execute(_COUNTS, given)]
        given |= {"counts": found, "any": " | ".join(_rare(words, found))}
    statement = _RANKED.format(candidates=candidates, counts=counts, live=live)
    return connection.execute(statement, given).fetchall()


def _rare(terms: Sequence[str], counts: Sequence[int]) -> list[str]:
    """Those of the terms, the rarest first, that do not bring too many candidates together."""
    chosen: list[str] = []
    total = 0
    for count, term in sorted(zip(counts, terms, strict=True)):
        total += count
        if chosen and total > COUNTED:
            break
        chosen.append(term)
    return chosen


def _quoted(lexeme: str) -> str:
    """A lexeme as an operand of a `tsquery`, whatever signs are in it."""
    doubled = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{doubled}'"
