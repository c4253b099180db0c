"""Numbers, amounts, moments and spans as a language writes them, by the clock of a zone."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sync_assets.gateway.pages.words import Writing

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


@dataclass(frozen=True, slots=True)
class Formats:
    """How a page writes.

    Attributes:
        now: the time of the answer.
    """

    writing: Writing
    zone: ZoneInfo
    now: datetime

    def number(self, value: int) -> str:
        """Such as `1,234`."""
        return f"{value:,}".replace(",", self.writing.thousands)

    def amount(self, text: str, currency: str) -> str:
        """Money from its exact text, such as `USD 1.50`: rounded to four decimals at most."""
        value = round(Decimal(text), 4)
        whole, _, decimals = f"{value:f}".partition(".")
        decimals = decimals.rstrip("0").ljust(2, "0")
        return f"{currency} {self.number(int(whole))}{self.writing.decimal}{decimals}"

    def month(self, text: str) -> str:
        """A month from `2026-11`, such as `Nov 2026`."""
        year, month = text.split("-")
        return f"{self._month(int(month))} {year}"

    def moment(self, value: datetime) -> str:
        """A day and a time, such as `22 Nov 2026, 14:09`; today's day is a word."""
        there = value.astimezone(self.zone)
        if there.date() == self.now.astimezone(self.zone).date():
            return f"{self.writing.today}, {there:%H:%M}"
        return f"{there.day} {self._month(there.month)} {there.year}, {there:%H:%M}"

    def _month(self, number: int) -> str:
        return self.writing.months.split()[number - 1]

    def clock(self, value: datetime) -> str:
        """The time of the day, to the second."""
        return f"{value.astimezone(self.zone):%H:%M:%S}"

    def span(self, seconds: float) -> str:
        """Such as `2 min 5 s`: the two greatest units."""
        left, parts = max(0, round(seconds)), list[str]()
        for size, unit in _UNITS:
            count, left = divmod(left, size)
            if count:
                parts.append(f"{count} {unit}")
        return " ".join(parts[:2]) or "< 1 s"
