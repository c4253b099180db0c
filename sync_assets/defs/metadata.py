"""What a materialization says of itself."""

from collections.abc import Mapping
from uuid import UUID

from sync_assets.core.counts import Counts


def materialization_metadata(sync_id: UUID, counts: Counts) -> Mapping[str, int | str]:
    """The counts of a stream and the id of the sync that made them."""
    shown = {name: value for name, value in counts.as_dict().items() if value is not None}
    return {**shown, "sync_id": str(sync_id)}
