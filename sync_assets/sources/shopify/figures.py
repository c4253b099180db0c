"""What a shop's figures are made of, in Shopify's tables; `ShopQueries` says what each gives.

An order counts in the month of `processed_at`, which is when it was placed even where it was
imported later; so does a refund. Tests, cancelled orders and those with a tombstone count nowhere,
nor do their refunds: otherwise a refund would take away what was never added.
"""

from sync_assets.core.shops import ShopQueries

_AT = "coalesce({row}.processed_at, {row}.created_at)"
_ORDERED, _REFUNDED = _AT.format(row="orders"), _AT.format(row="refunds")
_OWN = "{row}.tenant_id = current_setting('sync_assets.tenant_id')"
_COUNTS = f"""{_OWN.format(row="orders")} AND orders.deleted_at IS NULL AND NOT orders.test
    AND orders.cancelled_at IS NULL"""
_TITLES = """LEFT JOIN cms.shopify_products AS products ON products.tenant_id = lines.tenant_id
    AND products.product_id = lines.product_id AND products.deleted_at IS NULL"""
_IN_MONTH = ">= %(start)s AND {at} < %(until)s"

# `total` is before returns: with `current_total` a refund would change a month that is over, and
# be taken off twice.
_TAKINGS = f"""
  SELECT orders.currency, {_ORDERED} AS at, 1 AS orders, coalesce(orders.total, 0) AS revenue,
    0 AS refunds, 0::numeric AS refunded
  FROM cms.shopify_orders AS orders
  WHERE {_COUNTS} AND {_ORDERED} {_IN_MONTH.format(at=_ORDERED)}
  UNION ALL
  SELECT coalesce(nullif(refunds.currency, ''), orders.currency), {_REFUNDED}, 0, 0, 1,
    coalesce(refunds.total, 0)
  FROM cms.shopify_refunds AS refunds
  JOIN cms.shopify_orders AS orders USING (tenant_id, order_id)
  WHERE {_COUNTS} AND {_REFUNDED} {_IN_MONTH.format(at=_REFUNDED)}
"""  # noqa: S608 - nothing of it comes from outside

# A line's total and a refund's subtotal are both after all discounts.
_SALES = f"""
  SELECT orders.currency, lines.product_id, coalesce(products.title, lines.title) AS title,
    coalesce(lines.quantity, 0) AS units, coalesce(lines.total, 0) AS revenue
  FROM cms.shopify_orders AS orders
  JOIN cms.shopify_order_lines AS lines USING (tenant_id, order_id) {_TITLES}
  WHERE {_COUNTS} AND {_ORDERED} {_IN_MONTH.format(at=_ORDERED)}
  UNION ALL
  SELECT orders.currency, lines.product_id, coalesce(products.title, lines.title),
    -coalesce(returned.quantity, 0), -coalesce(returned.subtotal, 0)
  FROM cms.shopify_refunds AS refunds
  JOIN cms.shopify_orders AS orders USING (tenant_id, order_id)
  JOIN cms.shopify_refund_lines AS returned USING (tenant_id, order_id, refund_id)
  JOIN cms.shopify_order_lines AS lines USING (tenant_id, order_id, line_id) {_TITLES}
  WHERE {_COUNTS} AND {_REFUNDED} {_IN_MONTH.format(at=_REFUNDED)}
"""  # noqa: S608 - names of our own

# What is stocked nowhere is available nowhere; a product's row may come before its inventory's.
_STOCK = f"""
  SELECT products.product_id, products.title AS product, variants.variant_id,
    variants.title AS variant, variants.sku, products.status = 'ACTIVE' AS on_sale,
    coalesce((SELECT sum(levels.available) FROM cms.shopify_inventory_levels AS levels
      WHERE levels.tenant_id = items.tenant_id
        AND levels.inventory_item_id = items.inventory_item_id), 0)::bigint AS available
  FROM cms.shopify_inventory AS items
  JOIN cms.shopify_variants AS variants USING (tenant_id, inventory_item_id)
  JOIN cms.shopify_products AS products
    ON products.tenant_id = variants.tenant_id AND products.product_id = variants.product_id
  WHERE {_OWN.format(row="items")} AND items.tracked
    AND items.deleted_at IS NULL AND products.deleted_at IS NULL
"""  # noqa: S608 - names of our own

FIGURES = ShopQueries(stream="orders", takings=_TAKINGS, sales=_SALES, stock=_STOCK)
