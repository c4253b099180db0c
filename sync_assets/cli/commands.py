"""The command `sync-assets`, put together."""

from sync_assets.cli import (
    budget,
    database,
    dead_letters,
    dev,
    doctor,
    embeddings,
    export,
    gateway,
    history,
    keys,
    month,
    report,
    requests,
    search,
    status,
    sync,
    tenant_changes,
    tenant_hook,
    tenants,
    webhook,
)
from sync_assets.cli.command import App


def _with_verbs(app: App, *parts: App) -> App:
    """The group with the commands of others, so that no file knows the whole."""
    for part in parts:
        app.registered_commands += part.registered_commands
    return app


_tenant = _with_verbs(
    App(help="Register, show, change and remove tenants."),
    tenants.app,
    tenant_changes.app,
    tenant_hook.app,
)
app = _with_verbs(
    App(
        name="sync-assets",
        help="Keeps many tenants' data in step with the platforms they use.",
        epilog="Exit status: 0 done, 1 the work failed, 2 wrong usage, unknown tenant or bad "
        "configuration, 130 interrupted. Every command takes --verbose.",
    ),
    *(
        part.app
        for part in (
            sync,
            requests,
            status,
            history,
            report,
            month,
            search,
            export,
            doctor,
            dev,
            gateway,
            database,
        )
    ),
)
app.add_typer(_tenant, name="tenant")
app.add_typer(keys.app, name="key")
app.add_typer(budget.app, name="budget")
app.add_typer(embeddings.app, name="embeddings")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(webhook.app, name="webhook")
