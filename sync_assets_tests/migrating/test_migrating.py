"""Every row of docs/migrating.md is true, and nothing of the replaced systems is left out."""

import re
from collections import defaultdict

import pytest
import yaml

from sync_assets.bootstrap import Platform
from sync_assets.gateway.app import create_app
from sync_assets.settings import PROJECT, Settings
from sync_assets.sources import SOURCES, SPECS
from sync_assets.store.embedded import EmbeddedServer
from sync_assets.store.leases import HEARTBEAT, LIFETIME
from sync_assets_tests.end_to_end.dagster_stack import cloned, settled
from sync_assets_tests.migrating.api import Api, Schema
from sync_assets_tests.migrating.page import PAGE, Row, rows
from sync_assets_tests.migrating.replaced import REPLACED

pytestmark = pytest.mark.postgres

ROWS = tuple(rows())
STREAMS = frozenset(stream.name for spec in SPECS for stream in spec.streams)
LATER = {"Tiny ERP": "tiny", "audio": "audio", "notifications": "notif"}
"""What a row may wait for, and part of the name that its source or route will have."""

# The forms that a cell may have.
_NOTHING = re.compile(r"nothing: \S.*")
_LATER = re.compile(rf"with (?P<what>{'|'.join(LATER)})(?:: (?P<now>.+))?")
_CALL = re.compile(r"`(?P<call>[A-Z]+ /\S+)`(?: with `(?P<word>\w+)`)?")
_SETTING = re.compile(r"`SYNC_ASSETS_(?P<name>[A-Z_]+)`")
_KEY = re.compile(r"`(?P<table>cms\.\w+) \((?P<columns>[^)]+)\)`")
_FIELD = re.compile(
    r"`(?P<path>[\w.*]+)(?:: (?P<value>\w+))?`"
    r"(?: in the (?P<place>path|query)| (?P<way>of|to) `(?P<call>[A-Z]+ /\S+)`)?"
)
_COLUMNS = re.compile(r"`(?P<call>[A-Z]+ /\S+)` (?P<way>takes|answers)")

every_row = pytest.mark.parametrize("row", ROWS, ids=str)


@pytest.fixture(scope="module")
def api(postgres: EmbeddedServer, template: str, tmp_path_factory: pytest.TempPathFactory) -> Api:
    """The gateway's."""
    home = tmp_path_factory.mktemp("home")
    with cloned(postgres, template) as url, settled(url, home) as platform:
        return Api(create_app(platform).openapi())


def test_all_that_was_there_has_a_row_and_only_one():
    found: defaultdict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in ROWS:
        found[row.section][row.table].append(row.before)
    assert found == {
        section: {table: [*names] for table, names in tables.items()}
        for section, tables in REPLACED.items()
    }


@every_row
def test_each_call_field_and_setting_is_there_now(api: Api, row: Row):
    now = row.now
    if later := _LATER.fullmatch(now):
        assert not arrived(api, later["what"]), f"{later['what']} is there: say where"
        now = later["now"]
    assert now is None or is_there(api, row, now), now


def test_each_unique_key_is_there_now(platform: Platform):
    keys = [key for row in ROWS if (key := _KEY.fullmatch(row.now))]
    assert len(keys) == 3
    for key in keys:
        query = """
            SELECT array_agg(attname::text ORDER BY attnum) FROM pg_index
            JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY(indkey)
            WHERE indrelid = %(table)s::regclass AND indisunique GROUP BY indexrelid
        """
        with platform.database.as_owner() as connection:
            found = connection.execute(query, {"table": key["table"]}).scalars()
        assert sorted(key["columns"].split(", ")) in [sorted(columns) for columns in found]


def test_each_call_of_the_text_is_there(api: Api):
    named = set(re.findall(r"`([A-Z]+ /v1/[^`\s]+)`", PAGE.read_text()))
    assert named
    assert named <= api.calls.keys()


def test_a_row_that_is_not_true_is_noticed(api: Api):
    row = Row("", "", "`GET /v1/syncs/{sync_id}` answers", "", "")
    takes = Row("", "", "`POST /v1/tenants/{tenant_id}/syncs` takes", "", "")
    for wrong in (
        "`GET /v1/sync/{sync_id}`",
        "`PUT /v1/syncs/{sync_id}`",
        "`POST /v1/maintenance/{task}` with `sweep`",
        "`syncID`",
        "`status: QUEUED`",
        "`streams.*.failures`",
        "`totals.invoices` of `GET /v1/syncs/{sync_id}/report`",
        "`SYNC_ASSETS_NONE`",
        "61 s",
        "",
    ):
        assert not is_there(api, row, wrong), wrong
    for wrong in ("`site_id` in the path", "`limit` in the query", "`options`", "`priority: soon`"):
        assert not is_there(api, takes, wrong), wrong


def is_there(api: Api, row: Row, now: str) -> bool:
    """Is what a cell says true?"""
    if _NOTHING.fullmatch(now) or _KEY.fullmatch(now) or now in figures(row):
        return True
    if setting := _SETTING.fullmatch(now):
        return setting["name"].lower() in Settings.model_fields
    if call := _CALL.fullmatch(now):
        return call["call"] in api.calls and knows(api, call["call"], call["word"])
    return bool(found := _FIELD.fullmatch(now)) and has(api, row, found)


def knows(api: Api, call: str, word: str | None) -> bool:
    """Does a call know a word, as the name of what it takes, or as a value in its path?"""
    if word is None or api.parameter(call, "query", word) or api.field(api.taken(call), word, ()):
        return True
    in_path = (api.parameter(call, "path", name) for name in re.findall(r"{(\w+)}", call))
    return any(api.allows(schema, word) for schema in in_path if schema)


def has(api: Api, row: Row, field: re.Match[str]) -> bool:
    """Does what the cell or the head of its column names have the field, with that value?"""
    columns = _COLUMNS.fullmatch(row.columns)
    call = field["call"] or (columns["call"] if columns else "")
    if call not in api.calls:
        return False
    way = field["way"] or (columns and {"takes": "to", "answers": "of"}[columns["way"]])
    schema: Schema | None
    if field["place"]:
        schema = api.parameter(call, field["place"], field["path"])
    else:
        whole = api.taken(call) if way == "to" else api.answered(call)
        schema = api.field(whole, field["path"], STREAMS)
    return schema is not None and (not field["value"] or api.allows(schema, field["value"]))


def figures(row: Row) -> list[str]:
    """What a setting of a replaced worker is today, where it is fixed."""
    instance = yaml.safe_load((PROJECT / "dagster.yaml").read_text())
    runs = instance["concurrency"]["runs"]["max_concurrent_runs"]
    known = {
        "`lockTtlMs`": f"{LIFETIME} s",
        "`heartbeatIntervalMs`": f"{HEARTBEAT} s",
        "concurrency 4": f"{runs} runs",
    }
    return [known[row.before]] if row.before in known else []


def arrived(api: Api, what: str) -> bool:
    """Is there a source or a call for it?"""
    return any(LATER[what] in name for name in (*SOURCES, *api.calls))
