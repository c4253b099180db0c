"""Syncs a tenant with its embeddings, and looks at what is left."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from sync_assets.bootstrap import Platform
from sync_assets.core.embedding import EmbeddingCounts
from sync_assets.core.errors import SyncError
from sync_assets.core.stop import StopSignal

PARAGRAPHS = [
    "The harbour opens at six in the morning, and the first ferry leaves a quarter of an hour "
    "later. Tickets are sold on board, in cash or by card, and dogs travel free of charge, as long "
    "as they sit in a basket of their own.",
    "In winter the timetable is thinner: three crossings a day, none of them on Sundays, and none "
    "at all when the wind blows harder than force eight, which is decided by the captain alone and "
    "shown by a red flag on the pier.",
    "Bicycles are taken on the upper deck. Whoever brings more than six of them should call the "
    "office the day before, so that the crew can rope off the space between the two benches there.",
    "Lost property is kept for three months in the green hut beside the crane. After that it goes "
    "to the parish fair, where umbrellas in particular have found a good many new homes so far.",
]


def article(paragraphs: Sequence[str] = PARAGRAPHS) -> str:
    """The contents of a post, as HTML."""
    return "\n".join(f"<p>{text}</p>" for text in paragraphs)


def synced(
    platform: Platform, tenant: str, stop: StopSignal | None = None, sync_id: UUID | None = None
) -> EmbeddingCounts:
    """Sync everything of a tenant; gives what became of its texts, or raises why nothing did."""
    request = platform.request(tenant, sync_id=sync_id or uuid4())
    for outcome in platform.run_tenant(request, stop or StopSignal()):
        if isinstance(outcome.error, SyncError):
            raise outcome.error
        if isinstance(outcome.counts, EmbeddingCounts):
            return outcome.counts
    raise AssertionError("The sync has no embeddings.")


def vectors(platform: Platform, tenant: str) -> dict[str, list[float]]:
    """The texts of a tenant's live set with their vectors."""
    query = """
        SELECT c.content, v.embedding::text FROM cms.chunks c
        JOIN sync.embedding_sets s ON s.id = c.set_id AND s.live
        JOIN cms.vectors v ON v.set_id = c.set_id AND v.hash = c.hash
    """
    with platform.database.as_tenant(tenant) as connection:
        rows = connection.execute(query).fetchall()
    return {text: [float(part) for part in vector[1:-1].split(",")] for text, vector in rows}


def found(platform: Platform, tenant: str, question: str) -> list[int]:
    """The ids of the records that answer a question."""
    return [hit.record_id for hit in platform.search(tenant, question).hits]


def billed(platform: Platform, tenant: str) -> tuple[int, int]:
    """The calls and the tokens of a tenant that the ledger knows as settled."""
    query = """
        SELECT count(*), coalesce(sum(tokens_billed), 0)::int FROM sync.ledger
        WHERE tenant_id = %(tenant)s AND state = 'settled'
    """
    with platform.database.as_control() as connection:
        calls, tokens = connection.execute(query, {"tenant": tenant}).one()
    return calls, tokens
