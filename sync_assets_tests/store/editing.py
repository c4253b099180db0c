"""Editors of the CMS, who write into the same rows as the sync."""

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime, timedelta

import psycopg

from sync_assets.demo.messages import Request, Response
from sync_assets_tests.store.looking import Owner, one

LATER = timedelta(minutes=5)


def edit_locally(owner: Owner, key: int, at: datetime | None = None) -> None:
    """An editor's change in the CMS; `at` moves it in time, past the trigger."""
    owner.execute("UPDATE cms.wordpress_posts SET title = 'Local' WHERE wp_id = %s", [key])
    if at is not None:
        with owner.transaction():
            owner.execute("SET LOCAL session_replication_role = replica")  # no triggers
            owner.execute(
                "UPDATE cms.wordpress_posts SET local_modified_at = %s WHERE wp_id = %s", [at, key]
            )


def title(owner: Owner, key: int) -> str:
    return one(owner, "SELECT title FROM cms.wordpress_posts WHERE wp_id = %s", key)


def deleted(owner: Owner, key: int) -> bool:
    query = "SELECT deleted_at IS NOT NULL FROM cms.wordpress_posts WHERE wp_id = %s"
    return one(owner, query, key)


class Meanwhile:
    """Does something once, the moment the site is asked for what this is about."""

    def __init__(self, asked: Callable[[Request], bool], act: Callable[[], object]) -> None:
        self._asked, self._act = asked, act
        self._lock = threading.Lock()
        self.acted = False

    def __call__(self, request: Request) -> Response | None:
        with self._lock:
            if not self.acted and self._asked(request):
                self.acted = True
                self._act()


def reads(route: str) -> Callable[[Request], bool]:
    """Requests for contents by id, which come after the comparison with what the CMS has."""
    return lambda request: request.route == route and "include" in request.params


@contextmanager
def uncommitted_edit(url: str, key: int) -> Generator[psycopg.Connection]:
    """An editor's transaction that holds the row's lock."""
    with psycopg.connect(url) as editor:
        editor.execute("UPDATE cms.wordpress_posts SET title = 'Local' WHERE wp_id = %s", [key])
        yield editor


@contextmanager
def uncommitted_copy(url: str, key: int, copy: int) -> Generator[psycopg.Connection]:
    """An editor's transaction that has brought a post that was made out of another one."""
    with psycopg.connect(url) as editor:
        copy_post(editor, key, copy)
        yield editor


def copy_post(editor: psycopg.Connection, key: int, copy: int) -> None:
    """An editor's new post, made out of another one."""
    query = """
        INSERT INTO cms.wordpress_posts
        SELECT copied.* FROM cms.wordpress_posts AS held, jsonb_populate_record(
          held, jsonb_build_object('wp_id', %s::bigint, 'title', 'Local')) AS copied
        WHERE held.wp_id = %s
    """
    editor.execute(query, [copy, key])


def wait_for_a_blocked_writer(owner: Owner) -> None:
    query = "SELECT count(*) FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0"
    deadline = time.monotonic() + 10
    while not one(owner, query):
        assert time.monotonic() < deadline, "nobody waits for the row"
        time.sleep(0.01)
