"""Requests for syncs, the pace of upstream accounts, tenants' own schedules."""

from alembic import op

revision = "0002"
down_revision = "0001"

TABLES = """
CREATE TABLE sync.requests (
  id uuid PRIMARY KEY,
  tenant_id text NOT NULL,
  organization text NOT NULL,
  source text NOT NULL,
  streams text[] NOT NULL CHECK (cardinality(streams) > 0),
  period text,
  not_before timestamptz,
  options jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(options) = 'object'),
  queue text NOT NULL,
  priority smallint NOT NULL CHECK (priority BETWEEN 0 AND 3),
  asked_by text NOT NULL,
  state text NOT NULL
    CHECK (state IN ('queued', 'launched', 'completed', 'failed', 'cancelled')),
  attempt integer NOT NULL DEFAULT 0,
  attempts integer NOT NULL CHECK (attempts > 0),
  alone boolean NOT NULL DEFAULT false,
  claim uuid,
  run_id text,
  created_at timestamptz NOT NULL DEFAULT now(),
  asked_at timestamptz NOT NULL DEFAULT now(),
  due_at timestamptz NOT NULL DEFAULT now() CHECK (isfinite(due_at)),
  launched_at timestamptz CHECK (isfinite(launched_at)),
  begun_at timestamptz,
  waited interval,
  alive_at timestamptz,
  cancel_at timestamptz,
  ended_at timestamptz,
  alerted_at timestamptz,
  superseded_by uuid,
  error text
) WITH (fillfactor = 70);
-- The claim that nobody asks twice for the same; one more may wait behind a running one, and for
-- each later moment that somebody names.
CREATE UNIQUE INDEX requests_queued ON sync.requests (tenant_id, streams, period, not_before)
  NULLS NOT DISTINCT WHERE state = 'queued';
CREATE INDEX requests_launched ON sync.requests (tenant_id) WHERE state = 'launched';
CREATE INDEX requests_by_tenant ON sync.requests (tenant_id, created_at DESC);
CREATE INDEX requests_newest ON sync.requests (created_at DESC, id DESC);
CREATE INDEX requests_ended ON sync.requests (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX requests_last_asked ON sync.requests (tenant_id, asked_at DESC);
CREATE INDEX requests_last_completed ON sync.requests (tenant_id, ended_at DESC)
  WHERE state = 'completed';
CREATE INDEX requests_last_failed ON sync.requests (tenant_id, ended_at DESC)
  WHERE state = 'failed';
CREATE INDEX requests_failed ON sync.requests (created_at DESC, id DESC) WHERE state = 'failed';
CREATE INDEX requests_to_alert ON sync.requests (ended_at)
  WHERE state = 'failed' AND alerted_at IS NULL;
CREATE INDEX requests_by_claim ON sync.requests (claim) WHERE claim IS NOT NULL;
CREATE INDEX requests_served ON sync.requests (launched_at DESC) WHERE launched_at IS NOT NULL;

-- When the next request to an upstream account may start, shared by all processes.
CREATE TABLE sync.paces (
  account text PRIMARY KEY,
  next_at timestamptz NOT NULL
) WITH (fillfactor = 50);

ALTER TABLE sync.tenants
  ADD schedule text,
  ADD changed_at timestamptz NOT NULL DEFAULT now();

-- What has a checkpoint by now was read to its end, as a rule.
ALTER TABLE sync.checkpoints ADD loaded boolean NOT NULL DEFAULT true;

ALTER TABLE sync.streams
  ADD error_kind text,
  ADD progressed_at timestamptz;
"""

STATS = """
CREATE VIEW sync.queue_stats WITH (security_invoker = true) AS
SELECT queue,
  CASE WHEN state = 'launched' THEN CASE WHEN alive_at IS NULL THEN 'queued' ELSE 'running' END
    ELSE state END AS state,
  count(*) AS requests,
  max(now() - due_at) FILTER (WHERE begun_at IS NULL AND ended_at IS NULL AND due_at < now())
    AS oldest_wait,
  percentile_cont(0.5) WITHIN GROUP (ORDER BY waited) AS p50_wait,
  percentile_cont(0.95) WITHIN GROUP (ORDER BY waited) AS p95_wait,
  percentile_cont(0.5) WITHIN GROUP (ORDER BY ended_at - greatest(begun_at, launched_at))
    AS p50_duration,
  percentile_cont(0.95) WITHIN GROUP (ORDER BY ended_at - greatest(begun_at, launched_at))
    AS p95_duration,
  count(*) FILTER (WHERE ended_at >= date_trunc('day', now(), coalesce(
    nullif(current_setting('sync_assets.timezone', true), ''), 'UTC'))) AS ended_today
FROM sync.requests
WHERE ended_at IS NULL OR ended_at > now() - interval '1 day'
GROUP BY 1, 2;
"""

PROTECT = """
ALTER TABLE sync.requests ENABLE ROW LEVEL SECURITY;
ALTER TABLE sync.requests FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON sync.requests
  USING (tenant_id = current_setting('sync_assets.tenant_id', true));
CREATE POLICY control ON sync.requests TO sync_assets_control
  USING (current_user = 'sync_assets_control');
GRANT SELECT ON sync.requests TO sync_assets_sync;
GRANT SELECT, INSERT, UPDATE, DELETE ON sync.requests TO sync_assets_control;
GRANT SELECT, INSERT, UPDATE, DELETE ON sync.paces TO sync_assets_control;
GRANT SELECT ON sync.queue_stats TO sync_assets_control;
"""


def upgrade() -> None:
    for statements in (TABLES, STATS, PROTECT):
        op.execute(statements)


def downgrade() -> None:
    op.execute("DROP VIEW sync.queue_stats")
    op.execute("DROP TABLE sync.requests, sync.paces")
    op.execute("ALTER TABLE sync.tenants DROP schedule, DROP changed_at")
    op.execute("ALTER TABLE sync.checkpoints DROP loaded")
    op.execute("ALTER TABLE sync.streams DROP error_kind, DROP progressed_at")
