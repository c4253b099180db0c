"""Does the same to several things: one that cannot be done does not keep back the others."""

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from typing import TypeVar

import typer

from sync_assets.cli.command import sentence, status
from sync_assets.cli.output import say
from sync_assets.core.errors import SyncError

Thing = TypeVar("Thing")
Result = TypeVar("Result")


@contextmanager
def each(act: Callable[[Thing], Result], things: Iterable[Thing]) -> Generator[list[Result]]:
    """The results, to be printed inside; the exit status afterwards is the worst one."""
    results: list[Result] = []
    worst = 0
    for thing in dict.fromkeys(things):
        try:
            results.append(act(thing))
        except SyncError as error:
            say(f"Error: {sentence(error)}")
            worst = max(worst, status(error))
    yield results
    if worst:
        raise typer.Exit(worst)
