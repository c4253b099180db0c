"""A month of the calendar, and when it begins and ends in a time zone."""

import re
from dataclasses import dataclass
from datetime import datetime, tzinfo

from sync_assets.core.errors import WrongWish

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_LAST_YEAR = 9998  # the end of a month must be a time, too


@dataclass(frozen=True, slots=True)
class Month:
    """A month; `str` gives `2026-10`."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> "Month":
        """The month that somebody typed.

        Raises:
            WrongWish: it does not look like 2026-10.
        """
        found = _MONTH.fullmatch(text.strip())
        if found is None or not 1 <= int(found[1]) <= _LAST_YEAR:
            raise WrongWish(f"{text!r:.80} is no month. A month looks like 2026-10.")
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def of(cls, moment: datetime, zone: tzinfo) -> "Month":
        """The month that it is at a moment on the zone's clocks."""
        local = moment.astimezone(zone)
        return cls(local.year, local.month)

    def span(self, zone: tzinfo) -> tuple[datetime, datetime]:
        """Its first moment, and that of the next month."""
        year, month = divmod(self.year * 12 + self.number, 12)
        return (
            datetime(self.year, self.number, 1, tzinfo=zone),
            datetime(year, month + 1, 1, tzinfo=zone),
        )

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"
