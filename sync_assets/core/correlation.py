"""The id that every log line of a sync carries."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

_current: ContextVar[tuple[UUID, str] | None] = ContextVar("sync", default=None)


@contextmanager
def correlated(sync_id: UUID, tenant_id: str) -> Generator[None]:
    """Everything within belongs to this sync, also in threads started by `core.pipeline`."""
    token = _current.set((sync_id, tenant_id))
    try:
        yield
    finally:
        _current.reset(token)


def correlation() -> dict[str, str]:
    """The sync id and tenant of the work at hand; empty outside a sync."""
    current = _current.get()
    return {} if current is None else {"sync_id": str(current[0]), "tenant": current[1]}
