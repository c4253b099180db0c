"""Accounts that cannot see everything are turned away before anything is concluded."""

import pytest

from sync_assets.core.errors import TenantMustAct
from sync_assets.core.tenants import Credentials
from sync_assets_tests.real_wordpress.happenings import something_happens
from sync_assets_tests.real_wordpress.mirror import Mirror, failure

PRIVACY = "privacy-policy"
PAGES = "edit_pages, edit_others_pages"
PRIVATE = "read_private_posts, read_private_pages"
WEAK = {
    "author": f"edit_others_posts, {PAGES}, {PRIVATE}",
    "contributor": f"edit_others_posts, {PAGES}, {PRIVATE}",
    "subscriber": f"edit_posts, edit_others_posts, {PAGES}, {PRIVATE}",
}


@pytest.fixture(scope="module", params=WEAK)
def weak(request: pytest.FixtureRequest, small: Mirror) -> Mirror:
    """A synced tenant whose account has lost its rights, while posts come and go."""
    role: str = request.param
    small.site.create_user(f"weak-{role}", role)
    password = small.site.create_application_password(f"weak-{role}")
    mirror = small.twin(role)
    mirror.sync()
    something_happens(mirror)
    mirror.log_in_as(f"weak-{role}", password)
    return mirror


def test_an_account_without_the_rights_changes_nothing(weak: Mirror) -> None:
    before = weak.held.stamps()
    with pytest.raises(TenantMustAct):
        weak.sync()
    assert weak.held.stamps() == before


def test_the_missing_rights_are_named_in_one_sentence(weak: Mirror) -> None:
    role = weak.tenant.id.rpartition("-")[2]
    said = str(failure(weak.attempt()))
    assert said.startswith(
        f"{weak.tenant.id}'s user may not read everything: it lacks {WEAK[role]}. Use an "
    )
    assert f"sync-assets tenant update {weak.tenant.id} --username USER" in said


@pytest.mark.parametrize("username", ["admin", "nobody-of-that-name"])
def test_a_wrong_password_changes_nothing_and_is_told(small: Mirror, username: str) -> None:
    mirror = small.twin(f"wrong-{username}")
    mirror.sync()
    something_happens(mirror)
    before = mirror.held.stamps()
    mirror.log_in_as(username, "abcd efgh ijkl mnop qrst uvwx")
    error = failure(mirror.attempt())
    assert isinstance(error, TenantMustAct)
    assert "does not accept the credentials" in str(error)
    assert "abcd" not in str(error)
    assert mirror.held.stamps() == before


def test_an_editor_sees_everything_but_the_page_about_privacy(small: Mirror) -> None:
    small.site.create_user("editora", "editor")
    password = small.site.create_application_password("editora")
    mirror = small.twin("editor", credentials=Credentials("editora", password))
    mirror.sync()
    # WordPress lets nobody but an administrator edit it, so `context=edit` leaves it out.
    (privacy,) = (row for row in mirror.truth("pages").items() if row[1]["slug"] == PRIVACY)
    assert mirror.differences() == [("pages", privacy[0], "*", False, True)]
