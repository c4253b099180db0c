"""The operator's commands: `sync-assets --help`."""

from sync_assets.cli.commands import app, main

__all__ = ["app", "main"]
