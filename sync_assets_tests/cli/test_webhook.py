"""`sync-assets webhook`."""

import pytest

from sync_assets.bootstrap import Platform
from sync_assets.core.tenants import Tenant
from sync_assets_tests.cli.conftest import Commands

pytestmark = pytest.mark.postgres

URL = "https://example.org/hook?token=s3cr3t"


@pytest.fixture
def secret(run: Commands, acme: Tenant) -> str:
    """That of a new webhook."""
    return run.json("webhook", "set", acme.id, "--url", URL)["secret"]


def test_the_secret_is_shown_once(run: Commands, secret: str) -> None:
    assert secret.startswith("whsec_")
    assert run("webhook", "show", "acme") == run("webhook", "list") == 0
    assert secret not in run.out + run.err
    assert run.json("webhook", "set", "acme", "--url", URL)["secret"] is None


def test_a_new_one_is_made_when_asked_for(run: Commands, secret: str) -> None:
    assert run("webhook", "set", "acme", "--url", URL, "--new-secret") == 0
    assert "whsec_" in run.out
    assert secret not in run.out


@pytest.mark.usefixtures("secret")
def test_how_it_stands_is_shown_without_what_may_be_a_token(run: Commands) -> None:
    shown = run.json("webhook", "show", "acme")
    assert (shown["url"], shown["state"]) == ("https://example.org/hook", "up to date")
    assert run.json("webhook", "list") == [shown]
    assert run("webhook", "show", "acme") == 0
    assert "up to date" in run.out
    assert "s3cr3t" not in run.out


def test_without_one_it_says_how_to_make_one(run: Commands, acme: Tenant) -> None:
    for verb in ("show", "resume", "remove"):
        assert run("webhook", verb, acme.id) == 2
        assert "webhook set acme" in run.err
    assert run("webhook", "set", acme.id, "--url", "nonsense") == 2
    assert "looks like" in run.err
    assert run("webhook", "set", "nobody", "--url", URL) == 2


@pytest.mark.usefixtures("secret")
def test_it_is_removed(run: Commands) -> None:
    assert run("webhook", "remove", "acme") == 0
    assert run.json("webhook", "list") == []


@pytest.mark.usefixtures("secret")
def test_one_that_was_given_up_is_resumed_by_a_command_that_its_dead_letter_names(
    run: Commands, platform: Platform
) -> None:
    with platform.database.as_owner() as owner:
        owner.execute("""
            UPDATE sync.webhooks SET failing_since = now() - interval '4 days';
            INSERT INTO cms.wordpress_terms (tenant_id, wp_id, taxonomy, name, slug, description,
              content_hash, synced_at, synced_by)
            VALUES ('acme', 1, 'category', '', '', '', decode(repeat('00', 16), 'hex'), now(),
              gen_random_uuid())
        """)
    [due] = platform.webhooks.claim(1, slow=False)
    assert platform.webhooks.failed(due, "it answered 500", 0.1).given_up
    assert run.json("webhook", "show", "acme")["state"] == "given up"
    [letter] = run.json("dead-letters", "list")
    assert run("dead-letters", "replay", str(letter["id"])) == 2
    assert "webhook resume acme" in run.err
    assert run("webhook", "resume", "acme") == 0
    assert run.json("webhook", "show", "acme")["state"] == "behind"
    assert run.json("dead-letters", "list") == []
