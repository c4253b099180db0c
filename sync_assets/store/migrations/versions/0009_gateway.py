"""What the gateway keeps: API keys, who asked for what, answers to repeat, wishes for upkeep."""

from alembic import op

revision = "0009"
down_revision = "0007"

TABLES = """
CREATE TABLE sync.api_keys (
  id text PRIMARY KEY,
  organization text NOT NULL CHECK (organization <> ''),
  name text NOT NULL DEFAULT '',
  scopes text[] NOT NULL CHECK (cardinality(scopes) > 0
    AND scopes <@ ARRAY['read', 'sync', 'admin']),
  secret_hash bytea NOT NULL CHECK (octet_length(secret_hash) = 32),
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz
) WITH (fillfactor = 80);
CREATE INDEX api_keys_by_organization ON sync.api_keys (organization, created_at);

-- Not of tenants: what was refused has none, and what a removed one has done stays known.
CREATE TABLE sync.audit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  organization text,
  key_id text,
  method text NOT NULL,
  route text NOT NULL,
  tenant text,
  sync_id uuid,
  status smallint NOT NULL,
  address text,
  request_id uuid
);
CREATE INDEX audit_by_time ON sync.audit (at);
CREATE INDEX audit_by_organization ON sync.audit (organization, id);

-- The first answer to a call, for whoever repeats it with the same key; no status while under way.
CREATE TABLE sync.answers (
  key_id text NOT NULL,
  idempotency_key text NOT NULL,
  request_hash bytea NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  status smallint,
  headers jsonb,
  body bytea,
  PRIMARY KEY (key_id, idempotency_key)
);
CREATE INDEX answers_by_time ON sync.answers (at);

-- Who wants the upkeep to be done before its time; a sensor makes a run of it.
CREATE TABLE sync.upkeep_wishes (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  task text NOT NULL,
  asked_by text NOT NULL,
  asked_at timestamptz NOT NULL DEFAULT now(),
  taken_at timestamptz
);
CREATE UNIQUE INDEX upkeep_wishes_waiting ON sync.upkeep_wishes (task) WHERE taken_at IS NULL;
"""

PROTECT = """
GRANT SELECT, INSERT, UPDATE, DELETE ON
  sync.api_keys, sync.audit, sync.answers, sync.upkeep_wishes TO sync_assets_control;
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(PROTECT)


def downgrade() -> None:
    op.execute("DROP TABLE sync.upkeep_wishes, sync.answers, sync.audit, sync.api_keys")
