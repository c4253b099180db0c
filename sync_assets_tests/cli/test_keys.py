import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.keys import parse
from sync_assets_tests.cli.conftest import Commands

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("platform")]


def test_a_key_is_shown_once_and_opens(run: Commands, platform: Platform) -> None:
    assert run("key", "add", "agency", "--scope", "sync", "--name", "shop") == 0
    text = run.out.strip()
    key = platform.keys.good(text)
    assert key is not None
    assert (key.organization, key.name) == ("agency", "shop")
    assert "No tenant belongs to 'agency'" in run.err
    assert run("key", "list") == 0
    assert (parse(text) or ("", ""))[1] not in run.out


def test_a_key_reads_only_unless_more_is_said(run: Commands) -> None:
    made = run.json("key", "add", "agency")
    assert made["scopes"] == ["read"]
    assert made["expiresAt"] is None
    assert run.json("key", "add", "agency", "--scope", "admin", "--days", "7")["expiresAt"]


def test_a_revoked_key_opens_nothing(run: Commands, platform: Platform) -> None:
    made = run.json("key", "add", "agency")
    assert run.json("key", "revoke", made["id"])["revokedAt"]
    assert platform.keys.good(made["key"]) is None
    [listed] = run.json("key", "list", "--organization", "agency")
    assert listed["revokedAt"]


def test_what_cannot_be_meant_is_said(run: Commands, platform: Platform) -> None:
    assert run("key", "revoke", "nothing") == 2
    assert "'sync-assets key list'" in run.err
    assert run("key", "add", " ") == 2
    assert platform.keys.all() == []
