"""What vectors and words find, and that nothing else is found."""

import time

import pytest
from psycopg.sql import SQL, Identifier

from sync_assets.bootstrap import Platform
from sync_assets.store.retrieval_words import COUNTED
from sync_assets_tests.store.looking import Owner, as_nobody, one
from sync_assets_tests.store.searching import Shelf, retrieval_of, shelf

pytestmark = pytest.mark.postgres

EAST, NORTH, NORTHEAST = (1.0, 0.0), (0.0, 1.0), (0.7, 0.7)


@pytest.fixture
def acme(platform: Platform) -> Shelf:
    return shelf(platform)


# By words


def test_a_question_finds_its_words_in_another_form(acme: Shelf):
    acme.post(1, "Opening hours", "We open at nine.")
    acme.post(2, "Horários", "As lojas abrem às nove.")
    acme.post(3, "Contact", "Write to us.")
    assert acme.by_words("When does it open?") == [1]
    assert acme.by_words("horário da loja") == [2]


def test_accents_are_found_whether_written_or_not(acme: Shelf):
    acme.post(1, "Horário da balsa", "Sai às oito.")
    acme.post(2, "Inscricoes", "Ate sexta.")
    acme.post(3, "Other", "None of it.")
    assert acme.by_words("horario") == acme.by_words("horário") == [1]
    assert acme.by_words("inscrições") == acme.by_words("inscricoes") == [2]


def test_numbers_and_codes_are_found_however_they_are_written(acme: Shelf):
    acme.post(1, "Curso NR-35", "Por R$ 1.200,00.")
    acme.post(2, "Edital 45/2026", "Das 8h às 18h.")
    acme.post(3, "Other", "35 of 2026.")
    for question in ("NR 35", "nr35", "R$ 1,200"):
        assert acme.by_words(question)[0] == 1
    assert acme.by_words("edital 45 de 2026")[0] == 2


def test_another_form_of_a_word_says_as_much_as_the_same(acme: Shelf):
    acme.post(1, "One", "A informação.")
    acme.post(2, "Two", "As informações.")
    other, same = (match.score for match in acme.look("informações").by_words)
    assert other == pytest.approx(same, abs=0.02)


def test_a_stop_word_without_its_accent_is_not_looked_for_either(acme: Shelf):
    acme.post(1, "Uma", "Ela está pôr.")
    assert acme.by_words("esta por") == acme.by_words("está pôr") == []


def test_a_rare_word_says_more_than_frequent_ones(acme: Shelf):
    for number in range(1, 20):
        acme.post(number, f"News {number}", "The museum garden is open for the summer season.")
    acme.post(20, "Plants", "A rhododendron.")
    assert acme.by_words("museum garden rhododendron")[0] == 20


def test_one_rare_word_says_more_than_several_frequent_ones_together(acme: Shelf):
    for number in range(1, 20):
        acme.post(number, f"News {number}", "The museum garden is open for the summer season.")
    acme.post(20, "Plants", "A rhododendron.")
    assert acme.by_words("open museum garden summer season rhododendron")[0] == 20


def test_what_the_best_chunk_does_not_say_its_neighbours_say_by_half(acme: Shelf):
    acme.post(1, "One", "The ferry leaves.", "To the island.")
    acme.post(2, "Two", "The ferry leaves.", "Something else.", "To the island.")
    beside, apart = acme.look("ferry island").by_words
    assert (beside.record_id, apart.record_id) == (1, 2)
    assert apart.score / beside.score == pytest.approx(2 / 3, abs=0.01)


def test_a_neighbour_adds_nothing_to_what_is_said_already(acme: Shelf):
    acme.post(1, "One", "The ferry leaves.", "The ferry arrives.")
    acme.post(2, "Two", "The ferry leaves.", "Something else here.")
    scores = [match.score for match in acme.look("ferry").by_words]
    assert scores[0] == pytest.approx(scores[1])


def test_many_matching_chunks_of_one_record_do_not_hide_the_others(acme: Shelf):
    acme.post(1, "Ferry", *(f"The ferry number {number}" for number in range(100)))
    acme.post(2, "Other", "A ferry.")
    assert [match.record_id for match in acme.look("ferry", most=2).by_words] == [1, 2]


def test_the_title_says_more_than_a_heading_and_a_heading_more_than_the_text(acme: Shelf):
    acme.post(1, "Something", "Here the harvest.")
    acme.post(2, "Something", "Harvest::Here then.")
    acme.post(3, "Harvest", "Here then.")
    assert acme.by_words("harvest") == [3, 2, 1]


def test_a_short_text_about_it_comes_before_a_long_one_that_mentions_it(acme: Shelf):
    acme.post(1, "One", "The ferry leaves " + " ".join(f"word{n}" for n in range(200)))
    acme.post(2, "Two", "The ferry leaves")
    assert acme.by_words("ferry") == [2, 1]


def test_the_score_is_the_share_of_the_question_that_is_said(acme: Shelf):
    acme.post(1, "Ferry", "To the island.")
    acme.post(2, "Other", "None of it.")
    few, all_ = (acme.look(asked).by_words[0].score for asked in ("ferry zzz yyy xxx", "ferry"))
    assert 0 < 2 * few < all_ <= 1


def test_what_is_a_stop_word_in_one_language_is_not_looked_for_in_the_other(acme: Shelf):
    acme.post(1, "The", "And for the of with.")
    acme.post(2, "Uma", "Não é para os que foram.")
    for question in ("for the and of with", "não para os que", "o que the of"):
        assert acme.by_words(question) == []


def test_a_tenant_of_one_language_has_its_stop_words_only(platform: Platform):
    german = shelf(platform, languages=["german"])
    german.post(1, "Die Fähre", "Sie fährt zu den Inseln.")
    assert german.by_words("Fähren der Insel") == [1]
    assert german.by_words("der die das") == []


@pytest.mark.parametrize(
    "question",
    [
        *("", "'", "''", "\\", "\\'", "a' | 'b", "ferry & !island", "ferry <-> x", "!!ferry", "%"),
        *(":*", "ferry:A", "(((", ":set", ":tenant", "%(tenant)s", "--", "; DROP TABLE x", "é́"),
        *("https://x.invalid/a?b=c&d='", "o'neill", "R$ 1.000,00", "\u202e\u2028", "🛳️", "a\tb\n"),
        "x" * 10_000,
        "ferry " * 1_600,
        " ".join(f"word{number}" for number in range(1_200)),
    ],
)
def test_no_question_is_an_error_of_sql(acme: Shelf, question: str):
    acme.post(1, "O'Neill's \\ ferry", "'quoted' | & ! :* \\'")
    acme.look(question, EAST)


def test_operators_are_words_like_others(acme: Shelf):
    acme.post(1, "Ferry", "It goes to the island.")
    for question in ("ferry & !island", "!ferry", "ferry <-> nothing", "ferry | (", "'ferry'"):
        assert acme.by_words(question) == [1]


def test_an_apostrophe_or_backslash_is_found(acme: Shelf):
    acme.post(1, "C:\\temp\\o'neill.txt", "A file.")
    assert acme.by_words("C:\\temp\\o'neill.txt") == [1]


# By vector


def test_the_nearest_come_first_each_record_once_by_its_best_chunk(acme: Shelf):
    near = {"far": NORTH, "near": EAST, "between": NORTHEAST}
    acme.post(1, "One", "far", "not embedded", "near", vectors=near)
    acme.post(2, "Two", "between", vectors=near)
    found = acme.look("", EAST).by_vector
    assert [(match.record_id, match.text) for match in found] == [(1, "near"), (2, "between")]
    assert [match.score for match in found] == pytest.approx([1, 0.7071], abs=0.001)


def test_a_chunk_is_read_in_its_place_with_its_title_and_neighbours(acme: Shelf):
    near = {"alone": EAST, "here": NORTHEAST, "beside": NORTHEAST, "off": NORTH, "Topic": EAST}
    acme.post(1, "Another", "alone", "off", vectors=near)
    acme.post(2, "Topic", "here", "beside", vectors=near)
    found = {match.record_id: match.score for match in acme.look("", EAST).by_vector}
    assert found == pytest.approx({1: 1 / 1.5, 2: (0.7071 + (1 + 0.7071) / 4) / 1.5}, abs=0.001)


def test_a_title_alone_which_is_near_to_everything_does_not_hide_a_text(acme: Shelf):
    near = {"Ferry": EAST, "text": NORTHEAST}
    acme.post(1, "Ferry", vectors=near)
    acme.post(2, "Two", "text", vectors=near)
    acme.post(3, "Ferry", "no vector yet", vectors=near)
    found = acme.look("", EAST).by_vector
    assert [(match.record_id, match.text) for match in found] == [(2, "text"), (1, "Ferry")]


def test_a_record_without_a_title_is_found_by_its_first_chunk(acme: Shelf):
    acme.post(1, "", "first", vectors={"first": EAST})
    with acme.platform.database.as_tenant("acme") as connection:
        connection.execute("DELETE FROM cms.chunks WHERE position = 0")
        connection.execute("UPDATE cms.chunks SET position = 0")
    assert [match.score for match in acme.look("", EAST).by_vector] == pytest.approx([1], abs=0.001)


def test_records_that_say_the_same_are_all_found(acme: Shelf):
    for number in range(1, 6):
        acme.post(number, f"Title {number}", "imprint", vectors={"imprint": EAST})
    assert acme.by_vector(*EAST) == [1, 2, 3, 4, 5]


def test_chunks_without_a_vector_are_found_by_words(acme: Shelf):
    acme.post(1, "New", "not embedded yet")
    assert acme.by_vector(*EAST) == []
    assert acme.by_words("embedded") == [1]


def test_a_record_of_very_many_near_chunks_does_not_hide_the_others(acme: Shelf):
    texts = [f"text {number}" for number in range(500)]
    acme.post(1, "Long", *texts, vectors=dict.fromkeys(texts, EAST))
    acme.post(2, "Short", "other", vectors={"other": NORTH})
    assert acme.by_vector(*EAST, most=4) == [1, 2]


# What may be found


def test_a_hit_says_where_it_is_and_what_brought_it(acme: Shelf):
    acme.post(
        7, "Tom &amp; Jerry", "Cats: Mice::They run.", vectors={"Cats: Mice::They run.": EAST}
    )
    for match in (acme.look("run").by_words[0], acme.look("", EAST).by_vector[0]):
        assert (match.record, match.position) == (("wp_post", 7), 1)
        assert (match.title, match.heading, match.text) == (
            "Tom & Jerry",
            "Cats: Mice",
            "They run.",
        )
        assert (match.link, match.sync_id) == ("http://demo.invalid/7", acme.sync_id)


def test_what_was_trashed_or_hidden_a_second_ago_is_not_found(acme: Shelf, owner: Owner):
    known = {"ferry": EAST}
    for number in range(1, 6):
        acme.post(number, f"Title {number}", "ferry", vectors=known)
    owner.execute("UPDATE cms.wordpress_posts SET deleted_at = now() WHERE wp_id = 2")
    owner.execute("UPDATE cms.wordpress_posts SET status = 'private' WHERE wp_id = 3")
    owner.execute("UPDATE cms.wordpress_posts SET password_protected = true WHERE wp_id = 4")
    owner.execute("DELETE FROM cms.wordpress_posts WHERE wp_id = 5")
    assert acme.by_words("ferry") == acme.by_vector(*EAST) == [1]


def test_a_tenant_may_wish_to_find_what_is_not_public_but_never_what_is_deleted(
    acme: Shelf, owner: Owner
):
    acme.post(1, "Draft", "ferry", status="draft", vectors={"ferry": EAST})
    acme.post(2, "Secret", "ferry", password=True)
    acme.post(3, "Gone", "ferry")
    owner.execute("UPDATE cms.wordpress_posts SET deleted_at = now() WHERE wp_id = 3")
    sides = acme.look("ferry", EAST, unpublished=True)
    for side in (sides.by_words, sides.by_vector):
        assert sorted(match.record_id for match in side) == [1, 2]


def test_hidden_records_that_are_nearer_do_not_hide_what_may_be_found(acme: Shelf):
    for number in range(1, 301):
        acme.post(
            number, f"Draft {number}", f"t{number}", status="draft", vectors={f"t{number}": EAST}
        )
    acme.post(301, "Public", "public", vectors={"public": NORTH})
    assert acme.by_vector(*EAST, most=5) == [301]


def test_only_the_types_that_were_asked_for(acme: Shelf):
    acme.post(1, "Post", "ferry", vectors={"ferry": EAST})
    acme.post(1, "Page", "ferry", vectors={"ferry": EAST}, page=True)
    for types, found in {
        ("wp_page",): ["wp_page"],
        ("wp_post",): ["wp_post"],
        (): ["wp_page", "wp_post"],
        ("wp_post", "wp_page"): ["wp_page", "wp_post"],
    }.items():
        sides = acme.look("ferry", EAST, types)
        for side in (sides.by_words, sides.by_vector):
            assert sorted(match.source_type for match in side) == found


def test_no_more_records_than_were_asked_for(acme: Shelf):
    for number in range(1, 10):
        acme.post(number, "Ferry", f"ferry {number}", vectors={f"ferry {number}": EAST})
    sides = acme.look("ferry", EAST, most=4)
    assert (len(sides.by_words), len(sides.by_vector)) == (4, 4)


def test_a_tenant_never_finds_what_is_anothers(platform: Platform, acme: Shelf):
    theirs = shelf(platform, "globex")
    theirs.post(1, "Secret recipe", "ferry", vectors={"ferry": EAST})
    acme.post(2, "Ours", "other", vectors={"other": NORTH})
    assert acme.by_words("secret recipe ferry") == []
    assert acme.by_vector(*EAST) == [2]
    searched = retrieval_of(platform, "globex").newest()
    assert searched is not None
    assert retrieval_of(platform, "acme").look(searched, "ferry", EAST, (), 5) is None


# Sets


def test_the_live_set_is_searched_while_another_one_is_in_the_making(platform: Platform):
    old = shelf(platform)
    old.post(1, "Old", "ferry")
    shelf(platform, live=False, model="better", dimension=3)
    found = retrieval_of(platform, "acme").newest()
    assert found is not None
    assert (found.id, found.complete) == (old.set_id, True)
    assert old.by_words("ferry") == [1]


def test_the_first_set_is_searched_while_it_is_in_the_making(platform: Platform):
    first = shelf(platform, live=False)
    first.post(1, "New", "ferry")
    found = retrieval_of(platform, "acme").newest()
    assert found is not None
    assert not found.complete
    assert first.by_words("ferry") == [1]


def test_a_set_that_was_replaced_meanwhile_is_not_searched(platform: Platform, owner: Owner):
    shelf(platform)
    retrieval = retrieval_of(platform, "acme")
    searched = retrieval.newest()
    assert searched is not None
    owner.execute("UPDATE sync.embedding_sets SET live = false")
    shelf(platform, model="better")
    assert retrieval.look(searched, "ferry", EAST, (), 5) is None


def test_nothing_embedded_is_no_set(platform: Platform):
    assert retrieval_of(platform, "acme").newest() is None


# Large sets, which have indexes


def index(shelf: Shelf, owner: Owner) -> None:
    names = [Identifier(f"{what}_of_{shelf.set_id}") for what in ("vectors", "words")]
    owner.execute(
        SQL(
            "CREATE INDEX {} ON cms.vectors USING hnsw ((embedding::halfvec(2)) halfvec_cosine_ops)"
            " WHERE set_id = {}"
        ).format(names[0], shelf.set_id)
    )
    statement = "CREATE INDEX {} ON cms.chunks USING gin (search) WHERE set_id = {}"
    owner.execute(SQL(statement).format(names[1], shelf.set_id))
    owner.execute("UPDATE sync.embedding_sets SET indexed = true WHERE id = %s", [shelf.set_id])


def many(shelf: Shelf, owner: Owner, count: int) -> None:
    """Posts of two chunks each, all with frequent words, each 100th with a rare one."""
    owner.execute(
        """
        INSERT INTO cms.wordpress_posts (tenant_id, wp_id, type, status, title, slug, link, content,
          excerpt, template, sticky, password_protected, is_raw, content_hash, synced_at, synced_by)
        SELECT %s, n, 'post', 'publish', 'Post ' || n, '', '', '', '', '', false, false, true,
          '\\x00000000000000000000000000000000', now(), gen_random_uuid()
        FROM generate_series(1, %s) n
        """,
        [shelf.tenant, count],
    )
    owner.execute(
        """
        INSERT INTO cms.chunks SELECT %(tenant)s, %(set)s, 'wp_post', n, position, '', 'text',
          decode(md5(n || '/' || position), 'hex'),
          setweight(to_tsvector('simple',
            concat('ship sea ', n, CASE WHEN n %% 100 = 0 THEN ' whale' END)), 'C'),
          gen_random_uuid()
        FROM generate_series(1, %(count)s) n, generate_series(0, 1) position
        """,
        {"tenant": shelf.tenant, "set": shelf.set_id, "count": count},
    )
    owner.execute(
        """
        INSERT INTO cms.vectors SELECT tenant_id, set_id, hash,
          ARRAY[cos(angle), sin(angle)]::real[]::halfvec
        FROM cms.chunks, LATERAL (
          SELECT CASE WHEN record_id <= 5 THEN record_id * 0.1 ELSE 1 + record_id * 0.0001 END
            AS angle) AS turned WHERE set_id = %s
        """,
        [shelf.set_id],
    )
    owner.execute("ANALYZE cms.chunks, cms.vectors, cms.wordpress_posts")


@pytest.fixture
def large(platform: Platform, owner: Owner) -> Shelf:
    large = shelf(platform, languages=["simple"])
    many(large, owner, COUNTED)
    index(large, owner)
    return large


def test_an_indexed_set_finds_rare_words_among_frequent_ones(large: Shelf):
    assert large.by_words("ship sea 4711 whale")[0] == 4711
    assert all(found % 100 == 0 for found in large.by_words("ship whale"))
    assert large.by_words("leviathan") == []
    assert len(large.by_words("ship sea")) == 20  # too many have both: some of them


def test_an_indexed_set_is_searched_by_its_indexes(large: Shelf, owner: Owner):
    large.look("ship 4711", EAST)
    large.platform.database.close()  # a backend reports what it counted when it ends, soon after
    query = """
        SELECT coalesce(min(idx_scan), 0) FROM pg_stat_user_indexes WHERE indexrelname = ANY(%s)
    """
    names = [f"{what}_of_{large.set_id}" for what in ("words", "vectors")]
    until = time.monotonic() + 10
    while not (used := one(owner, query, names)) and time.monotonic() < until:
        time.sleep(0.05)
    assert used


def test_an_indexed_set_finds_the_nearest(large: Shelf):
    assert large.by_vector(*EAST)[:5] == [1, 2, 3, 4, 5]


def test_the_index_of_words_shows_a_tenant_its_own_chunks_only(large: Shelf, owner: Owner):
    query = "SELECT count(*) FROM cms.chunks_with(%(set)s, 'ship', 100000)"
    for tenant, found in {large.tenant: 2 * COUNTED, "globex": 0, "": 0}.items():
        with large.platform.database.as_tenant(tenant) as connection:
            assert connection.execute(query, {"set": large.set_id}).scalar_one() == found
    with as_nobody(large.platform.database) as connection:
        assert connection.execute(query, {"set": large.set_id}).scalar_one() == 0
    for role, allowed in {"sync_assets_sync": True, "sync_assets_control": False}.items():
        right = "SELECT has_function_privilege(%s, 'cms.chunks_with(bigint,tsquery,integer)', \
            'EXECUTE')"
        assert one(owner, right, role) is allowed
