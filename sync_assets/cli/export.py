"""`sync-assets export`: a tenant's rows as JSON lines, CSV or Parquet."""

from enum import Enum
from typing import IO, TYPE_CHECKING, Annotated

import typer

from sync_assets.cli.command import App, Json, TenantId, argument, option
from sync_assets.cli.opened import opened, registered
from sync_assets.cli.output import say
from sync_assets.cli.target import Output, check_terminal, target
from sync_assets.core.errors import OperatorMustAct
from sync_assets.core.streams import SourceSpec, StreamSpec

if TYPE_CHECKING:
    from sync_assets.bootstrap import Platform

app = App()


class Format(Enum):
    """What an export is written as."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


@app.verb()
def export(
    tenant_id: TenantId,
    stream: Annotated[str, argument(metavar="STREAM", show_default=False)],
    *,
    format_: Annotated[Format, option("--format", help="What to write.")] = Format.JSONL,
    deleted: Annotated[
        bool, option("--deleted", help="Also rows that are gone at the source.")
    ] = False,
    output: Output = None,
    json: Json = False,
) -> None:
    """Write a tenant's rows to a file.

    Without --output they go to standard output.
    """
    if json and format_ is not Format.JSONL:
        raise typer.BadParameter(f"--json means --format jsonl, not {format_.value}.")
    if format_ is Format.PARQUET:
        check_terminal("Parquet", output)
    with opened() as platform:
        tenant = registered(platform, tenant_id)
        wanted = _stream(platform.spec(tenant.source), stream)
        with target(output) as file:
            count = _write(platform, tenant.id, wanted, format_, file, deleted=deleted)
    if output is not None:
        say(f"Wrote {count:,} rows to {output}.")


def _write(
    platform: "Platform",
    tenant_id: str,
    stream: StreamSpec,
    format_: Format,
    file: IO[bytes],
    *,
    deleted: bool,
) -> int:
    """Write chunk by chunk, so that no stream is too large; gives the number of rows."""
    from sync_assets.cli.formats import writer

    count = 0
    with writer(format_.value, stream.table, file) as write:
        for rows in platform.export.chunks(tenant_id, stream, deleted=deleted):
            write(rows)
            count += len(rows)
    return count


def _stream(source: SourceSpec, name: str) -> StreamSpec:
    for stream in source.streams:
        if stream.name == name:
            return stream
    known = ", ".join(stream.name for stream in source.streams)
    raise OperatorMustAct(f"{source.name} has no stream {name!r:.60}. It has {known}.")
