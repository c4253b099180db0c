"""The embedded server, for commands: what it cannot do is the operator's to mend."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from sync_assets.core.errors import OperatorMustAct


def runs(home: Path) -> bool:
    """Does the home's server run?"""
    from sync_assets.store import embedded

    with _translated():
        return embedded.running(home) is not None


def stop(home: Path) -> bool:
    """Stop the home's server; gives whether there was something to stop."""
    from sync_assets.store import embedded

    with _translated():
        return embedded.stop(home)


@contextmanager
def _translated() -> Generator[None]:
    from sync_assets.store.embedded import EmbeddedPostgresError

    try:
        yield
    except EmbeddedPostgresError as error:
        raise OperatorMustAct(str(error)) from error
