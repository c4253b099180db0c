"""What the commands on requests have in common: arguments and options."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from sync_assets.cli.command import argument, option
from sync_assets.cli.times import moment
from sync_assets.core.clock import utc_now
from sync_assets.core.queues import Priority

if TYPE_CHECKING:
    from datetime import datetime

    from sync_assets.bootstrap import Platform

SyncId = Annotated[UUID, argument(metavar="SYNC_ID", help="The sync's id.", show_default=False)]
SyncIds = Annotated[
    list[UUID], argument(metavar="SYNC_ID…", help="The syncs' ids.", show_default=False)
]
At = Annotated[
    str | None,
    option(metavar="TIME", help="Not before then: ISO 8601, or HH:MM for the next such time."),
]


class Urgency(StrEnum):
    """A priority as it is typed."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"

    @property
    def priority(self) -> Priority:
        """The priority itself."""
        return Priority[self.name]


def due(platform: "Platform", at: str | None) -> "datetime | None":
    """The moment that --at names, None where it was not given."""
    return None if at is None else moment(at, platform.settings.timezone, utc_now())
