from collections.abc import Callable

import pytest

from sync_assets.demo import DemoSite
from sync_assets_tests.demo.conftest import Get, error, ids


def test_wrong_credentials_get_the_public_data(demo: DemoSite, get: Get) -> None:
    public = demo.site.add("posts", title="Público")
    demo.site.revoke()
    assert ids(get("posts")) == [public]


def test_wrong_credentials_are_told_by_users_me(demo: DemoSite, get: Get) -> None:
    assert get("users/me", context="edit").json()["capabilities"]["edit_others_posts"]
    demo.site.revoke()
    assert error(get("users/me", context="edit")) == (401, "rest_not_logged_in")


@pytest.mark.parametrize("kind", ["posts", "pages", "media", "eventos", "categories", "tags"])
def test_wrong_credentials_are_refused_in_the_edit_context(
    demo: DemoSite, get: Get, kind: str
) -> None:
    demo.site.revoke()
    assert error(get(kind, context="edit")) == (401, "rest_forbidden_context")


def test_some_hosts_refuse_wrong_credentials_everywhere(demo: DemoSite, get: Get) -> None:
    demo.site.rejects_bad_credentials = True
    demo.site.revoke()
    assert error(get("posts")) == (401, "incorrect_password")


def test_spaces_in_an_application_password_do_not_count(
    get_as: Callable[[str], Get],
) -> None:
    assert get_as("editor")("users/me").json()["slug"] == "editor"


def test_an_author_sees_totals_but_not_the_posts_of_others(
    demo: DemoSite, get_as: Callable[[str], Get]
) -> None:
    for _ in range(3):
        demo.site.add("posts", title="De outra pessoa")
    answer = get_as("author")("posts", context="edit")
    assert (answer.json(), answer.headers["X-WP-Total"]) == ([], "3")


def test_an_author_gets_a_short_page_of_drafts(
    demo: DemoSite, get_as: Callable[[str], Get]
) -> None:
    get = get_as("author")
    demo.site.add("posts", title="De outra pessoa", status="draft")
    own = demo.site.add("posts", title="Meu", status="draft", author=2)
    answer = get("posts", status="draft")
    assert (ids(answer), answer.headers["X-WP-Total"]) == ([own], "2")


@pytest.mark.parametrize("kind", ["posts", "pages", "media", "categories", "regiao"])
def test_a_subscriber_may_not_list_for_editing(get_as: Callable[[str], Get], kind: str) -> None:
    assert error(get_as("subscriber")(kind, context="edit")) == (403, "rest_forbidden_context")


@pytest.mark.parametrize("status", ["draft", "any", "publish,trash"])
def test_statuses_that_are_not_public_need_a_login(anonymous: Get, status: str) -> None:
    answer = anonymous("posts", status=status)
    assert error(answer) == (400, "rest_invalid_param")
    assert answer.json()["data"]["details"]["status"]["data"] == {"status": 401}


def test_any_status_leaves_out_the_trash(demo: DemoSite, get: Get) -> None:
    kept = [demo.site.add("posts", title=name, status=name)
            for name in ("publish", "draft", "pending", "private")]  # fmt: skip
    trashed = demo.site.add("posts", title="fora")
    demo.site.trash("posts", trashed)
    assert sorted(ids(get("posts", status="any"))) == kept
    everything = get("posts", status="publish,future,draft,pending,private,trash")
    assert sorted(ids(everything)) == [*kept, trashed]


def test_a_draft_is_forbidden_to_strangers(demo: DemoSite, anonymous: Get) -> None:
    draft = demo.site.add("posts", title="Rascunho", status="draft")
    assert error(anonymous(f"posts/{draft}")) == (401, "rest_forbidden")


def test_a_password_hides_the_text_even_from_administrators_unless_they_edit(
    demo: DemoSite, get: Get, anonymous: Get
) -> None:
    secret = {"password": "abre"}
    post = demo.site.add("posts", title="Segredo", content="Só para assinantes.", **secret)
    for reader in (anonymous, get):
        content = reader(f"posts/{post}").json()["content"]
        assert content == {"rendered": "", "protected": True}
    shown = get(f"posts/{post}", context="edit").json()
    assert shown["content"]["raw"] == "Só para assinantes."
    assert shown["password"] == secret["password"]


def test_raw_texts_are_for_editing_only(demo: DemoSite, get: Get) -> None:
    post = demo.site.add("posts", title="Cores & 'sons'")
    assert get(f"posts/{post}").json()["title"] == {"rendered": "Cores &#038; &#8217;sons&#8217;"}
    assert get(f"posts/{post}", context="edit").json()["title"]["raw"] == "Cores & 'sons'"
