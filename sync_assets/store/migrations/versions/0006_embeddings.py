"""Chunks of texts and their vectors, in sets of one model and one way of splitting."""

from alembic import op

revision = "0006"
down_revision = "0005"

TABLES = """
CREATE TABLE sync.embedding_sets (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id text NOT NULL REFERENCES sync.tenants ON DELETE CASCADE,
  model text NOT NULL,
  dimension integer NOT NULL CHECK (dimension BETWEEN 1 AND 4000),
  splitter text NOT NULL,
  live boolean NOT NULL DEFAULT false,
  indexed boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  completed_at timestamptz,
  UNIQUE (tenant_id, model, dimension, splitter)
);
-- What search uses, while another set may be in the making.
CREATE UNIQUE INDEX embedding_sets_live ON sync.embedding_sets (tenant_id) WHERE live;

CREATE TABLE cms.embedded_records (
  tenant_id text NOT NULL,
  set_id bigint NOT NULL,
  source_type text NOT NULL,
  record_id bigint NOT NULL,
  version bytea NOT NULL,
  PRIMARY KEY (tenant_id, set_id, source_type, record_id)
);

CREATE TABLE cms.chunks (
  tenant_id text NOT NULL,
  set_id bigint NOT NULL,
  source_type text NOT NULL,
  record_id bigint NOT NULL,
  position integer NOT NULL,
  heading text NOT NULL,
  content text NOT NULL,
  hash bytea NOT NULL CHECK (octet_length(hash) = 16),
  search tsvector NOT NULL,
  synced_by uuid NOT NULL,
  PRIMARY KEY (tenant_id, set_id, source_type, record_id, position)
);
CREATE INDEX chunks_by_hash ON cms.chunks (tenant_id, set_id, hash);

CREATE TABLE cms.vectors (
  tenant_id text NOT NULL,
  set_id bigint NOT NULL,
  hash bytea NOT NULL CHECK (octet_length(hash) = 16),
  embedding halfvec NOT NULL,
  PRIMARY KEY (tenant_id, set_id, hash)
);
-- An exact search reads all chunks and vectors of a tenant: they stay in their rows, where a chunk
-- is looked at in 3 µs instead of 20.
ALTER TABLE cms.chunks SET (toast_tuple_target = 8160);
ALTER TABLE cms.vectors SET (toast_tuple_target = 8160);
ALTER TABLE cms.vectors ALTER embedding SET STORAGE EXTERNAL;
"""

PROTECT = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON {table}
  USING (tenant_id = current_setting('sync_assets.tenant_id', true));
CREATE POLICY control ON {table} TO sync_assets_control
  USING (current_user = 'sync_assets_control');
GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO sync_assets_sync;
"""

CONTENTS = ("embedded_records", "chunks", "vectors")


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(PROTECT.format(table="sync.embedding_sets"))
    op.execute("GRANT SELECT ON sync.embedding_sets TO sync_assets_control")
    for table in CONTENTS:
        op.execute(PROTECT.format(table=f"cms.{table}"))
        # As with the other contents: a purge deletes them, nobody but their tenant reads them.
        op.execute(f"GRANT SELECT (tenant_id), DELETE ON cms.{table} TO sync_assets_control")


def downgrade() -> None:
    for table in CONTENTS:
        op.execute(f"DROP TABLE cms.{table}")
    op.execute("DROP TABLE sync.embedding_sets")
