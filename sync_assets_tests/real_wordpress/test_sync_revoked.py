"""The password is revoked in the middle of a sync: WordPress goes on answering, with less."""

from collections.abc import Iterator
from itertools import count

import pytest

from sync_assets.core.errors import TenantMustAct
from sync_assets_tests.real_wordpress.gate import Gate
from sync_assets_tests.real_wordpress.happenings import something_happens
from sync_assets_tests.real_wordpress.mirror import Mirror, failure

EDITOR = "editora"
NUMBERS = count(1)

LISTING = r"/wp/v2/posts\?.*offset="
CONTENTS = r"/wp/v2/posts\?.*include=.*content"
LOOK_AT_THE_ACCOUNT = r"/wp/v2/users/me"
PROOF_OF_DELETION = r"/wp/v2/posts\?.*include=.*_fields=id$"
PROOF_FOR_ONE = r"/wp/v2/posts/\d+"


@pytest.fixture
def as_editor(mirror: Mirror) -> Iterator[Mirror]:
    """With an account whose password can be taken away."""
    mirror.site.create_user(EDITOR, "editor")
    give_password(mirror)
    yield mirror
    mirror.log_in()


@pytest.fixture(scope="module")
def small_as_editor(small: Mirror) -> Mirror:
    small.site.create_user(EDITOR, "editor")
    return small


def test_a_password_revoked_between_two_pages_deletes_nothing(as_editor: Mirror) -> None:
    mirror, due = as_editor, something_happens(as_editor)
    before, tombstones = mirror.state(), mirror.held.tombstones()
    assert_tells_the_tenant(mirror, revoked_before(mirror, f"{LISTING}990&"))
    assert mirror.state()["posts"] == before["posts"]
    assert mirror.held.tombstones() == tombstones
    give_password(mirror)
    mirror.sync()
    assert mirror.differences() == []
    assert mirror.held.tombstones() - tombstones == due


@pytest.mark.parametrize(
    "moments",
    [
        [f"{LISTING}27&"],
        [f"{LISTING}27&", LOOK_AT_THE_ACCOUNT],
        [CONTENTS],
        [CONTENTS, LOOK_AT_THE_ACCOUNT],
        [PROOF_OF_DELETION],
        [PROOF_FOR_ONE],
    ],
    ids=["listing", "after the listing", "contents", "after the contents", "proof", "last proof"],
)
def test_whenever_a_password_is_revoked_the_cms_holds_nothing_wrong(
    small_as_editor: Mirror, moments: list[str]
) -> None:
    mirror = small_as_editor
    give_password(mirror)
    due = something_happens(mirror)
    before, tombstones = mirror.state(), mirror.held.tombstones()
    assert_tells_the_tenant(mirror, revoked_before(mirror, *moments, batch_size=10))
    assert mirror.doubtful(before) == []
    assert mirror.held.tombstones() - tombstones <= due
    give_password(mirror)
    mirror.sync(batch_size=10)
    assert mirror.differences() == []
    assert mirror.held.tombstones() - tombstones == due


def revoked_before(mirror: Mirror, *moments: str, **options: int) -> Exception:
    """How a sync fails whose password is revoked before the last of these requests."""
    with Gate(mirror.site.url) as gate:
        gate.before_the_last(moments, lambda: mirror.site.revoke_application_passwords(EDITOR))
        error = failure(mirror.attempt(gate.url, **options))
        assert not gate.waiting
        return error


def assert_tells_the_tenant(mirror: Mirror, error: Exception) -> None:
    assert isinstance(error, TenantMustAct)
    name = mirror.tenant.id
    assert str(error).startswith(f"{name}'s WordPress does not accept the credentials (40")
    assert f"sync-assets tenant update {name} --username USER --password-stdin" in str(error)


def give_password(mirror: Mirror) -> None:
    name = f"sync {next(NUMBERS)}"
    mirror.log_in_as(EDITOR, mirror.site.create_application_password(EDITOR, name))
