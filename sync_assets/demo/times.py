"""WordPress's two clocks: every moment is kept in the site's own time and in GMT, both zoneless."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_FORMAT = "%Y-%m-%dT%H:%M:%S"
_ACCEPTED = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d(:\d\d)?)?", re.ASCII
)


def utc_now() -> datetime:
    """The real time, for sites that are given no clock."""
    return datetime.now(UTC)


def stamps(moment: datetime | str, zone: ZoneInfo) -> tuple[str, str]:
    """(local, GMT) of a moment; a string or datetime without zone is in the site's time.

    A string that is no date, such as WordPress's `-0001-11-30T00:00:00`, is both.
    """
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment)
        except ValueError:
            return moment, moment
    local = moment.astimezone(zone) if moment.tzinfo else moment.replace(tzinfo=zone)
    return local.strftime(_FORMAT), local.astimezone(UTC).strftime(_FORMAT)


def parameter_to_local(text: str, zone: ZoneInfo) -> str | None:
    """What `modified_after=text` is compared with (local time, no zone), or None if it is no date.

    A `+` that the client forgot to encode arrives as a space and makes the date invalid,
    as it does in WordPress.
    """
    if not _ACCEPTED.fullmatch(text):
        return None
    try:
        return stamps(datetime.fromisoformat(text.upper().replace(" ", "T")), zone)[0]
    except ValueError:
        return None


def gmt_offset(now: datetime, zone: ZoneInfo) -> float:
    """Hours east of Greenwich, as `/wp-json/` gives them: -3, or 5.5."""
    offset = now.astimezone(zone).utcoffset()
    hours = offset.total_seconds() / 3600 if offset else 0.0
    return int(hours) if hours.is_integer() else hours
