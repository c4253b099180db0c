"""Where the published schema comes from."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from sync_assets.demo.shop.api import schema_file
from sync_assets.demo.shop.api.schema_file import SHA256, SchemaUnavailable


def test_a_file_in_the_cache_is_used_as_it_is(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema_file, "_npm", lambda *_: pytest.fail("npm was asked"))
    assert schema_file.schema_file(cache).is_file()


def test_a_file_that_is_not_the_pinned_one_is_refused_and_removed(tmp_path: Path) -> None:
    path = tmp_path / f"shopify-admin-2026-10-{SHA256[:12]}.json.gz"
    path.write_bytes(b"something else")
    with pytest.raises(SchemaUnavailable, match="not the one that is pinned"):
        schema_file.schema_file(tmp_path)
    assert not path.exists()


def test_a_registry_out_of_reach_is_said_clearly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> subprocess.CompletedProcess[Any]:
        return subprocess.CompletedProcess([], 1, "", "npm error network: no route")

    monkeypatch.setattr(schema_file, "_npm", fail)
    with pytest.raises(SchemaUnavailable, match=r"could not fetch @shopify/.*no route"):
        schema_file.schema_file(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_package_without_the_schema_is_said_clearly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def empty(_: object, folder: Path) -> subprocess.CompletedProcess[Any]:
        (folder / "package.tgz").write_bytes(b"not an archive")
        return subprocess.CompletedProcess([], 0, "", "")

    monkeypatch.setattr(schema_file, "_npm", empty)
    with pytest.raises(SchemaUnavailable, match="no readable"):
        schema_file.schema_file(tmp_path)
