"""Sites that are set up in other ways: permalinks, older plugins, custom types and statuses."""

from collections.abc import Callable

import pytest

from sync_assets.core.errors import TenantMustAct
from sync_assets_tests.real_wordpress.happenings import something_happens
from sync_assets_tests.real_wordpress.mirror import Mirror, failure, total
from sync_assets_tests.real_wordpress.site import WordPressSite
from sync_assets_tests.real_wordpress.truth import WITH_TRASH

MakeSite = Callable[..., WordPressSite]
MakeMirror = Callable[..., Mirror]

FEW = {"posts": 24, "pages": 5, "media": 5, "categories": 4, "tags": 4, "eventos": 6, "generos": 3}
OLDER_ACF = {"post_types": "eventos", "acf": "rest_api"}
STATUS_PLUGIN = """<?php
add_action('init', fn() => register_post_status('arquivado', ['protected' => true]));
"""


def test_a_site_with_plain_permalinks_is_mirrored(
    new_site: MakeSite, mirror_of: MakeMirror
) -> None:
    mirror = mirror_of(new_site(), **FEW)
    mirror.site.plain_permalinks()
    mirror.begin()
    due = something_happens(mirror)
    mirror.sync()
    assert mirror.first_differences == mirror.differences() == []
    assert mirror.held.tombstones() == due
    post = mirror.seeded.posts[0]
    assert mirror.held.rows("posts")[post]["link"] == f"{mirror.site.url}/?p={post}"


def test_changed_permalinks_touch_nothing_but_addresses(
    new_site: MakeSite, mirror_of: MakeMirror
) -> None:
    mirror = mirror_of(new_site(), **FEW)
    mirror.begin()
    mirror.site.plain_permalinks()
    mirror.sync(full=True)
    assert mirror.differences() == []
    assert mirror.held.tombstones() == set()
    assert all("?" in row["link"] for row in mirror.held.rows("posts").values())


def test_fields_of_the_older_acf_plugin_are_read(new_site: MakeSite, mirror_of: MakeMirror) -> None:
    mirror = mirror_of(new_site(), **FEW).twin("older", settings=OLDER_ACF)
    mirror.site.serve_acf("api")
    mirror.begin()
    assert mirror.first_differences == []
    assert sum(row["acf"] is not None for row in mirror.held.rows("posts").values()) > 10
    mirror.site.update_acf(mirror.seeded.posts[2], {"novo": [1, {"vazio": ""}]})
    mirror.sync(full=True)
    assert mirror.differences() == []


def test_a_site_without_the_older_plugin_is_told_to_install_it(small: Mirror) -> None:
    mirror = small.twin("without", settings=OLDER_ACF)
    error = failure(mirror.attempt())
    assert isinstance(error, TenantMustAct)
    assert "has no plugin 'ACF to REST API'" in str(error)


def test_custom_types_are_synced_only_where_they_are_named(small: Mirror) -> None:
    mirror = small.twin("unnamed", settings={})
    mirror.sync()
    assert mirror.differences() == []
    assert {row["type"] for row in mirror.held.rows("posts").values()} == {"post"}
    assert {row["type"] for row in small.held.rows("posts").values()} == {"post", "eventos"}


def test_events_have_the_terms_of_their_own_taxonomy(small: Mirror) -> None:
    terms = small.held.rows("posts")[small.seeded.eventos[1]]["terms"]
    assert terms == {"genero": sorted(terms["genero"])}
    assert set(terms["genero"]) <= set(small.seeded.generos)


def test_a_type_that_the_site_does_not_have_is_told(small: Mirror) -> None:
    error = failure(small.twin("unknown", settings={"post_types": "receitas"}).attempt())
    assert isinstance(error, TenantMustAct)
    assert "offers no post type 'receitas'" in str(error)


def test_statuses_of_plugins_are_kept_also_when_the_plugin_is_gone(
    new_site: MakeSite, mirror_of: MakeMirror
) -> None:
    mirror = mirror_of(new_site(), **FEW)
    mirror.statuses = (*WITH_TRASH, "arquivado")
    mirror.begin()
    plugin = mirror.site.docroot / "wp-content" / "mu-plugins" / "status.php"
    plugin.write_text(STATUS_PLUGIN)
    post, other = mirror.seeded.posts[0:2]
    mirror.site.edit_post(post, status="arquivado")
    mirror.sync()
    assert mirror.held.rows("posts")[post]["status"] == "arquivado"
    assert mirror.differences() == []
    plugin.unlink()
    mirror.site.edit_post(other, status="arquivado")
    counts = mirror.sync()
    assert mirror.differences() == []
    assert mirror.held.tombstones() == set()
    assert total(counts, "failed") == 0


@pytest.mark.parametrize("batch_size", [1, 7, 10])
def test_terms_fill_many_pages(small: Mirror, batch_size: int) -> None:
    mirror = small.twin(f"by-{batch_size}")
    counts = mirror.sync(batch_size=batch_size)
    assert mirror.differences() == []
    assert counts["terms"].created == len(mirror.truth("terms"))
