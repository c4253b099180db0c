"""What all runs of the upkeep have in common: they wait for the syncs."""

from sync_assets.core.queues import QUEUES
from sync_assets.defs.identity import QUEUE_TAG

_QUEUE = QUEUES["maintenance"]

TAGS = {QUEUE_TAG: _QUEUE.name, "dagster/priority": str(_QUEUE.priority)}
"""Of each run; a place for runs goes to syncs first."""

GROUP = "sync_assets"
"""Of the assets about this program itself, and the first part of their keys."""
