"""Words are found fast: unpacked in small sets, by an index in large ones."""

from alembic import op

revision = "0007"
down_revision = "0006"

# A search of a small set looks at each chunk several times, and would unpack its words each time.
UNPACKED = "ALTER TABLE cms.chunks ALTER search SET STORAGE EXTERNAL"

# PostgreSQL never hands `@@`, which is not leakproof, to an index where a policy has to be checked
# first: a tenant's own query would read a large set as a whole. The function checks the tenant
# itself, and says no more than keys. The set's id stands in the text, because the index belongs to
# one set. Where row security binds the owner, too, that is to say where it is no superuser and
# has no BYPASSRLS, the answer is the same but slow.
FUNCTION = """
CREATE FUNCTION cms.chunks_with(wanted bigint, words tsquery, most integer)
RETURNS TABLE (source_type text, record_id bigint, "position" integer)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  RETURN QUERY EXECUTE format(
    'SELECT source_type, record_id, position FROM cms.chunks
     WHERE tenant_id = current_setting(''sync_assets.tenant_id'', true)
       AND set_id = %s AND search @@ $1 LIMIT $2', wanted) USING words, most;
END $$;
REVOKE ALL ON FUNCTION cms.chunks_with(bigint, tsquery, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cms.chunks_with(bigint, tsquery, integer) TO sync_assets_sync;
"""


def upgrade() -> None:
    op.execute(UNPACKED)
    op.execute(FUNCTION)


def downgrade() -> None:
    op.execute("DROP FUNCTION cms.chunks_with(bigint, tsquery, integer)")
    op.execute("ALTER TABLE cms.chunks ALTER search SET STORAGE EXTENDED")
