"""How the contract talks to a source."""

import contextlib
import logging
from collections.abc import Generator

from sync_assets.core.known import Survey
from sync_assets.core.ports import Collection, Connection
from sync_assets.core.stop import StopSignal
from sync_assets_tests.contracts.lab import SourceLab


@contextlib.contextmanager
def connected(
    lab: SourceLab, stop: StopSignal | None = None, *, public: bool = False
) -> Generator[tuple[Connection, Collection]]:
    """An open connection and the collection under test."""
    tenant = lab.public if public else lab.tenant
    assert tenant is not None
    with lab.source.connect(tenant, lab.options, stop or StopSignal()) as connection:
        yield connection, collection_of(connection, lab)


def collection_of(connection: Connection, lab: SourceLab) -> Collection:
    """The collection under test."""
    parts = {part.name: part for part in connection.collections(lab.stream)}
    return parts[lab.collection]


def listed(collection: Collection) -> set[int]:
    """The keys of a whole listing."""
    return {sighting.key for sighting in survey(collection)}


def survey(collection: Collection) -> Survey:
    """A whole listing."""
    found = Survey()
    for page in collection.listing():
        found.add(page.sightings)
    return found


class Eavesdropper(logging.Handler):
    """Hears every log record as text, as attributes, and with its traceback."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.heard: list[str] = []
        self.setFormatter(logging.Formatter())

    def emit(self, record: logging.LogRecord) -> None:
        self.heard += [self.format(record), repr(vars(record))]

    @contextlib.contextmanager
    def listening(self) -> Generator[None]:
        root = logging.getLogger()
        level = root.level
        root.addHandler(self)
        root.setLevel(logging.DEBUG)
        try:
            yield
        finally:
            root.setLevel(level)
            root.removeHandler(self)


def story(error: BaseException) -> str:
    """All that an error and those behind it would show to anybody."""
    told: list[str] = []
    following: BaseException | None = error
    while following is not None:
        told.append(f"{following} {following!r} {vars(following)!r}")
        following = following.__cause__ or following.__context__
    return "\n".join(told)
