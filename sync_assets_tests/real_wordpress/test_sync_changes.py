"""What happens at a site is in the CMS after one sync, and nothing else is."""

from datetime import UTC, datetime

from sync_assets_tests.real_wordpress.mirror import Mirror, total
from sync_assets_tests.real_wordpress.site import WordPressSite
from sync_assets_tests.real_wordpress.truth import Row


def test_edits_arrive(mirror: Mirror) -> None:
    site, seeded = mirror.site, mirror.seeded
    post, page, event, term = seeded.posts[40], seeded.pages[2], seeded.eventos[4], seeded.tags[2]
    before = mirror.held.tombstones()
    site.edit_post(post, title="Título 🎭 <b>novo</b>", content="<p>\\ “à”</p>", slug="novo-título")
    site.edit_post(seeded.posts[41], password="segredo", excerpt="Só isto")  # noqa: S106
    site.edit_post(page, parent=seeded.pages[9], menu_order=7, template="templates/larga.php")
    site.edit_post(event, title="Roda", terms={"genero": seeded.generos[:3]})
    site.edit_post(seeded.media[1], title="Foto nova", excerpt="Legenda nova")
    site.edit_term(term, name="Etiqueta & cia", slug="etiqueta", description="Nova")
    counts = mirror.sync()
    assert mirror.differences() == []
    assert {stream: count.updated for stream, count in counts.items()} == {
        "terms": 1,
        "media": 1,
        "pages": 1,
        "posts": 3,
    }
    assert mirror.held.tombstones() == before


def test_changes_dated_in_the_past_or_future_arrive(mirror: Mirror) -> None:
    site, (back, ahead) = mirror.site, mirror.seeded.posts[60:62]
    for post, year in ((back, 1999), (ahead, 2039)):
        site.edit_post(post, title=f"Dated {year}")
        site.set_modified(post, datetime(year, 1, 1, tzinfo=UTC))
    imported = site.create_post(title="Imported", date="2004-02-29 12:00:00")
    mirror.sync()
    assert mirror.differences() == []
    assert mirror.held.rows("posts")[imported]["source_modified_at"].year == 2004
    site.edit_post(ahead, title="Once more")
    site.set_modified(ahead, datetime(2039, 1, 1, tzinfo=UTC))
    mirror.sync()
    assert mirror.differences() == []


def test_a_future_date_of_change_is_not_written_again_and_again(mirror: Mirror) -> None:
    mirror.site.set_modified(mirror.seeded.posts[62], datetime(2039, 6, 1, tzinfo=UTC))
    mirror.sync()
    before = mirror.held.stamps()
    mirror.sync()
    assert mirror.held.stamps() == before


def test_the_trash_is_a_status_and_coming_back_makes_a_draft(mirror: Mirror) -> None:
    site, (post, other) = mirror.site, mirror.seeded.posts[80:82]
    page, event = mirror.seeded.pages[12], mirror.seeded.eventos[0]
    before = mirror.held.tombstones()
    for wp_id in (post, other, page, event):
        site.trash(wp_id)
    mirror.sync()
    assert mirror.differences() == []
    assert mirror.held.rows("posts")[post]["status"] == "trash"
    site.untrash(post)
    site.untrash(page)
    mirror.sync()
    assert mirror.differences() == []
    back = mirror.held.rows("posts")[post]
    assert (back["status"], back["published_at"]) == ("draft", None)
    assert mirror.held.tombstones() == before


def test_only_what_was_deleted_for_good_gets_a_tombstone(mirror: Mirror) -> None:
    site, seeded, before = mirror.site, mirror.seeded, mirror.held.tombstones()
    gone = {("posts", seeded.posts[100]), ("posts", seeded.eventos[2]), ("pages", seeded.pages[-1])}
    site.trash(seeded.posts[100])
    for _, wp_id in gone:
        site.delete(wp_id)
    counts = mirror.sync()
    assert mirror.differences() == []
    assert mirror.held.tombstones() - before == gone
    assert total(counts, "deleted") == 3


def test_hiding_a_post_changes_its_status_only(mirror: Mirror) -> None:
    site, (private, draft, pending, later) = mirror.site, mirror.seeded.posts[120:124]
    before = mirror.held.tombstones()
    site.make_private(private)
    site.edit_post(draft, status="draft")
    site.edit_post(pending, status="pending")
    site.edit_post(later, status="future", date="2041-01-01 10:00:00")
    mirror.sync()
    assert mirror.differences() == []
    posts = mirror.held.rows("posts")
    statuses = [posts[post]["status"] for post in (private, draft, pending, later)]
    assert statuses == ["private", "draft", "pending", "future"]
    assert mirror.held.tombstones() == before


def test_new_records_are_created(mirror: Mirror) -> None:
    site = mirror.site
    parent = site.create_term("Nova categoria")
    child = site.create_term("Filha", parent=parent, description="d")
    genre = site.create_term("Forró", "genero")
    image = site.add_media("Nova", caption="<i>L</i>", alt_text="A", parent=mirror.seeded.posts[0])
    site.add_media("Sem arquivo", file=False)
    page = site.create_post(type="page", title="Nova página", menu_order=3)
    site.create_post(type="page", title="Subpágina", parent=page)
    post = site.create_post(terms={"category": [child]}, acf={"foto": image, "vazio": ""})
    site.create_post(type="eventos", title="Show", terms={"genero": [genre]}, status="private")
    counts = mirror.sync()
    assert mirror.differences() == []
    created = {stream: count.created for stream, count in counts.items()}
    assert created == {"terms": 3, "media": 2, "pages": 2, "posts": 2}
    assert mirror.held.rows("posts")[post]["acf"] == {"foto": image, "vazio": None}


def test_deleted_terms_and_media_get_tombstones(mirror: Mirror) -> None:
    site, before = mirror.site, mirror.held.tombstones()
    parent, image = site.create_term("Passageira"), site.add_media("Passageira")
    child = site.create_term("Herdeira", parent=parent)
    mirror.sync()
    assert mirror.differences() == []
    site.delete_term(parent)
    site.delete(image)
    mirror.sync()
    assert mirror.differences() == []
    assert mirror.held.tombstones() - before == {("terms", parent), ("media", image)}
    assert mirror.held.rows("terms")[child]["parent_wp_id"] is None


def test_a_nul_in_a_text_is_dropped_and_nothing_else(mirror: Mirror) -> None:
    post = mirror.site.create_post(title="Nul")
    content = "CONCAT('a', CHAR(0), 'b')"
    mirror.site.database.execute(f"UPDATE wp_posts SET post_content = {content} WHERE ID = {post};")  # noqa: S608
    counts = mirror.sync()
    assert mirror.differences() == []
    assert mirror.held.rows("posts")[post]["content"] == "ab"
    assert counts["posts"].repaired > 0


def test_another_time_zone_loses_nothing_and_writes_nothing_twice(mirror: Mirror) -> None:
    site, before, zone = mirror.site, mirror.held.tombstones(), mirror.site.timezone
    site.set_timezone("Asia/Kathmandu")
    site.edit_post(mirror.seeded.posts[140], title="Edited in Kathmandu")
    counts = mirror.sync()
    assert mirror.differences() == []
    assert total(counts, "updated") == len(dated_by_offset(site)) + 1
    stamps = mirror.held.stamps()
    mirror.sync()
    assert mirror.held.stamps() == stamps
    site.set_timezone(zone)
    site.edit_post(mirror.seeded.posts[141], title="Edited back home")
    mirror.sync()
    assert mirror.differences() == []
    assert mirror.held.tombstones() == before


def test_what_moves_no_date_arrives_with_a_full_sync(mirror: Mirror) -> None:
    site, seeded = mirror.site, mirror.seeded
    acf, image, terms, sticky, moved, event = seeded.posts[160:165] + seeded.eventos[6:7]
    site.update_acf(acf, {"preco": 12, "galeria": [], "cta": {"url": ""}, "lista": [False, ""]})
    site.update_acf(seeded.pages[4], {"destaque": True})
    site.update_acf(seeded.media[4], {"credito": "Ana"})
    site.update_term_acf(seeded.categories[4], {"cor": "azul"})
    site.set_featured(image, seeded.media[8])
    site.set_terms(terms, "category", seeded.categories[:3])
    site.set_terms(event, "genero", [])
    site.set_sticky(sticky)
    site.update_meta(moved, "_wp_page_template", "templates/larga.php")
    site.delete_term(seeded.categories[1])
    site.delete(seeded.media[2])
    mirror.sync(full=True)
    assert mirror.differences() == []
    assert mirror.held.rows("posts")[acf]["acf"] == {
        "preco": 12,
        "galeria": None,
        "cta": {"url": None},
        "lista": [False, ""],
    }


def dated_by_offset(site: WordPressSite) -> list[Row]:
    """Drafts, for the most part: WordPress computes when they changed from today's offset."""
    zero = "'0000-00-00 00:00:00'"
    where = f"WHERE post_modified_gmt = {zero} AND post_modified <> {zero}"
    types = "post_type IN ('post', 'page', 'eventos') AND post_status <> 'auto-draft'"
    return site.database.rows("wp_posts", "ID", f"{where} AND {types}")
