"""`sync-assets search`: which of a tenant's records answer a question."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from sync_assets.cli.command import App, Json, TenantId, argument, option
from sync_assets.cli.opened import opened, registered
from sync_assets.cli.output import out, print_json, say
from sync_assets.core.search import MOST

if TYPE_CHECKING:
    from sync_assets.core.search import Hit

app = App()

_SHOWN = 300  # characters of a chunk on a terminal


@app.verb()
def search(
    tenant_id: TenantId,
    question: Annotated[str, argument(metavar="QUESTION", show_default=False)],
    *,
    limit: Annotated[int, option(min=1, max=MOST, help="Hits at most.")] = 5,
    type_: Annotated[
        list[str] | None,
        option("--type", metavar="TYPE", help="Only these, such as wp_post; repeatable."),
    ] = None,
    json: Json = False,
) -> None:
    """Find the records that answer a question.

    By what they mean and by their words, in any of the tenant's languages.
    """
    with opened() as platform:
        tenant = registered(platform, tenant_id)
        found = platform.search(tenant.id, question, limit, type_ or ())
    if json:
        hits = [hit.as_dict() for hit in found.hits]
        print_json({"hits": hits, "notes": list(found.notes)})
        return
    _print(found.hits)
    for note in found.notes:
        say(note)
    if not found.hits:
        say("Nothing was found.")


def _print(hits: Sequence["Hit"]) -> None:
    console = out()
    for number, hit in enumerate(hits, 1):
        console.print(f"{number}. {_title(hit)}", style="bold", markup=False)
        console.print(f"   {hit.link}", markup=False, soft_wrap=True)
        if hit.position or not hit.title:
            console.print(f"   {_text(hit)}", markup=False)
        console.print(f"   {_facts(hit)}", style="dim", markup=False)


def _title(hit: "Hit") -> str:
    return " › ".join(part for part in (_plain(hit.title), _plain(hit.heading)) if part)  # noqa: RUF001


def _text(hit: "Hit") -> str:
    text = _plain(hit.text)
    return text if len(text) <= _SHOWN else text[:_SHOWN].rstrip() + "…"


def _facts(hit: "Hit") -> str:
    ranks = [
        f"{side} {rank}"
        for side, rank in (("meaning", hit.vector_rank), ("words", hit.text_rank))
        if rank is not None
    ]
    places = ", ".join(ranks)
    return (
        f"{hit.source_type} {hit.record_id}, score {hit.score:.2f} ({places}), "
        f"chunk {hit.position}, sync {hit.sync_id}"
    )


def _plain(text: str) -> str:
    """On one line, without what would steer a terminal."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
