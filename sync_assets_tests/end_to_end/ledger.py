"""What happened when, written down by triggers of the tests' own: not by the program's books."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sync_assets_tests.store.looking import Owner

_LEDGER = """
    CREATE SCHEMA ledger;
    -- Signs of whoever holds a stream: it takes it, renews it with each page, gives it back.
    CREATE TABLE ledger.signs (tenant text, sync_id uuid, token uuid, at timestamptz);
    -- The states of requests, and the runs that have them.
    CREATE TABLE ledger.states (n bigserial, id uuid, tenant text, state text, run text,
      at timestamptz);

    CREATE FUNCTION ledger.sign() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    DECLARE held sync.leases := coalesce(NEW, OLD); BEGIN
      INSERT INTO ledger.signs VALUES (held.tenant_id, held.sync_id, held.token, clock_timestamp());
      RETURN NULL;
    END $$;
    CREATE TRIGGER ledger AFTER INSERT OR UPDATE OR DELETE ON sync.leases
      FOR EACH ROW EXECUTE FUNCTION ledger.sign();

    CREATE FUNCTION ledger.state() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
      INSERT INTO ledger.states (id, tenant, state, run, at)
      VALUES (NEW.id, NEW.tenant_id, NEW.state, NEW.run_id, clock_timestamp());
      RETURN NULL;
    END $$;
    CREATE TRIGGER ledger_new AFTER INSERT ON sync.requests
      FOR EACH ROW EXECUTE FUNCTION ledger.state();
    CREATE TRIGGER ledger_changed AFTER UPDATE ON sync.requests FOR EACH ROW
      WHEN ((OLD.state, OLD.run_id) IS DISTINCT FROM (NEW.state, NEW.run_id))
      EXECUTE FUNCTION ledger.state();

    CREATE VIEW ledger.holds AS
      SELECT tenant, sync_id, token, min(at) AS began, max(at) AS ended
      FROM ledger.signs GROUP BY tenant, sync_id, token;
    CREATE VIEW ledger.stays AS
      SELECT n, id, tenant, state, run, at AS began,
        coalesce(lead(at) OVER (PARTITION BY id ORDER BY n), 'infinity') AS ended
      FROM ledger.states;
    CREATE VIEW ledger.attempts AS
      SELECT * FROM ledger.stays WHERE state = 'launched' AND run IS NOT NULL;
    CREATE VIEW ledger.ends AS
      SELECT * FROM ledger.states WHERE state IN ('completed', 'failed', 'cancelled');
"""
_HELD_TOGETHER = """
    SELECT one.tenant, one.sync_id, other.sync_id, one.began, one.ended, other.began, other.ended
    FROM ledger.holds one JOIN ledger.holds other
      ON one.tenant = other.tenant AND one.token < other.token
      AND one.began < other.ended AND other.began < one.ended
"""
_AT_WORK_TOGETHER = """
    SELECT one.tenant, one.id, other.id, one.began, one.ended, other.began, other.ended
    FROM ledger.stays one JOIN ledger.stays other
      ON one.tenant = other.tenant AND one.n < other.n AND one.id <> other.id
      AND one.began < other.ended AND other.began < one.ended
    WHERE one.state = 'launched' AND other.state = 'launched'
"""
# A clock of another process: both read the same one, but the site notes a moment before it answers.
_UNCALLED_FOR = """
    SELECT asked.tenant, asked.at FROM unnest(%s::text[], %s::float[]) AS asked (tenant, at)
    WHERE NOT EXISTS (SELECT FROM ledger.attempts a WHERE a.tenant = asked.tenant
      AND to_timestamp(asked.at) BETWEEN a.began AND a.ended)
"""
_ENDS = """
    SELECT id, array_agg(state ORDER BY n) FROM ledger.ends WHERE id = ANY(%s) GROUP BY id
"""


def keep(owner: Owner) -> None:
    """Begin the ledger."""
    owner.execute(_LEDGER)


def held_together(owner: Owner) -> list[tuple[Any, ...]]:
    """Pairs of processes that worked on streams of the same tenant at the same time."""
    return owner.execute(_HELD_TOGETHER).fetchall()


def at_work_together(owner: Owner) -> list[tuple[Any, ...]]:
    """Pairs of requests of the same tenant that were started and not ended at the same time."""
    return owner.execute(_AT_WORK_TOGETHER).fetchall()


def uncalled_for(owner: Owner, asked: Sequence[tuple[str, float]]) -> list[tuple[Any, ...]]:
    """What sites were asked while no attempt of that tenant was under way.

    Args:
        owner: of the database.
        asked: tenants and moments, in seconds of the epoch, as the sites saw them.
    """
    tenants, moments = [tenant for tenant, _ in asked], [moment for _, moment in asked]
    return owner.execute(_UNCALLED_FOR, [tenants, moments]).fetchall()


def ends(owner: Owner, ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """How requests ended, each as often as it ended."""
    return dict(owner.execute(_ENDS, [list(ids)]).fetchall())


def most_together(moments: Sequence[tuple[float, float]]) -> int:
    """The largest number of intervals that have a moment in common."""
    return max(sum(a <= begun < b for a, b in moments) for begun, _ in moments)


def handed_on(owner: Owner) -> dict[UUID, UUID]:
    """Requests that ended because the same was asked for since, and those that went on with it."""
    return dict(
        owner.execute(
            "SELECT id, superseded_by FROM sync.requests WHERE superseded_by IS NOT NULL"
        ).fetchall()
    )
