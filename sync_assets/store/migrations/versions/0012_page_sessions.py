"""Who is signed in on the status pages; of each session only a hash is kept."""

from alembic import op

revision = "0012"
down_revision = "0011"

TABLES = """
CREATE TABLE sync.page_sessions (
  id_hash bytea PRIMARY KEY CHECK (octet_length(id_hash) = 32),
  key_id text NOT NULL REFERENCES sync.api_keys ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);
CREATE INDEX page_sessions_by_key ON sync.page_sessions (key_id, created_at);
CREATE INDEX page_sessions_by_end ON sync.page_sessions (expires_at);
"""

PROTECT = """
GRANT SELECT, INSERT, UPDATE, DELETE ON sync.page_sessions TO sync_assets_control;
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(PROTECT)


def downgrade() -> None:
    op.execute("DROP TABLE sync.page_sessions")
