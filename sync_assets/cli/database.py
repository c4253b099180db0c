"""`database-url`, `env`, `stop` and `new-secret-key`: for shells and other programs."""

import shlex

import typer

from sync_assets.cli import server
from sync_assets.cli.command import App, Json
from sync_assets.cli.opened import opened
from sync_assets.cli.output import print_json, say

app = App()


@app.verb("database-url")
def database_url(*, json: Json = False) -> None:
    """Print the URL of the database.

    It holds the password. Starts the embedded server where that one is in use.
    """
    with opened() as platform:
        url = platform.database_url
        _ = platform.database  # so that whoever takes the URL finds the tables
    print_json({"databaseUrl": url}) if json else typer.echo(url)


@app.verb()
def env(*, json: Json = False) -> None:
    """Print shell exports for Dagster's commands.

    After eval "$(sync-assets env)" the commands `dg` and `dagster` work on this installation.
    """
    from sync_assets.environment import environment

    with opened() as platform:
        variables = environment(platform)
    if json:
        print_json(variables)
        return
    for name, value in variables.items():
        typer.echo(f"export {name}={shlex.quote(value)}")


@app.verb()
def stop(*, json: Json = False) -> None:
    """Stop the embedded PostgreSQL.

    The next command that needs it starts it again.
    """
    from sync_assets.settings import Settings

    stopped = server.stop(Settings().home)
    if json:
        print_json({"stopped": stopped})
    else:
        say(
            "Stopped the embedded PostgreSQL." if stopped else "No embedded PostgreSQL was running."
        )


@app.verb("new-secret-key")
def new_secret_key(*, json: Json = False) -> None:
    """Print a key for SYNC_ASSETS_SECRET_KEY."""
    from sync_assets.store.secrets import new_key

    print_json({"secretKey": new_key()}) if json else typer.echo(new_key())
