"""What a schedule or sensor says of the syncs that it has asked for."""

from collections.abc import Sequence

from sync_assets.core.requests import Asked


def said(asked: Sequence[Asked]) -> str:
    """One sentence for the tick's record; the runs come from the sensor `requests`."""
    if not asked:
        return "There is nobody to ask for."
    new = sum(answer.new for answer in asked)
    return f"Asked for {new} syncs; {len(asked) - new} more waited already."
