"""The operator's commands: `sync-assets --help`."""

from sync_assets.start_up import loading


def main() -> None:
    """The entry point of `sync-assets`: light itself, it loads what the commands need."""
    with loading():
        from sync_assets.cli.commands import app
    app(prog_name="sync-assets")
