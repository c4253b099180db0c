"""What was synced each day, a row a tenant."""

from alembic import op

revision = "0004"
down_revision = "0003"

TABLE = """
CREATE TABLE sync.statistics (
  tenant_id text NOT NULL REFERENCES sync.tenants ON DELETE CASCADE,
  day date NOT NULL,
  syncs_completed integer NOT NULL,
  syncs_failed integer NOT NULL,
  syncs_cancelled integer NOT NULL,
  records_created bigint NOT NULL,
  records_updated bigint NOT NULL,
  records_deleted bigint NOT NULL,
  records_failed bigint NOT NULL,
  source_requests bigint NOT NULL,
  seconds double precision NOT NULL,
  p95_wait double precision,
  PRIMARY KEY (tenant_id, day)
);
CREATE INDEX statistics_by_day ON sync.statistics (day);
ALTER TABLE sync.statistics ENABLE ROW LEVEL SECURITY;
ALTER TABLE sync.statistics FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON sync.statistics
  USING (tenant_id = current_setting('sync_assets.tenant_id', true));
CREATE POLICY control ON sync.statistics TO sync_assets_control
  USING (current_user = 'sync_assets_control');
GRANT SELECT ON sync.statistics TO sync_assets_sync;
GRANT SELECT, INSERT, UPDATE, DELETE ON sync.statistics TO sync_assets_control;
"""


def upgrade() -> None:
    op.execute(TABLE)


def downgrade() -> None:
    op.execute("DROP TABLE sync.statistics")
