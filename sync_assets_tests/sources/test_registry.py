import subprocess
import sys
from pathlib import Path

import pytest

import sync_assets.sources
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


def loaded(code: str) -> set[str]:
    """What a fresh process has imported after that."""
    code = (
        f"import sys; from sync_assets.sources import SOURCES, SPECS; {code}; print(*sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    return set(run.stdout.split())


def sources_in(modules: set[str]) -> set[str]:
    return {name for name in SOURCES if f"sync_assets.sources.{name}" in modules}


def test_the_registry_is_light() -> None:
    """Every process of Dagster imports it."""
    heavy = {"dagster", "sqlalchemy", "pandas", "pydantic", "cryptography"}
    assert not heavy & loaded("list(SPECS)")


def test_every_folder_is_registered() -> None:
    here = Path(sync_assets.sources.__file__).parent
    assert {file.parent.name for file in here.glob("*/__init__.py")} == set(SOURCES)


def test_asking_which_sources_there_are_loads_none() -> None:
    assert sources_in(loaded("list(SOURCES), len(SPECS), 'shopify' in SOURCES")) == set()


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_is_loaded_without_the_others(name: str) -> None:
    assert sources_in(loaded(f"SOURCES[{name!r}]")) == {name}


def test_a_source_that_is_not_there_is_a_key_error() -> None:
    assert "shop" not in SOURCES
    with pytest.raises(KeyError):
        SOURCES["shop"]


def test_specs_are_known_when_they_are_met_again() -> None:
    assert all(spec in SPECS for spec in SPECS)
    assert "wordpress" not in SPECS
