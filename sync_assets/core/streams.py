"""What a source says of itself: its streams and the tables they fill."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from sync_assets.core.hints import Door, Hint
from sync_assets.core.rate import Rate
from sync_assets.core.records import Payload

if TYPE_CHECKING:
    from sync_assets.core.shops import ShopQueries

EMBEDDINGS = "embeddings"
"""The part of a sync that comes after the streams: their texts, embedded."""


class ColumnType(Enum):
    """The column types that streams use, by their PostgreSQL names."""

    TEXT = "text"
    BIGINT = "bigint"
    BOOLEAN = "boolean"
    TIMESTAMPTZ = "timestamptz"
    JSONB = "jsonb"
    NUMERIC = "numeric"


class Column(NamedTuple):
    """A column that the source fills."""

    name: str
    type: ColumnType


class Table(NamedTuple):
    """A stream's table in the schema `cms`, beside the columns that all of them have.

    Attributes:
        name: `{source}_{stream}`.
        key: the column of the source's own id.
        columns: what the source fills, in the order of `Record.values`.
        scope: the column that tells a stream's collections apart, such as `taxonomy`.
        links: the table of the references to other records, None for none.
        children: the tables of the record's parts, such as an order's lines, in the order of
            `Record.children`. They are written with the record, and have no life of their own.
    """

    name: str
    key: str
    columns: tuple[Column, ...]
    scope: str | None = None
    links: "LinkTable | None" = None
    children: "tuple[ChildTable, ...]" = ()


class ChildTable(NamedTuple):
    """A table of the parts of records, such as an order's lines.

    Attributes:
        name: the table's name.
        field: what exports call the list of a record's parts.
        owner: the column of the record's id.
        key: the column of the part's own id, unique within the record.
        columns: what the source fills beside these two, in the order of `Child.values`.
    """

    name: str
    field: str
    owner: str
    key: str
    columns: tuple[Column, ...]


class LinkTable(NamedTuple):
    """A table of pairs, such as posts and their terms.

    Attributes:
        name: the table's name.
        owner: the column of the record that refers.
        kind: the column that says what kind of reference it is.
        target: the column of the record referred to.
    """

    name: str
    owner: str
    kind: str
    target: str


class Text(NamedTuple):
    """What of a stream's records is embedded, and found by search.

    Attributes:
        source_type: what kind of text it is, such as `wp_post`; unique over all sources.
        public: the columns that say whether anybody may read a record, with the values that
            they have then.
        title: the column of its title.
        body: the column of its contents, as HTML or text.
        link: the column of its address.
    """

    source_type: str
    public: Mapping[str, str | bool]
    title: str = "title"
    body: str = "content"
    link: str = "link"


class StreamSpec(NamedTuple):
    """One entity type of a source.

    Attributes:
        name: such as `posts`; the asset is `[source, name]`.
        table: where its records go.
        needs: streams that must have succeeded before.
        description: for the people who read the asset graph.
        text: what of it is embedded, None for nothing.
    """

    name: str
    table: Table
    needs: tuple[str, ...]
    description: str
    text: Text | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting that a tenant of a source may have.

    Attributes:
        description: what it does, for the command's help.
        parse: gives the value from text, or raises ValueError with a sentence.
    """

    description: str
    parse: Callable[[str], object] = field(default=str)


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """A platform that tenants use.

    Attributes:
        name: such as `wordpress`.
        title: as people write it.
        streams: in the order in which they are synced.
        settings: the settings that its tenants may have, by name.
        rate: what an upstream account may be asked, whoever asks; None for no limit.
        hint: where a message of the platform's about one of its objects points to, given the
            tenant's settings and the message; its answer is None for what the tenant does not
            sync. None for platforms that send no messages.
        door: proves and reads webhooks that the platform itself sends, for `hint`; None for none.
        figures: what a month's figures are made of; None for a source that is no shop.
    """

    name: str
    title: str
    streams: tuple[StreamSpec, ...]
    settings: Mapping[str, Setting]
    rate: Rate | None = None
    hint: Callable[[Mapping[str, str], Payload], Hint | None] | None = None
    door: Door | None = None
    figures: "ShopQueries | None" = None

    @property
    def texts(self) -> tuple[StreamSpec, ...]:
        """The streams whose texts are embedded."""
        return tuple(stream for stream in self.streams if stream.text is not None)

    @property
    def parts(self) -> tuple[str, ...]:
        """What a sync consists of, in order: the streams, then the embeddings of their texts."""
        names = tuple(stream.name for stream in self.streams)
        return (*names, EMBEDDINGS) if self.texts else names

    def needs(self, part: str) -> tuple[str, ...]:
        """The parts that must have succeeded before; KeyError when there is no such part."""
        if part != EMBEDDINGS or not self.texts:
            return self.stream(part).needs
        needed = {name for stream in self.texts for name in (*stream.needs, stream.name)}
        return tuple(stream.name for stream in self.streams if stream.name in needed)

    def stream(self, name: str) -> StreamSpec:
        """The stream of that name; KeyError when there is none."""
        return next((s for s in self.streams if s.name == name), None) or _no_stream(self, name)


def _no_stream(source: SourceSpec, name: str) -> StreamSpec:
    known = ", ".join(stream.name for stream in source.streams)
    raise KeyError(f"{source.title} has no stream {name!r}. It has {known}.")
