"""The operator's commands: `sync-assets --help`."""

from sync_assets.start_up import loading


def main() -> None:
    """The entry point of `sync-assets`; nothing is imported before it, so that all is swiftly."""
    with loading():
        from sync_assets.cli.commands import app
    app(prog_name="sync-assets")
