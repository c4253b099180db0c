"""When all active tenants are synced that have no schedule of their own."""

from collections.abc import Mapping

FULL = "0 3 * * *"
INCREMENTAL = "*/15 * * * *"

COMMON: Mapping[str, str] = {"full": FULL, "incremental": INCREMENTAL}
"""Cron lines by kind, by the clock of the configured zone."""

OFF = "off"
"""The own schedule of a tenant that none shall sync."""
