"""Records that are made when asked for; only what somebody changed is kept."""

from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Generic, NamedTuple, Protocol, TypeVar


class Timed(Protocol):
    """A record with an id and the two times."""

    @property
    def id(self) -> int:
        """Its number, unique in its table."""
        ...

    @property
    def created_at(self) -> datetime:
        """When it came to be."""
        ...

    @property
    def updated_at(self) -> datetime:
        """When it last changed."""
        ...


Record = TypeVar("Record", bound=Timed)

_REMEMBERED = 512


class Head(NamedTuple):
    """What sorting and most filters need of a record: seconds since 1970 and the id."""

    id: int
    created: int
    updated: int


class Table(Generic[Record]):
    """One kind's records: `count` of them are made by number, the rest were put there.

    A head takes some 100 bytes and a record kilobytes, so all heads are held and few records.
    """

    def __init__(
        self,
        heads: Iterator[Head],
        make: Callable[[int], Record],
        first_id: int = 1,
        remembered: int = _REMEMBERED,
    ) -> None:
        self._make = make
        self._heads = {head.id: head for head in heads}
        self._by_update = sorted((head.updated, head.id) for head in self._heads.values())
        self._by_id = sorted(self._heads)
        self._first_id = first_id
        self._highest = self._by_id[-1] if self._by_id else 0
        self._changed: dict[int, Record] = {}
        self._made: OrderedDict[int, Record] = OrderedDict()
        self._remembered = remembered

    def __len__(self) -> int:
        return len(self._heads)

    def __contains__(self, identity: int) -> bool:
        return identity in self._heads

    def __iter__(self) -> Iterator[Record]:
        """All records, by id."""
        return (self[identity] for identity in tuple(self._by_id))

    def __getitem__(self, identity: int) -> Record:
        """A record, or KeyError."""
        if identity not in self._heads:
            raise KeyError(identity)
        return self._changed.get(identity) or self._remember(identity)

    def get(self, identity: int) -> Record | None:
        """A record, if there is one."""
        return self[identity] if identity in self._heads else None

    def changed(self, identity: int) -> Record | None:
        """A record that was put here, None for one that is as it was made."""
        return self._changed.get(identity)

    def head(self, identity: int) -> Head:
        """A record's head, or KeyError."""
        return self._heads[identity]

    def put(self, record: Record) -> None:
        """Adds a record, or takes the place of the one with its id."""
        if record.id in self._heads:
            self._forget_order(record.id)
        else:
            insort(self._by_id, record.id)
            self._highest = max(self._highest, record.id)
        created, updated = int(record.created_at.timestamp()), int(record.updated_at.timestamp())
        self._heads[record.id] = Head(record.id, created, updated)
        insort(self._by_update, (updated, record.id))
        self._changed[record.id] = record
        self._made.pop(record.id, None)

    def remove(self, identity: int) -> None:
        """Takes a record away; KeyError when there is none."""
        self._forget_order(identity)
        del self._by_id[bisect_left(self._by_id, identity)]
        del self._heads[identity]
        self._changed.pop(identity, None)
        self._made.pop(identity, None)

    def next_id(self, step: int) -> int:
        """An id that no record has or ever had."""
        return self._highest + step if self._highest else self._first_id

    def by_id(self) -> list[int]:
        """The ids in order; not to be changed."""
        return self._by_id

    def by_update(self) -> list[tuple[int, int]]:
        """(updated, id) in order; not to be changed."""
        return self._by_update

    def _forget_order(self, identity: int) -> None:
        entry = (self._heads[identity].updated, identity)
        del self._by_update[bisect_left(self._by_update, entry)]

    def _remember(self, identity: int) -> Record:
        record = self._made.pop(identity, None) or self._make(identity)
        self._made[identity] = record
        if len(self._made) > self._remembered:
            self._made.popitem(last=False)
        return record
