"""How a tenant's stream stands: what the asset checks look at."""

from dataclasses import dataclass, fields
from datetime import timedelta

from sqlalchemy import text

from sync_assets.core.counts import Counts
from sync_assets.core.streams import StreamSpec
from sync_assets.store.database import Database

_LAST = text("""
    SELECT counts FROM sync.streams
    WHERE stream = :stream AND status = 'done' ORDER BY finished_at DESC LIMIT 1
""")
_AGE = text("""
    SELECT now() - min(updated_at) FROM sync.checkpoints
    WHERE stream = :stream AND overlap_from IS NOT NULL
""")
_LETTERS = text("""
    SELECT count(*) FROM sync.dead_letters WHERE stream = :stream AND resolved_at IS NULL
""")


@dataclass(frozen=True, slots=True)
class StreamHealth:
    """How a stream of a tenant stands.

    Attributes:
        counts: of its last complete sync.
        age: the time since then, None when there was none.
        rows: rows that a transaction of the tenant sees.
        foreign_rows: those of them that belong to another tenant; row security allows none.
        dead_letters: records that could not be kept and still cannot.
    """

    counts: Counts
    age: timedelta | None
    rows: int
    foreign_rows: int
    dead_letters: int


class Health:
    """Looks at streams."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, tenant_id: str, stream: StreamSpec) -> StreamHealth:
        """The health of a tenant's stream."""
        name = {"stream": stream.name}
        query = text(f"""
            SELECT count(*), count(*) FILTER (WHERE tenant_id <> :tenant)
            FROM cms.{stream.table.name}
        """)  # noqa: S608 - names come from the registry
        with self._database.as_tenant(tenant_id) as connection:
            counts = connection.execute(_LAST, name).scalar()
            age = connection.execute(_AGE, name).scalar()
            letters = connection.execute(_LETTERS, name).scalar_one()
            rows, foreign = connection.execute(query, {"tenant": tenant_id}).one()
        return StreamHealth(_counts(counts or {}), age, rows, foreign, letters)


def _counts(stored: dict[str, int]) -> Counts:
    names = {field.name for field in fields(Counts)}
    return Counts(**{name: value for name, value in stored.items() if name in names})
