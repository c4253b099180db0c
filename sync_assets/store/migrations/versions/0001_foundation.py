"""Roles, tenants, syncs, checkpoints, dead letters and the tables of WordPress."""

from alembic import op

revision = "0001"
down_revision = None

ROLES = """
DO $$
DECLARE wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['sync_assets_sync', 'sync_assets_control'] LOOP
    IF to_regrole(wanted) IS NULL THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS', wanted);
      EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL;  -- roles belong to the whole server; another database of it was first
      END;
    END IF;
    -- An administrator may have granted them already. PostgreSQL 16 tells SET from membership.
    IF NOT pg_has_role(session_user, wanted, CASE
      WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END) THEN
      EXECUTE format('GRANT %I TO %I', wanted, session_user);
    END IF;
  END LOOP;
END $$
"""

SYNC_TABLES = """
CREATE TABLE sync.tenants (
  id text PRIMARY KEY,
  source text NOT NULL,
  organization text NOT NULL,
  url text NOT NULL,
  username text,
  secret bytea,
  settings jsonb NOT NULL DEFAULT '{}',
  active boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE sync.syncs (
  id uuid PRIMARY KEY,
  tenant_id text NOT NULL,
  source text NOT NULL,
  streams text[] NOT NULL,
  options jsonb NOT NULL DEFAULT '{}',
  run_id text,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX syncs_by_tenant ON sync.syncs (tenant_id, created_at DESC);

CREATE TABLE sync.streams (
  sync_id uuid NOT NULL REFERENCES sync.syncs ON DELETE CASCADE,
  tenant_id text NOT NULL,
  stream text NOT NULL,
  status text NOT NULL DEFAULT 'pending'
    CHECK (status IN ('pending', 'running', 'done', 'failed', 'skipped', 'stopped', 'deferred')),
  attempt integer NOT NULL DEFAULT 0,
  counts jsonb NOT NULL DEFAULT '{}',
  earlier jsonb NOT NULL DEFAULT '{}',
  error text,
  started_at timestamptz,
  finished_at timestamptz,
  PRIMARY KEY (sync_id, stream)
);
CREATE INDEX streams_done ON sync.streams (tenant_id, stream, finished_at DESC)
  WHERE status = 'done';
CREATE INDEX streams_deferred ON sync.streams (sync_id) WHERE status = 'deferred';

CREATE TABLE sync.leases (
  tenant_id text NOT NULL,
  stream text NOT NULL,
  sync_id uuid NOT NULL,
  token uuid NOT NULL,
  backend_pid integer NOT NULL,
  backend_started timestamptz,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, stream)
) WITH (fillfactor = 50);

CREATE TABLE sync.checkpoints (
  tenant_id text NOT NULL,
  stream text NOT NULL,
  collection text NOT NULL,
  overlap_from timestamptz,
  reread_from bigint,
  sync_id uuid NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, stream, collection)
) WITH (fillfactor = 50);

CREATE TABLE sync.dead_letters (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id text NOT NULL,
  stream text NOT NULL,
  collection text NOT NULL,
  record text NOT NULL,
  payload text NOT NULL,
  cause text NOT NULL,
  sync_id uuid NOT NULL,
  occurrences integer NOT NULL DEFAULT 1,
  first_seen_at timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  resolved_at timestamptz,
  UNIQUE (tenant_id, stream, collection, record)
);

CREATE TABLE sync.log (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id text NOT NULL,
  sync_id uuid NOT NULL,
  stream text,
  level text NOT NULL,
  message text NOT NULL,
  metadata jsonb NOT NULL DEFAULT '{}',
  at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX log_by_sync ON sync.log (sync_id, id);
"""

FUNCTIONS = """
CREATE FUNCTION sync.backend_started(pid integer) RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS 'SELECT backend_start FROM pg_stat_activity WHERE pg_stat_activity.pid = $1';

CREATE FUNCTION cms.note_local_edit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.local_modified_at := clock_timestamp();
  RETURN NEW;
END $$;
"""

TERMS = """taxonomy text NOT NULL, name text NOT NULL, slug text NOT NULL,
  description text NOT NULL, parent_wp_id bigint, acf jsonb"""
MEDIA = """title text NOT NULL, slug text NOT NULL, status text NOT NULL, link text NOT NULL,
  mime_type text NOT NULL, source_url text NOT NULL, alt_text text NOT NULL,
  caption text NOT NULL, description text NOT NULL, details jsonb, parent_wp_id bigint,
  author_wp_id bigint, published_at timestamptz, is_raw boolean NOT NULL, acf jsonb"""
CONTENT = """type text NOT NULL, status text NOT NULL, title text NOT NULL, slug text NOT NULL,
  link text NOT NULL, content text NOT NULL, excerpt text NOT NULL, author_wp_id bigint,
  featured_media_wp_id bigint, {more}, password_protected boolean NOT NULL,
  is_raw boolean NOT NULL, acf jsonb, published_at timestamptz"""
PAGES = CONTENT.format(more="parent_wp_id bigint, menu_order bigint, template text NOT NULL")
POSTS = CONTENT.format(more="template text NOT NULL, sticky boolean NOT NULL")

ENTITIES = {
    "wordpress_terms": TERMS,
    "wordpress_media": MEDIA,
    "wordpress_pages": PAGES,
    "wordpress_posts": POSTS,
}

ENTITY = """
CREATE TABLE cms.{table} (
  tenant_id text NOT NULL,
  wp_id bigint NOT NULL,
  {columns},
  source_modified_at timestamptz,
  local_modified_at timestamptz,
  content_hash bytea NOT NULL CHECK (octet_length(content_hash) = 16),
  synced_at timestamptz NOT NULL,
  synced_by uuid NOT NULL,
  deleted_at timestamptz,
  PRIMARY KEY (tenant_id, wp_id)
);
CREATE INDEX {table}_by_slug ON cms.{table} (tenant_id, slug);
CREATE TRIGGER note_local_edit BEFORE INSERT OR UPDATE ON cms.{table}
  FOR EACH ROW WHEN (current_user <> 'sync_assets_sync') EXECUTE FUNCTION cms.note_local_edit();
"""

LINKS = """
CREATE TABLE cms.wordpress_content_terms (
  tenant_id text NOT NULL,
  content_wp_id bigint NOT NULL,
  taxonomy text NOT NULL,
  term_wp_id bigint NOT NULL,
  PRIMARY KEY (tenant_id, content_wp_id, term_wp_id)
);
"""

OWNED = "USING (tenant_id = current_setting('sync_assets.tenant_id', true))"

PROTECT = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON {table} {owned};
"""

# Those who are members of the control role, such as the owner, must take it on to see all rows.
CONTROL = """
CREATE POLICY control ON {table} TO sync_assets_control
  USING (current_user = 'sync_assets_control');
"""

GRANTS = """
REVOKE ALL ON SCHEMA sync, cms FROM PUBLIC;
REVOKE ALL ON FUNCTION sync.backend_started(integer) FROM PUBLIC;
GRANT USAGE ON SCHEMA sync, cms TO sync_assets_sync, sync_assets_control;
GRANT EXECUTE ON FUNCTION sync.backend_started(integer) TO sync_assets_sync, sync_assets_control;
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA cms TO sync_assets_sync;
GRANT DELETE ON cms.wordpress_content_terms TO sync_assets_sync;
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA sync TO sync_assets_sync;
GRANT DELETE ON sync.leases TO sync_assets_sync;
REVOKE INSERT, UPDATE ON sync.tenants FROM sync_assets_sync;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA sync TO sync_assets_control;
REVOKE ALL ON sync.alembic_version FROM sync_assets_sync, sync_assets_control;
GRANT SELECT ON sync.alembic_version TO sync_assets_sync, sync_assets_control;
"""


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS vector")
    op.execute("CREATE SCHEMA IF NOT EXISTS cms")
    op.execute(ROLES)
    op.execute(SYNC_TABLES)
    op.execute(FUNCTIONS)
    for table, columns in ENTITIES.items():
        op.execute(ENTITY.format(table=table, columns=columns))
    op.execute(LINKS)
    _spare_compression()
    op.execute(GRANTS)
    for table in ["syncs", "streams", "leases", "checkpoints", "dead_letters", "log"]:
        op.execute(PROTECT.format(table=f"sync.{table}", owned=OWNED))
        op.execute(CONTROL.format(table=f"sync.{table}"))
    op.execute(PROTECT.format(table="sync.tenants", owned=OWNED.replace("tenant_id =", "id =")))
    op.execute(CONTROL.format(table="sync.tenants"))
    for table in [*ENTITIES, "wordpress_content_terms"]:
        op.execute(PROTECT.format(table=f"cms.{table}", owned=OWNED))
        # Only a purge uses these: the control role may delete a tenant's rows but not read them.
        op.execute(f"GRANT SELECT (tenant_id), DELETE ON cms.{table} TO sync_assets_control")
        op.execute(CONTROL.format(table=f"cms.{table}"))


def _spare_compression() -> None:
    """Contents with lz4 where the server has it, and uncompressed where it has only pglz.

    With pglz, compressing takes more than half of the server's CPU in a first load.
    """
    for table in ["wordpress_pages", "wordpress_posts"]:
        op.execute(f"""
            DO $$ BEGIN
              ALTER TABLE cms.{table} ALTER content SET COMPRESSION lz4;
            EXCEPTION WHEN feature_not_supported OR invalid_parameter_value THEN
              ALTER TABLE cms.{table} ALTER content SET STORAGE EXTERNAL;
            END $$""")


def downgrade() -> None:
    op.execute("DROP SCHEMA cms CASCADE")
    for table in ["log", "dead_letters", "checkpoints", "leases", "streams", "syncs", "tenants"]:
        op.execute(f"DROP TABLE sync.{table} CASCADE")
    op.execute("DROP FUNCTION sync.backend_started(integer)")
