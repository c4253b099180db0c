"""The change feed: what happened to each record, and who is told of it."""

from alembic import op

revision = "0010"
down_revision = "0009"

# A row for what one statement did, with the keys of all its records: a page of 100 posts costs one
# row instead of 100. `position` is given by whoever reads first (store/changes), that is after the
# commit: a transaction that commits late comes late, instead of behind those who have read on.
TABLES = """
CREATE TABLE cms.changes (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id text NOT NULL,
  position bigint,
  stream text NOT NULL,
  collection text,
  change text NOT NULL CHECK (change IN ('created', 'updated', 'deleted', 'restored')),
  keys bigint[] NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  sync_id uuid,
  UNIQUE (tenant_id, position)
);

-- Where a tenant's feed ends, and up to where it was forgotten. The times tell a feed from that of
-- a restored backup, which gives the same positions to other changes.
CREATE TABLE sync.feeds (
  tenant_id text PRIMARY KEY REFERENCES sync.tenants ON DELETE CASCADE,
  position bigint NOT NULL DEFAULT 0,
  at timestamptz,
  forgotten bigint NOT NULL DEFAULT 0,
  forgotten_at timestamptz
) WITH (fillfactor = 50);

CREATE TABLE sync.webhooks (
  tenant_id text PRIMARY KEY REFERENCES sync.tenants ON DELETE CASCADE,
  url text NOT NULL,
  secret bytea NOT NULL,
  cursor text NOT NULL,
  position bigint NOT NULL,
  state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'given_up')),
  next_at timestamptz NOT NULL DEFAULT now(),
  claim uuid,
  claimed_until timestamptz,
  failures integer NOT NULL DEFAULT 0,
  failing_since timestamptz,
  last_error text,
  last_seconds double precision NOT NULL DEFAULT 0,
  delivered bigint NOT NULL DEFAULT 0,
  delivered_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);
"""

# Row security binds an owner that is no superuser, too: nobody may insert but these functions,
# which run as the owner, whoever wrote the record.
PROTECT = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON {table}
  USING (tenant_id = current_setting('sync_assets.tenant_id', true));
CREATE POLICY control ON {table} TO sync_assets_control
  USING (current_user = 'sync_assets_control');
"""
GRANTS = """
CREATE POLICY noted ON cms.changes FOR INSERT WITH CHECK (pg_trigger_depth() > 0);
GRANT SELECT, DELETE, UPDATE (position) ON cms.changes TO sync_assets_sync;
GRANT SELECT (tenant_id), DELETE ON cms.changes TO sync_assets_control;
GRANT SELECT, INSERT, UPDATE ON sync.feeds TO sync_assets_sync;
GRANT SELECT ON sync.feeds TO sync_assets_control;
GRANT SELECT ON sync.webhooks TO sync_assets_sync;
GRANT SELECT, INSERT, UPDATE, DELETE ON sync.webhooks TO sync_assets_control;
"""

# What a front end cannot see does not count: bookkeeping, an update of what is buried, an edit that
# leaves everything as it was. The hash covers a record's references to others, too; what differs in
# spite of the same hash was edited here. An upsert calls it for what it inserted and for what it
# updated, of which one is nothing, as a rule. Built for each statement, so that it is planned for
# as many records as there are, and by the columns that the table has now.
NOTE = """
CREATE FUNCTION cms.note_changes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
DECLARE
  stream text := TG_ARGV[0];
  key text := TG_ARGV[1];
  scope text := TG_ARGV[2];
  collection text := 'NULL::text';
  differs text := 'false';
  records bigint;
  found text;
BEGIN
  IF TG_OP = 'INSERT' THEN
    SELECT count(*) INTO records FROM new_rows;
    IF records = 0 THEN RETURN NULL; END IF;
    IF scope <> '' THEN collection := format('%I', scope); END IF;
    found := format($sql$SELECT tenant_id, %s AS collection, 'created' AS change, %I AS key
      FROM new_rows WHERE deleted_at IS NULL$sql$, collection, key);
  ELSIF TG_OP = 'DELETE' THEN
    SELECT count(*) INTO records FROM old_rows;
    IF scope <> '' THEN collection := format('%I', scope); END IF;
    found := format($sql$SELECT tenant_id, %s AS collection, 'deleted' AS change, %I AS key
      FROM old_rows WHERE deleted_at IS NULL$sql$, collection, key);
  ELSE
    SELECT count(*) INTO records FROM new_rows;
    IF records = 0 THEN RETURN NULL; END IF;
    -- A sync's updates all have another hash, and are not compared by their wide contents.
    IF EXISTS (SELECT content_hash FROM old_rows INTERSECT SELECT content_hash FROM new_rows) THEN
      differs := 'to_jsonb(o) - $2 <> to_jsonb(n) - $2';
    END IF;
    IF scope <> '' THEN collection := format('coalesce(n.%1$I, o.%1$I)', scope); END IF;
    found := format($sql$SELECT tenant_id, %1$s AS collection, %2$I AS key, CASE
        WHEN (o.tenant_id IS NULL OR o.deleted_at IS NOT NULL)
          AND (n.tenant_id IS NULL OR n.deleted_at IS NOT NULL) THEN NULL
        WHEN o.tenant_id IS NULL THEN 'created'
        WHEN n.tenant_id IS NULL OR n.deleted_at IS NOT NULL THEN 'deleted'
        WHEN o.deleted_at IS NOT NULL THEN 'restored'
        WHEN o.content_hash <> n.content_hash THEN 'updated'
        WHEN %3$s THEN 'updated' END AS change
      FROM old_rows AS o FULL JOIN new_rows AS n USING (tenant_id, %2$I)$sql$,
      collection, key, differs);
  END IF;
  EXECUTE format($sql$
    INSERT INTO cms.changes (tenant_id, stream, collection, change, keys, sync_id)
    SELECT tenant_id, $1, collection, change, array_agg(key),
      nullif(current_setting('sync_assets.sync_id', true), '')::uuid
    FROM (SELECT *, %s AS piece FROM (%s) AS found WHERE change IS NOT NULL) AS pieces
    GROUP BY tenant_id, collection, change, piece$sql$,
    CASE WHEN records > 1000 THEN '(row_number() OVER () - 1) / 1000' ELSE '0' END, found)
  USING stream, ARRAY['synced_at', 'synced_by', 'content_hash', 'local_modified_at', 'deleted_at'];
  RETURN NULL;
END $body$;
REVOKE ALL ON FUNCTION cms.note_changes() FROM PUBLIC;
"""

# A reference that somebody else than the sync adds or removes is an update of whatever refers; the
# sync itself writes the referring record in the same transaction, with another hash. The owner of
# the tables may be bound by row security, and looks as each tenant in turn. (Only a
# superuser may give a function such a parameter by a SET of its own.)
NOTE_LINKS = """
CREATE FUNCTION cms.note_link_changes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
DECLARE
  before text := coalesce(current_setting('sync_assets.tenant_id', true), '');
  stream text := TG_ARGV[0];
  held text := TG_ARGV[1];
  key text := TG_ARGV[2];
  scope text := TG_ARGV[3];
  referring text := TG_ARGV[4];
  touched text := CASE TG_OP WHEN 'INSERT' THEN 'TABLE new_rows' WHEN 'DELETE' THEN 'TABLE old_rows'
    ELSE '(TABLE new_rows EXCEPT TABLE old_rows) UNION (TABLE old_rows EXCEPT TABLE new_rows)' END;
  whose text;
BEGIN
  FOR whose IN EXECUTE format('SELECT DISTINCT tenant_id FROM (%s) AS touched', touched) LOOP
    PERFORM set_config('sync_assets.tenant_id', whose, true);
    EXECUTE format($sql$
      INSERT INTO cms.changes (tenant_id, stream, collection, change, keys, sync_id)
      SELECT tenant_id, $1, collection, 'updated', array_agg(key),
        nullif(current_setting('sync_assets.sync_id', true), '')::uuid
      FROM (SELECT tenant_id, %1$s AS collection, %2$I AS key,
          (row_number() OVER () - 1) / 1000 AS piece
        FROM cms.%3$I WHERE deleted_at IS NULL AND tenant_id = $2 AND %2$I IN (
          SELECT %4$I FROM (%5$s) AS touched WHERE tenant_id = $2)) AS pieces
      GROUP BY tenant_id, collection, piece$sql$,
      CASE scope WHEN '' THEN 'NULL::text' ELSE format('%I', scope) END,
      key, held, referring, touched)
    USING stream, whose;
  END LOOP;
  PERFORM set_config('sync_assets.tenant_id', before, true);
  RETURN NULL;
END $body$;
REVOKE ALL ON FUNCTION cms.note_link_changes() FROM PUBLIC;
"""

# What a migration calls for a new table: one line for a stream's table, one for each stream that
# refers by a table of links. The migrations after this one are its only callers.
FOLLOW = """
CREATE PROCEDURE cms.follow(held text, stream text, key text, scope text DEFAULT '')
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $body$
DECLARE
  event text;
BEGIN
  FOREACH event IN ARRAY ARRAY['insert', 'update', 'delete'] LOOP
    EXECUTE format('CREATE TRIGGER %I AFTER %s ON cms.%I REFERENCING %s FOR EACH STATEMENT
      EXECUTE FUNCTION cms.note_changes(%L, %L, %L)', 'note_' || event, event, held,
      cms.transition(event), stream, key, scope);
  END LOOP;
END $body$;

CREATE PROCEDURE cms.follow_links(
  links text, referring text, held text, stream text, key text, scope text DEFAULT '')
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $body$
DECLARE
  event text;
BEGIN
  FOREACH event IN ARRAY ARRAY['insert', 'update', 'delete'] LOOP
    EXECUTE format('CREATE TRIGGER %I AFTER %s ON cms.%I REFERENCING %s FOR EACH STATEMENT
      WHEN (current_user <> ''sync_assets_sync'')
      EXECUTE FUNCTION cms.note_link_changes(%L, %L, %L, %L, %L)',
      format('note_%s_of_%s', event, stream), event, links, cms.transition(event),
      stream, held, key, scope, referring);
  END LOOP;
END $body$;

CREATE FUNCTION cms.transition(event text) RETURNS text
LANGUAGE sql IMMUTABLE AS $body$
  SELECT CASE event WHEN 'insert' THEN 'NEW TABLE AS new_rows'
    WHEN 'delete' THEN 'OLD TABLE AS old_rows'
    ELSE 'OLD TABLE AS old_rows NEW TABLE AS new_rows' END
$body$;
REVOKE ALL ON PROCEDURE cms.follow(text, text, text, text) FROM PUBLIC;
REVOKE ALL ON PROCEDURE cms.follow_links(text, text, text, text, text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION cms.transition(text) FROM PUBLIC;
"""

# The control role sees no content; that somebody's feed goes on is no content.
WAITING = """
CREATE FUNCTION cms.has_new_changes(whose text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
DECLARE
  before text := coalesce(current_setting('sync_assets.tenant_id', true), '');
  found boolean;
BEGIN
  PERFORM set_config('sync_assets.tenant_id', whose, true);
  found := EXISTS (SELECT FROM cms.changes WHERE tenant_id = whose AND position IS NULL);
  PERFORM set_config('sync_assets.tenant_id', before, true);
  RETURN found;
END $body$;
REVOKE ALL ON FUNCTION cms.has_new_changes(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cms.has_new_changes(text) TO sync_assets_control;
"""

FOLLOWED = (
    "CALL cms.follow('wordpress_terms', 'terms', 'wp_id', 'taxonomy')",
    "CALL cms.follow('wordpress_media', 'media', 'wp_id')",
    "CALL cms.follow('wordpress_pages', 'pages', 'wp_id', 'type')",
    "CALL cms.follow('wordpress_posts', 'posts', 'wp_id', 'type')",
    "CALL cms.follow_links('wordpress_content_terms', 'content_wp_id', 'wordpress_pages', 'pages',"
    " 'wp_id', 'type')",
    "CALL cms.follow_links('wordpress_content_terms', 'content_wp_id', 'wordpress_posts', 'posts',"
    " 'wp_id', 'type')",
)


def upgrade() -> None:
    op.execute(TABLES)
    for table in ("cms.changes", "sync.feeds", "sync.webhooks"):
        op.execute(PROTECT.format(table=table))
    for statements in (GRANTS, NOTE, NOTE_LINKS, FOLLOW, WAITING, *FOLLOWED):
        op.execute(statements)


def downgrade() -> None:
    for function in ("note_changes()", "note_link_changes()"):
        op.execute(f"DROP FUNCTION cms.{function} CASCADE")
    op.execute("DROP PROCEDURE cms.follow, cms.follow_links")
    op.execute("DROP FUNCTION cms.transition(text), cms.has_new_changes(text)")
    op.execute("DROP TABLE sync.webhooks, sync.feeds, cms.changes")
