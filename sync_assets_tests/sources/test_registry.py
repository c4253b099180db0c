import subprocess
import sys

import pytest

from sync_assets.core.streams import SourceSpec
from sync_assets.sources import SOURCES, SPECS


def test_every_source_is_registered_under_its_name() -> None:
    assert [spec.name for spec in SPECS] == list(SOURCES)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_streams_come_after_those_that_they_need(spec: SourceSpec) -> None:
    before: set[str] = set()
    for stream in spec.streams:
        assert set(stream.needs) <= before
        before.add(stream.name)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_tables_are_named_after_source_and_stream(spec: SourceSpec) -> None:
    for stream in spec.streams:
        assert stream.table.name == f"{spec.name}_{stream.name}"
        names = [column.name for column in stream.table.columns]
        assert len(names) == len(set(names))
        assert stream.table.scope in {None, *names}


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_is_made_without_a_request(name: str) -> None:
    assert SOURCES[name](allow_private=False).spec is SOURCES[name].spec


def test_the_registry_is_light() -> None:
    """Every process of Dagster imports it."""
    heavy = "{'dagster', 'sqlalchemy', 'pandas', 'pydantic', 'cryptography'}"
    code = f"import sys, sync_assets.sources; print(*({heavy} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert run.stdout.strip() == ""
