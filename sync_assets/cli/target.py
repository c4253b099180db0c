"""Where a command's data go: standard output, or a file."""

import secrets
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated

from sync_assets.cli.command import option
from sync_assets.core.errors import OperatorMustAct

Output = Annotated[Path | None, option(metavar="FILE", help="Instead of standard output.")]


@contextmanager
def target(output: Path | None) -> Generator[IO[bytes]]:
    """Standard output, or a file that appears, whole, when all is written.

    Raises:
        OperatorMustAct: the file cannot be written.
    """
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    draft = output.with_name(f".{output.name}.{secrets.token_hex(4)}")
    try:
        with draft.open("wb") as file:
            yield file
        draft.replace(output)
    except OSError as error:
        raise OperatorMustAct(f"{output} cannot be written: {error.strerror}.") from error
    finally:
        draft.unlink(missing_ok=True)


def check_terminal(what: str, output: Path | None) -> None:
    """Refuse to fill a terminal with what is no text."""
    if output is None and sys.stdout.isatty():
        raise OperatorMustAct(f"{what} is no text for a terminal. Use --output FILE, or a pipe.")
