"""The change feed of a tenant: what happened to its records, and how far somebody has read."""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

from sync_assets.core.errors import WrongWish

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_PARTS = re.compile(r"([0-9]{1,18})\.([0-9]{1,9})\.([0-9]{1,17})")


class Kind(Enum):
    """What happened to a record, as a front end sees it."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    RESTORED = "restored"


class CursorExpired(WrongWish):
    """Changes behind the cursor are no longer kept, or the cursor is of another feed."""

    def __init__(self) -> None:
        super().__init__(
            "Changes behind this cursor are no longer kept. Get a new one with cursor=now, then "
            "read all records again."
        )


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far somebody has read.

    Attributes:
        position: of the entry that was read last; 0 before the first.
        offset: how many of its records were read; 0 for all.
        at: when that entry was written, in microseconds since 1970; tells this feed from that of
            a restored backup, which has something else at the same position.
    """

    position: int = 0
    offset: int = 0
    at: int = 0

    def __str__(self) -> str:
        text = f"{self.position}.{self.offset}.{self.at}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """From its text; raises `WrongWish` for what is none."""
        try:
            padded = text + "=" * (-len(text) % 4)
            plain = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
        except (binascii.Error, ValueError):
            plain = ""
        found = _PARTS.fullmatch(plain)
        if found is None:
            raise WrongWish("This is no cursor. Give the nextCursor of an earlier answer, or now.")
        return cls(*map(int, found.groups()))


def microseconds(at: datetime | None) -> int:
    """Since 1970; 0 for None."""
    return 0 if at is None else (at - _EPOCH) // _MICROSECOND


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to one record.

    Attributes:
        id: unique in the tenant's feed, for who wants to leave out what came before.
        stream: such as `posts`.
        collection: its type or taxonomy, None where the stream has no such.
        key: the record's id at the source.
        at: when it was written here.
        sync_id: the sync that wrote it, None for an edit made here.
    """

    id: str
    stream: str
    collection: str | None
    key: int
    kind: Kind
    at: datetime
    sync_id: UUID | None

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "id": self.id,
            "stream": self.stream,
            "collection": self.collection,
            "key": self.key,
            "change": self.kind.value,
            "at": self.at.isoformat(),
            "syncId": self.sync_id and str(self.sync_id),
        }


@dataclass(frozen=True, slots=True)
class Batch:
    """The next changes.

    Attributes:
        changes: in their order; empty where there are none.
        next: where the ones after them begin.
        has_more: whether there are some already.
    """

    changes: Sequence[Change]
    next: Cursor
    has_more: bool

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "changes": [change.as_dict() for change in self.changes],
            "nextCursor": str(self.next),
            "hasMore": self.has_more,
        }
