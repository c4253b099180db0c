"""The checks that Dagster was last told to fail."""

from alembic import op

revision = "0003"
down_revision = "0002"

TABLE = """
CREATE TABLE sync.failed_checks (
  tenant_id text NOT NULL REFERENCES sync.tenants ON DELETE CASCADE,
  stream text NOT NULL,
  check_name text NOT NULL,
  told_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, stream, check_name)
);
ALTER TABLE sync.failed_checks ENABLE ROW LEVEL SECURITY;
ALTER TABLE sync.failed_checks FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON sync.failed_checks
  USING (tenant_id = current_setting('sync_assets.tenant_id', true));
CREATE POLICY control ON sync.failed_checks TO sync_assets_control
  USING (current_user = 'sync_assets_control');
GRANT SELECT ON sync.failed_checks TO sync_assets_sync;
GRANT SELECT, INSERT, DELETE ON sync.failed_checks TO sync_assets_control;
"""


def upgrade() -> None:
    op.execute(TABLE)


def downgrade() -> None:
    op.execute("DROP TABLE sync.failed_checks")
