"""Remembers which checks Dagster was last told to fail, so that it is told when they pass again."""

from collections.abc import Collection
from typing import NamedTuple

from sync_assets.store.database import Database

_OF_TENANT = """
    SELECT tenant_id, stream, check_name FROM sync.failed_checks WHERE tenant_id = %(tenant)s
"""
_NAMED = """
    SELECT f.tenant_id, f.stream, f.check_name
    FROM sync.failed_checks f JOIN sync.tenants t ON t.id = f.tenant_id
    WHERE t.source = %(source)s AND f.check_name = %(check)s
"""
_GIVEN = """unnest(%(tenants)s::text[], %(streams)s::text[], %(checks)s::text[])
    AS given (tenant_id, stream, check_name)"""
# A check of a tenant that is not registered can be run from Dagster's UI: nothing to remember.
_ADD = f"""
    INSERT INTO sync.failed_checks (tenant_id, stream, check_name)
    SELECT given.* FROM {_GIVEN} JOIN sync.tenants ON id = given.tenant_id ORDER BY 1, 2, 3
    ON CONFLICT DO NOTHING
"""  # noqa: S608 - our own words
_REMOVE = f"""
    DELETE FROM sync.failed_checks f USING {_GIVEN}
    WHERE (f.tenant_id, f.stream, f.check_name)
      = (given.tenant_id, given.stream, given.check_name)
"""  # noqa: S608 - our own words


class Check(NamedTuple):
    """One check of one stream of a tenant."""

    tenant_id: str
    stream: str
    name: str


class FailedChecks:
    """The checks that were last told to fail."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, tenant_id: str) -> set[Check]:
        """Those of a tenant."""
        with self._database.as_tenant(tenant_id) as connection:
            rows = connection.execute(_OF_TENANT, {"tenant": tenant_id}).fetchall()
        return {Check(*row) for row in rows}

    def named(self, source: str, check: str) -> set[Check]:
        """Those of one name, of all tenants of a source."""
        with self._database.as_control() as connection:
            rows = connection.execute(_NAMED, {"source": source, "check": check}).fetchall()
        return {Check(*row) for row in rows}

    def add(self, checks: Collection[Check]) -> None:
        """Remember these; known ones are left as they are."""
        self._change(_ADD, checks)

    def remove(self, checks: Collection[Check]) -> None:
        """Forget these; what is not known is no error."""
        self._change(_REMOVE, checks)

    def _change(self, statement: str, checks: Collection[Check]) -> None:
        if not checks:
            return
        parameters = {
            "tenants": [check.tenant_id for check in checks],
            "streams": [check.stream for check in checks],
            "checks": [check.name for check in checks],
        }
        with self._database.as_control() as connection:
            connection.execute(statement, parameters)
