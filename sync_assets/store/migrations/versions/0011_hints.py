"""Hints: records that a source says may have changed, who may say so, and syncs of just those."""

from alembic import op

revision = "0011"
down_revision = "0010"

TABLES = """
-- A record is hinted at once, however often; `mark` tells a repetition, which must outlive the sync
-- that has read the record before it came.
CREATE SEQUENCE sync.hint_marks;
CREATE TABLE sync.hints (
  tenant_id text NOT NULL,
  stream text NOT NULL,
  collection text NOT NULL,
  record bigint NOT NULL,
  mark bigint NOT NULL DEFAULT nextval('sync.hint_marks'),
  hinted_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, stream, collection, record)
) WITH (fillfactor = 70);

-- The calls of the last minutes, so that none is heard twice.
CREATE TABLE sync.hook_calls (
  tenant_id text NOT NULL,
  signature bytea NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, signature)
);
CREATE INDEX hook_calls_by_time ON sync.hook_calls (at);

ALTER TABLE sync.tenants ADD hook_secret bytea;
"""

# A sync of what was hinted at is no sync of its streams: it neither takes the place of one that
# waits, nor says how fresh they are, nor counts as asked for, as failed, or as a success.
MARKED = """
ALTER TABLE sync.requests ADD hinted boolean NOT NULL
  GENERATED ALWAYS AS (options @> '{"hinted": true}') STORED;
ALTER TABLE sync.streams ADD hinted boolean NOT NULL DEFAULT false;
"""

INDEXES = """
DROP INDEX sync.requests_queued, sync.requests_last_asked, sync.requests_last_completed,
  sync.requests_last_failed, sync.streams_done;
CREATE UNIQUE INDEX requests_queued
  ON sync.requests (tenant_id, streams, period, not_before{hinted})
  NULLS NOT DISTINCT WHERE state = 'queued';
CREATE INDEX requests_last_asked ON sync.requests (tenant_id, asked_at DESC){where};
CREATE INDEX requests_last_completed ON sync.requests (tenant_id, ended_at DESC)
  WHERE state = 'completed'{also};
CREATE INDEX requests_last_failed ON sync.requests (tenant_id, ended_at DESC)
  WHERE state = 'failed'{also};
CREATE INDEX streams_done ON sync.streams (tenant_id, stream, finished_at DESC)
  WHERE status = 'done'{also};
"""

PROTECT = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON {table}
  USING (tenant_id = current_setting('sync_assets.tenant_id', true));
CREATE POLICY control ON {table} TO sync_assets_control
  USING (current_user = 'sync_assets_control');
GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO sync_assets_control;
"""

GRANTS = """
GRANT SELECT ON sync.hook_calls TO sync_assets_sync;
GRANT SELECT, DELETE ON sync.hints TO sync_assets_sync;
GRANT UPDATE (mark) ON sync.hints TO sync_assets_sync;  -- to lock rows in an order
GRANT USAGE ON SEQUENCE sync.hint_marks TO sync_assets_control;
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(MARKED)
    op.execute(INDEXES.format(hinted=", hinted", where=" WHERE NOT hinted", also=" AND NOT hinted"))
    for table in ("sync.hints", "sync.hook_calls"):
        op.execute(PROTECT.format(table=table))
    op.execute(GRANTS)


def downgrade() -> None:
    op.execute("DELETE FROM sync.requests WHERE hinted AND state = 'queued'")
    op.execute(INDEXES.format(hinted="", where="", also=""))
    op.execute("ALTER TABLE sync.requests DROP hinted")
    op.execute("ALTER TABLE sync.streams DROP hinted")
    op.execute("ALTER TABLE sync.tenants DROP hook_secret")
    op.execute("DROP TABLE sync.hook_calls, sync.hints")
    op.execute("DROP SEQUENCE sync.hint_marks")
