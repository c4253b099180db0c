import io
import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.cli.formats import to_json
from sync_assets.core.tenants import Tenant
from sync_assets.demo import DemoSite
from sync_assets_tests.cli.conftest import Commands, sync_quietly

arrow_csv: Any = import_module("pyarrow.csv")  # pyarrow has no types
parquet: Any = import_module("pyarrow.parquet")

pytestmark = pytest.mark.postgres

STREAMS = ["terms", "media", "pages", "posts"]


@pytest.fixture
def synced(platform: Platform, acme: Tenant) -> str:
    sync_quietly(platform, acme.id)
    return acme.id


def lines(run: Commands, *arguments: str) -> list[dict[str, Any]]:
    assert run("export", *arguments) == 0, run.err
    return [json.loads(line) for line in run.out.splitlines()]


def test_an_export_has_a_line_for_each_row(run: Commands, synced: str, demo_site: DemoSite) -> None:
    rows = lines(run, synced, "posts")
    assert [row["wp_id"] for row in rows] == sorted(demo_site.site.ids("posts"))
    assert all(row["terms"].get("category", []) == row["categories"] for row in rows)


@pytest.mark.parametrize("stream", STREAMS)
def test_parquet_holds_what_json_lines_hold(
    run: Commands, synced: str, stream: str, tmp_path: Path
) -> None:
    expected = lines(run, synced, stream)
    file = tmp_path / "rows.parquet"
    assert run("export", synced, stream, "--format", "parquet", "--output", str(file)) == 0
    table: Any = parquet.read_table(file)
    assert table.column_names == list(expected[0])
    for row, wanted in zip(table.to_pylist(), expected, strict=True):
        assert {name: as_in_json(name, value) for name, value in row.items()} == wanted


def as_in_json(name: str, value: Any) -> Any:
    """Parquet has JSON columns as text and times as times."""
    if name in {"acf", "details", "terms"} and value is not None:
        return json.loads(value)
    return json.loads(to_json(value))


@pytest.mark.parametrize("stream", STREAMS)
def test_csv_has_the_same_columns_and_rows(run: Commands, synced: str, stream: str) -> None:
    expected = lines(run, synced, stream)
    assert run("export", synced, stream, "--format", "csv") == 0
    options = arrow_csv.ParseOptions(newlines_in_values=True)
    table: Any = arrow_csv.read_csv(io.BytesIO(run.out.encode()), parse_options=options)
    assert table.column_names == list(expected[0])
    assert table.column("wp_id").to_pylist() == [row["wp_id"] for row in expected]
    assert table.column("slug").to_pylist() == [row["slug"] for row in expected]


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_an_export_of_nothing_still_has_its_columns(
    run: Commands, acme: Tenant, form: str, tmp_path: Path
) -> None:
    file = tmp_path / "nothing"
    assert run("export", acme.id, "posts", "--format", form, "--output", str(file)) == 0
    read: Any = parquet.read_table if form == "parquet" else arrow_csv.read_csv
    assert read(file).column_names[:3] == ["wp_id", "type", "status"]


def test_deleted_rows_come_only_when_asked_for(
    run: Commands, platform: Platform, synced: str, demo_site: DemoSite
) -> None:
    gone = demo_site.site.ids("posts")[0]
    demo_site.site.delete("posts", gone)
    sync_quietly(platform, synced)
    assert gone not in {row["wp_id"] for row in lines(run, synced, "posts")}
    tombs = {row["wp_id"]: row["deleted_at"] for row in lines(run, synced, "posts", "--deleted")}
    assert tombs[gone] is not None


def test_a_file_is_replaced_only_by_a_whole_export(
    run: Commands, platform: Platform, synced: str, tmp_path: Path
) -> None:
    file = tmp_path / "posts.jsonl"
    file.write_text("the export of yesterday")
    with platform.database.as_owner() as connection:
        connection.execute("ALTER TABLE cms.wordpress_posts DROP COLUMN sticky")
    assert run("export", synced, "posts", "--output", str(file)) == 2
    assert "PostgreSQL refused a statement" in run.err
    assert file.read_text() == "the export of yesterday"
    assert list(tmp_path.glob(".*")) == []


def test_an_unknown_stream_names_the_known_ones(run: Commands, acme: Tenant) -> None:
    assert run("export", acme.id, "comments") == 2
    assert "terms, media, pages, posts" in run.err


def test_a_folder_that_is_missing_is_said_so(run: Commands, acme: Tenant, tmp_path: Path) -> None:
    file = tmp_path / "missing" / "posts.jsonl"
    assert run("export", acme.id, "posts", "--output", str(file)) == 2
    assert "cannot be written: No such file or directory" in run.err


def test_integers_past_64_bits_are_exported() -> None:
    assert to_json({"acf": {"isbn": 2**70}}) == b'{"acf":{"isbn":%d}}' % 2**70
