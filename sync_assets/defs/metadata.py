"""What a materialization says of itself."""

from collections.abc import Mapping

from sync_assets.core.counts import Counts
from sync_assets.core.embedding import EmbeddingCounts


def materialization_metadata(
    sync_id: object, counts: Counts | EmbeddingCounts
) -> Mapping[str, int | str]:
    """The counts of a part and the id of the sync that made them."""
    shown = {name: value for name, value in counts.as_dict().items() if value is not None}
    return {**shown, "sync_id": str(sync_id)}
