"""The command `sync-assets`, put together."""

from sync_assets.cli import database, dev, doctor, export, report, sync, tenants
from sync_assets.cli.command import App

app = App(
    name="sync-assets",
    help="Keeps many tenants' data in step with the platforms they use.",
    epilog="Exit status: 0 done, 1 the work failed, 2 wrong usage, unknown tenant or bad "
    "configuration, 130 interrupted. Every command takes --verbose.",
)
app.add_typer(tenants.app, name="tenant")

for part in (sync, report, export, doctor, dev, database):
    app.registered_commands += part.app.registered_commands


def main() -> None:
    """The entry point of `sync-assets`."""
    app(prog_name="sync-assets")
