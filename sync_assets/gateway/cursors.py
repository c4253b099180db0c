"""Where a page of a list ended, as text that means nothing to anybody else."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode

from sync_assets.gateway.problems import Problem


def encode(position: str | int) -> str:
    """The cursor of a position, which is the sort key of a page's last entry."""
    return urlsafe_b64encode(str(position).encode()).decode()


def decode(cursor: str) -> str:
    """The position of a cursor; raises `Problem` 422 for what is none of ours."""
    try:
        position = urlsafe_b64decode(cursor.encode()).decode()
    except (ValueError, binascii.Error) as error:
        raise unknown_cursor() from error
    if encode(position) != cursor or "\0" in position:
        raise unknown_cursor()
    return position


def decode_number(cursor: str) -> int:
    """The same, where positions are numbers of up to 18 digits."""
    position = decode(cursor)
    if not (position.isascii() and position.isdigit() and len(position) <= 18):
        raise unknown_cursor()
    return int(position)


def unknown_cursor() -> Problem:
    """The answer to a cursor that is none of ours."""
    return Problem(422, detail="That is no cursor. Take the one of the page before.")
