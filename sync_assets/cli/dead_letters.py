"""`sync-assets dead-letters`: what could not be kept or done, and another try."""

import json as standard_json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import click
from typer.core import TyperGroup

from sync_assets.cli.asker import asker
from sync_assets.cli.command import App, Json, argument, option
from sync_assets.cli.opened import opened, registered
from sync_assets.cli.output import print_json, print_table, say
from sync_assets.cli.several import each
from sync_assets.cli.times import local
from sync_assets.core.errors import OperatorMustAct
from sync_assets.core.requests import State

if TYPE_CHECKING:
    from sync_assets.bootstrap import Platform
    from sync_assets.store.dead_letters import Letter


class _ListsByDefault(TyperGroup):
    """Without a verb it lists."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the verb in front where there is none."""
        first = args[0] if args else "-"
        bare = first.startswith("-") and first not in ctx.help_option_names
        return super().parse_args(ctx, ["list", *args] if bare else args)


app = App(
    cls=_ListsByDefault,
    help="What could not be kept or done: records and whole requests. Without a verb it lists.",
)


@app.verb("list")
def list_all(
    *,
    tenant: Annotated[str | None, option(metavar="ID", help="Only this tenant's.")] = None,
    limit: Annotated[int, option(min=1, max=10_000, help="At most so many.")] = 100,
    json: Json = False,
) -> None:
    """List the letters that nothing has resolved yet, newest first."""
    with opened() as platform:
        if tenant is not None:
            registered(platform, tenant)
        letters, zone = platform.dead_letters.list(tenant, limit), platform.settings.timezone
    if json:
        print_json([_shown(letter) for letter in letters])
        return
    names = ("id", "tenant", "stream", "kind", "record", "times", "last seen", "cause")
    print_table(names, ([*_cells(letter, zone)] for letter in letters))


@app.verb()
def show(
    letter_id: Annotated[int, argument(metavar="ID", show_default=False)], *, json: Json = False
) -> None:
    """Show a letter with its payload."""
    with opened() as platform:
        letter, zone = platform.dead_letters.get(letter_id), platform.settings.timezone
    entry = {**_shown(letter), "payload": _payload(letter)}
    if json:
        print_json(entry)
        return
    entry["payload"] = standard_json.dumps(entry["payload"], indent=2, ensure_ascii=False)
    seen = {name: local(entry[name], zone) for name in ("firstSeenAt", "lastSeenAt")}
    resolved = letter.resolved_at and local(letter.resolved_at, zone)
    print_table(["", str(letter.id)], [*({**entry, **seen, "resolvedAt": resolved}).items()][1:])


@app.verb()
def replay(
    letter_ids: Annotated[list[int], argument(metavar="ID…", show_default=False)],
    *,
    json: Json = False,
) -> None:
    """Try again: ask for a sync of the record's stream, or once more for the request."""
    with opened() as platform:

        def act(letter_id: int) -> tuple[int, UUID]:
            return letter_id, _replay(platform, letter_id)

        with each(act, letter_ids) as asked:
            if json:
                print_json([{"letter": letter, "syncId": str(sync)} for letter, sync in asked])
            for letter, sync in asked:
                say(f"Dead letter {letter}: sync {sync} tries it again.")


def _replay(platform: "Platform", letter_id: int) -> UUID:
    from sync_assets.enqueue import enqueue

    letter = platform.dead_letters.get(letter_id)
    if letter.resolved_at is not None:
        raise OperatorMustAct(f"Dead letter {letter_id} is resolved; there is nothing left to do.")
    if letter.stream == "changes":
        raise OperatorMustAct(
            f"Dead letter {letter_id} is a webhook. Try it again with 'sync-assets webhook resume "
            f"{letter.tenant_id}'."
        )
    if letter.is_request:
        sync_id = UUID(letter.record)
        if platform.requests.get(sync_id).state not in {State.QUEUED, State.LAUNCHED}:
            platform.requests.retry(sync_id, asker())
        return sync_id
    [asked] = enqueue(platform, [letter.tenant_id], streams=[letter.stream], asked_by=asker())
    return asked.sync_id


def _shown(letter: "Letter") -> dict[str, Any]:
    return {
        "id": letter.id,
        "tenant": letter.tenant_id,
        "stream": letter.stream,
        "collection": letter.collection,
        "record": letter.record,
        "cause": letter.cause,
        "syncId": str(letter.sync_id),
        "occurrences": letter.occurrences,
        "firstSeenAt": letter.first_seen_at,
        "lastSeenAt": letter.last_seen_at,
        "resolvedAt": letter.resolved_at,
    }


def _payload(letter: "Letter") -> Any:  # noqa: ANN401 - whatever the source sent
    return standard_json.loads(letter.payload)


def _cells(letter: "Letter", zone: str) -> Sequence[object]:
    return (
        str(letter.id),  # it is typed again, so it has no thousands' commas
        letter.tenant_id,
        letter.stream,
        letter.collection,
        letter.record,
        letter.occurrences,
        local(letter.last_seen_at, zone),
        letter.cause,
    )
