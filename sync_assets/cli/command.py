"""What all commands have in common: --verbose, --json, and what a failure looks like."""

import sys
import traceback
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Annotated, Any

import click
import typer
from typer.core import TyperCommand

from sync_assets.core.errors import OperatorMustAct, Stopped, SyncError

FAILED, WRONG, INTERRUPTED = 1, 2, 130
"""Exit statuses: the work failed; the request was wrong; a signal ended it."""


def option(*names: str, **attributes: Any) -> Any:  # noqa: ANN401 - typer's are not fully typed
    """An option of a command, as `typer.Option`."""
    return typer.Option(*names, **attributes)  # pyright: ignore[reportUnknownMemberType]


def argument(**attributes: Any) -> Any:  # noqa: ANN401 - typer's own
    """An argument of a command, as `typer.Argument`."""
    return typer.Argument(**attributes)  # pyright: ignore[reportUnknownMemberType]


Json = Annotated[bool, option("--json", help="Print JSON, for programs.")]
TenantId = Annotated[str, argument(metavar="ID", help="The tenant's id.", show_default=False)]


class Command(TyperCommand):
    """A command whose failure is one sentence on standard error and an exit status."""

    def __init__(self, name: str | None, **attributes: Any) -> None:  # noqa: ANN401 - click's own
        verbose = click.Option(["--verbose"], is_flag=True, help="Show logs and tracebacks.")
        attributes["params"] = [*(attributes.get("params") or []), verbose]
        super().__init__(name, **attributes)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - typer's own
        """Run the command."""
        verbose = bool(ctx.params.pop("verbose"))
        with _explained(verbose=verbose):
            if verbose:
                _show_logs()
            return super().invoke(ctx)


class App(typer.Typer):
    """A group of such commands."""

    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401 - typer's own
        super().__init__(
            no_args_is_help=True,
            add_completion=False,
            rich_markup_mode=None,  # usage errors as plain lines, which scripts can read
            pretty_exceptions_enable=False,
            context_settings={"help_option_names": ["-h", "--help"]},
            **attributes,
        )

    def verb(self, name: str | None = None) -> Callable[..., Any]:
        """Add a function as a command."""
        return self.command(name, cls=Command)


@contextmanager
def _explained(*, verbose: bool) -> Generator[None]:
    try:
        yield
    except (typer.Exit, click.ClickException, click.Abort):
        raise
    except KeyboardInterrupt as error:
        raise typer.Exit(INTERRUPTED) from error
    except BrokenPipeError:
        raise  # the reader left, as in '| head'; typer ends quietly
    except Exception as error:
        if verbose:
            traceback.print_exc()
        typer.echo(f"Error: {sentence(error)}", err=True)
        raise typer.Exit(status(error)) from error


def status(error: Exception) -> int:
    """The exit status that says who has to act."""
    if isinstance(error, Stopped):
        return INTERRUPTED
    return WRONG if isinstance(error, OperatorMustAct) or _is_invalid(error) else FAILED


def sentence(error: Exception) -> str:
    """What to tell people of an error."""
    if _is_invalid(error):
        return _invalid(error)
    text = str(error) if isinstance(error, SyncError) else _unexpected(error)
    return " ".join([text, *getattr(error, "__notes__", [])])


def _unexpected(error: Exception) -> str:
    what = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {what} (--verbose shows where)".replace(": (", " (")


def _is_invalid(error: Exception) -> bool:
    pydantic = sys.modules.get("pydantic")  # only what was imported can have raised
    return pydantic is not None and isinstance(error, pydantic.ValidationError)


def _invalid(error: Any) -> str:  # noqa: ANN401 - a ValidationError, which is not imported
    """Which variable cannot be used, and why; never its value, which may be a secret."""
    faults: list[str] = []
    for fault in error.errors(include_input=False, include_url=False):
        name = "_".join(map(str, fault["loc"])).upper()
        variable = name if name == "DATABASE_URL" else f"SYNC_ASSETS_{name}"
        message = str(fault["msg"]).removeprefix("Value error, ")
        faults.append(message if message.startswith(variable) else f"{variable}: {message}")
    return "The configuration cannot be used. " + "; ".join(faults)


def _show_logs() -> None:
    from sync_assets.logs import configure_logging

    configure_logging("DEBUG")
