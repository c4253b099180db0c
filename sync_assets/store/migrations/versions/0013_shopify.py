"""The tables of Shopify: products, inventory, orders, their parts; tokens that were granted."""

from alembic import op

revision = "0013"
down_revision = "0012"

PRODUCTS = """title text NOT NULL, handle text NOT NULL, status text NOT NULL, vendor text NOT NULL,
  product_type text NOT NULL, tags jsonb, description_html text NOT NULL,
  online_store_url text NOT NULL, options jsonb, created_at timestamptz, published_at timestamptz,
  original jsonb"""
INVENTORY = """sku text NOT NULL, tracked boolean NOT NULL, requires_shipping boolean NOT NULL,
  unit_cost numeric, unit_cost_currency text NOT NULL, product_id bigint, variant_id bigint,
  created_at timestamptz, updated_at timestamptz, original jsonb"""
ORDERS = """name text NOT NULL, financial_status text NOT NULL, fulfillment_status text NOT NULL,
  test boolean NOT NULL, source_name text NOT NULL, note text NOT NULL, tags jsonb,
  currency text NOT NULL, presentment_currency text NOT NULL, subtotal numeric, discounts numeric,
  shipping numeric, tax numeric, total numeric, current_total numeric, received numeric,
  refunded numeric, outstanding numeric, cancel_reason text NOT NULL, created_at timestamptz,
  processed_at timestamptz, cancelled_at timestamptz, closed_at timestamptz, original jsonb"""

ENTITIES = {
    "products": ("product_id", PRODUCTS),
    "inventory": ("inventory_item_id", INVENTORY),
    "orders": ("order_id", ORDERS),
}

VARIANTS = """position bigint, title text NOT NULL, sku text NOT NULL, barcode text NOT NULL,
  price numeric, compare_at_price numeric, options jsonb, inventory_item_id bigint,
  created_at timestamptz, updated_at timestamptz, original jsonb"""
LEVELS = """location text NOT NULL, available bigint, on_hand bigint, committed bigint,
  incoming bigint, reserved bigint, updated_at timestamptz, original jsonb"""
LINES = """title text NOT NULL, variant_title text NOT NULL, sku text NOT NULL,
  vendor text NOT NULL, product_id bigint, variant_id bigint, quantity bigint,
  current_quantity bigint, unit_price numeric, discount numeric, total numeric, original jsonb"""
REFUNDS = """note text NOT NULL, total numeric, currency text NOT NULL, created_at timestamptz,
  processed_at timestamptz, updated_at timestamptz, original jsonb"""
REFUND_LINES = """refund_id bigint, line_id bigint, location_id bigint, quantity bigint,
  restock_type text NOT NULL, price numeric, subtotal numeric, tax numeric, original jsonb"""

PARTS = {
    "variants": ("products", "product_id", "variant_id", VARIANTS),
    "inventory_levels": ("inventory", "inventory_item_id", "location_id", LEVELS),
    "order_lines": ("orders", "order_id", "line_id", LINES),
    "refunds": ("orders", "order_id", "refund_id", REFUNDS),
    "refund_lines": ("orders", "order_id", "refund_line_id", REFUND_LINES),
}

ENTITY = """
CREATE TABLE cms.shopify_{name} (
  tenant_id text NOT NULL,
  {key} bigint NOT NULL,
  {columns},
  source_modified_at timestamptz,
  local_modified_at timestamptz,
  content_hash bytea NOT NULL CHECK (octet_length(content_hash) = 16),
  synced_at timestamptz NOT NULL,
  synced_by uuid NOT NULL,
  deleted_at timestamptz,
  PRIMARY KEY (tenant_id, {key})
);
CREATE TRIGGER note_local_edit BEFORE INSERT OR UPDATE ON cms.shopify_{name}
  FOR EACH ROW WHEN (current_user <> 'sync_assets_sync') EXECUTE FUNCTION cms.note_local_edit();
GRANT SELECT, INSERT, UPDATE ON cms.shopify_{name} TO sync_assets_sync;
CALL cms.follow('shopify_{name}', '{name}', '{key}');
"""
PART = """
CREATE TABLE cms.shopify_{name} (
  tenant_id text NOT NULL,
  {owner} bigint NOT NULL,
  {key} bigint NOT NULL,
  {columns},
  PRIMARY KEY (tenant_id, {owner}, {key})
);
GRANT SELECT, INSERT, UPDATE, DELETE ON cms.shopify_{name} TO sync_assets_sync;
CALL cms.follow_links('shopify_{name}', '{owner}', 'shopify_{held}', '{held}', '{owner}');
"""
INDEXES = """
CREATE INDEX shopify_orders_by_time
  ON cms.shopify_orders (tenant_id, coalesce(processed_at, created_at));
CREATE INDEX shopify_refunds_by_time
  ON cms.shopify_refunds (tenant_id, coalesce(processed_at, created_at));
CREATE INDEX shopify_variants_by_item ON cms.shopify_variants (tenant_id, inventory_item_id);
"""
TOKENS = """
CREATE TABLE sync.access_tokens (
  tenant_id text PRIMARY KEY,
  sealed bytea NOT NULL,
  ends_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON sync.access_tokens TO sync_assets_sync;
GRANT SELECT (tenant_id), DELETE ON sync.access_tokens TO sync_assets_control;
"""

# Only a purge uses it: the control role may delete a tenant's rows but not read them.
PURGE = "GRANT SELECT (tenant_id), DELETE ON {table} TO sync_assets_control"
PROTECT = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON {table}
  USING (tenant_id = current_setting('sync_assets.tenant_id', true));
CREATE POLICY control ON {table} TO sync_assets_control
  USING (current_user = 'sync_assets_control');
"""


def upgrade() -> None:
    for name, (key, columns) in ENTITIES.items():
        op.execute(ENTITY.format(name=name, key=key, columns=columns))
    for name, (held, owner, key, columns) in PARTS.items():
        op.execute(PART.format(name=name, held=held, owner=owner, key=key, columns=columns))
    op.execute(INDEXES)
    op.execute(TOKENS)
    for table in [*ENTITIES, *PARTS]:
        op.execute(PURGE.format(table=f"cms.shopify_{table}"))
        op.execute(PROTECT.format(table=f"cms.shopify_{table}"))
    op.execute(PROTECT.format(table="sync.access_tokens"))


def downgrade() -> None:
    op.execute("DROP TABLE sync.access_tokens")
    for table in [*PARTS, *ENTITIES]:
        op.execute(f"DROP TABLE cms.shopify_{table}")
