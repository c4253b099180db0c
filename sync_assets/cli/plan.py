"""What a sync would do, for people and programs."""

from typing import TYPE_CHECKING

from sync_assets.cli.output import out, print_json, print_table
from sync_assets.cli.signals import asked
from sync_assets.cli.summary import columns
from sync_assets.core.ports import SyncRequest
from sync_assets.core.stop import StopSignal

if TYPE_CHECKING:
    from sync_assets.bootstrap import Platform

_WOULD = {
    "created": "would create",
    "updated": "would update",
    "deleted": "would delete",
    "skipped": "would skip",
    "failed": "cannot keep",
    "refused": "would refuse to delete",
}


def print_plan(platform: "Platform", request: SyncRequest, *, as_json: bool) -> None:
    """Compare the source with what is stored, and print the difference."""
    stop = StopSignal()
    with asked(stop.set):
        counts, notes = platform.plan(request, stop)
    if as_json:
        streams = {stream: count.as_dict() for stream, count in counts.items()}
        print_json({"tenant": request.tenant.id, "streams": streams, "notes": notes})
        return
    known = {stream: count.as_dict() for stream, count in counts.items()}
    names = columns([*known.values()])
    rows = ([stream, *map(count.get, names)] for stream, count in known.items())
    print_table(["stream", *(_WOULD.get(name, name) for name in names)], rows)
    for note in notes:
        out().print(note, markup=False, soft_wrap=True)
    out().print("Nothing was written.")
