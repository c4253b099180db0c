"""`sync-assets embeddings quote` and `status`."""

from typing import TYPE_CHECKING

from sync_assets.cli.command import App, Json, TenantId
from sync_assets.cli.opened import opened, registered
from sync_assets.cli.output import print_json, print_table, say
from sync_assets.core.budget import Standing, money

if TYPE_CHECKING:
    from sync_assets.core.embedding import Quote
    from sync_assets.store.embedding_sets import SetSize

app = App(help="What embedding would cost, and how it stands.")


@app.verb()
def quote(tenant_id: TenantId, *, json: Json = False) -> None:
    """Tell what embedding would take now, for what has really changed; nothing is spent."""
    with opened() as platform:
        found = platform.quote(tenant_id)
    if json:
        print_json({"tenant": tenant_id, **_quoted(found)})
        return
    cost = f"{money(found.cost)} {found.currency}"
    print_table(
        ("records", "chunks", "tokens, about", "cost, about", "model", "state"),
        [(found.records, found.chunks, found.tokens, cost, found.model, found.cost_state)],
    )
    if found.left is not None and found.cost > found.left:
        share = found.left / found.cost
        say(f"The budget has {money(found.left)} left, which reaches for about {share:.0%} of it.")
    if found.skip_reason:
        say(f"A sync of now would not embed: {found.skip_reason}")


@app.verb()
def status(tenant_id: TenantId, *, json: Json = False) -> None:
    """Show what is embedded, by which model, and whether the budget lets it go on."""
    with opened() as platform:
        tenant = registered(platform, tenant_id)
        sets, off = platform.texts.sizes(tenant), platform.texts.switched_off(tenant)
        standing = platform.texts.standing(tenant)
    if json:
        print_json(_shown(tenant_id, sets, standing, off))
        return
    if sets:
        columns = ("model", "search uses it", "records", "chunks", "vectors", "without vector")
        print_table(columns, map(_row, sets))
    else:
        say(f"Nothing of {tenant_id} is embedded yet; a sync does that at its end.")
    for note in (off, standing.reason):
        if note:
            say(note)


def _quoted(found: "Quote") -> dict[str, object]:
    return {
        "records": found.records,
        "chunks": found.chunks,
        "tokens": found.tokens,
        "cost": money(found.cost),
        "currency": found.currency,
        "model": found.model,
        "left": None if found.left is None else money(found.left),
        "costState": found.cost_state,
        "skipReason": found.skip_reason,
    }


def _shown(
    tenant_id: str, sets: "list[SetSize]", standing: Standing, off: str | None
) -> dict[str, object]:
    return {
        "tenant": tenant_id,
        "costState": standing.state.value,
        "skipReason": off or (None if standing.state.lets_spend else standing.reason),
        "sets": [
            {
                "model": size.known.set.key.model,
                "dimension": size.known.set.key.dimension,
                "splitter": size.known.set.key.splitter,
                "live": size.known.live,
                "indexed": size.known.indexed,
                "records": size.records,
                "chunks": size.chunks,
                "pending": max(0, size.texts - size.vectors),
                "vectors": size.vectors,
            }
            for size in sets
        ],
    }


def _row(size: "SetSize") -> tuple[object, ...]:
    used = "yes" if size.known.live else "not yet"
    lacking = max(0, size.texts - size.vectors)
    return size.known.set.key.model, used, size.records, size.chunks, size.vectors, lacking
