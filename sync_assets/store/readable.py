"""Which records of a stream are embedded and found: live ones that anybody may read."""

from psycopg.sql import Literal

from sync_assets.core.streams import Text


def readable(text: Text, held: str, *, unpublished: bool = False) -> str:
    """The condition, in SQL.

    Args:
        text: what of the stream is embedded.
        held: what the statement calls the stream's table.
        unpublished: leave out whether the record is public.
    """
    conditions = [f"{held}.deleted_at IS NULL"]
    if not unpublished:
        conditions += [
            f"{held}.{column} = {Literal(value).as_string()}"
            for column, value in text.public.items()
        ]
    return " AND ".join(conditions)
