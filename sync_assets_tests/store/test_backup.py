"""The commands of docs/operating.md bring everything back, whoever owns the database."""

import os
import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from sync_assets.bootstrap import Platform
from sync_assets.demo import DemoSite
from sync_assets.settings import Settings
from sync_assets.store.embedded.binaries import locate
from sync_assets_tests.conftest import register
from sync_assets_tests.store.looking import Owner, one, tenant_tables
from sync_assets_tests.store.new_server import NewServer, upgrade
from sync_assets_tests.store.writing import sync

pytestmark = pytest.mark.postgres

GUIDE = Path(__file__).parents[2] / "docs" / "operating.md"
SECTION = re.compile(r"## Backup and restore\n(.*?)\n## ", re.DOTALL)
CONTENTS = "SELECT md5(string_agg(p::text, ',' ORDER BY wp_id)) FROM cms.wordpress_posts AS p"


@pytest.fixture(scope="module")
def commands() -> list[str]:
    """The guide's: dump, restore, and the dump of an owner who is no superuser."""
    section = SECTION.search(GUIDE.read_text(encoding="utf-8"))
    assert section is not None
    found: list[str] = re.findall(r"```\n(.*?)```", section[1], re.DOTALL)
    assert len(found) == 3
    return found


def shell(command: str, url: str, folder: Path) -> None:
    """Run it as the guide's reader does, who has PostgreSQL's programs and ours."""
    programs = [locate().program("psql").parent, Path(sys.executable).parent, "/usr/bin", "/bin"]
    told = {"PATH": os.pathsep.join(map(str, programs)), "DATABASE_URL": url}
    told |= {"SYNC_ASSETS_HOME": str(folder), "LANG": "C.UTF-8"}
    done = subprocess.run(  # noqa: S603 - the guide's own words
        ["/bin/sh", "-e", "-c", command],
        cwd=folder,
        env=told,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def protected(url: str) -> set[bool]:
    with psycopg.connect(url, autocommit=True) as connection:
        return {table.protected for table in tenant_tables(connection)}


def test_a_database_comes_back_from_its_dump(
    commands: list[str],
    platform: Platform,
    settings: Settings,
    owner: Owner,
    demo_site: DemoSite,
    database_url: str,
    tmp_path: Path,
):
    dump, restore, _ = commands
    register(platform, "acme", demo_site)
    sync(platform, "acme")
    before = one(owner, CONTENTS)
    shell(dump, database_url, tmp_path)
    owner.execute("TRUNCATE cms.wordpress_posts, cms.wordpress_content_terms, sync.checkpoints")
    platform.close()
    shell(restore, database_url, tmp_path)
    assert one(owner, CONTENTS) == before
    assert protected(database_url) == {True}
    with closing(Platform(settings)) as anew:
        again = sync(anew, "acme")
    assert (again.created, again.updated) == (0, 0)


def test_it_goes_into_an_empty_database_too(
    commands: list[str],
    platform: Platform,
    owner: Owner,
    demo_site: DemoSite,
    database_url: str,
    new_server: NewServer,
    tmp_path: Path,
):
    dump, restore, _ = commands
    register(platform, "acme", demo_site)
    sync(platform, "acme")
    shell(dump, database_url, tmp_path)
    other = new_server.database()
    upgrade(other)
    shell(restore, other, tmp_path)
    with psycopg.connect(other) as restored:
        assert one(restored, CONTENTS) == one(owner, CONTENTS)


def test_an_owner_who_is_no_superuser_can_dump_and_restore(
    commands: list[str], new_server: NewServer, demo_site: DemoSite, tmp_path: Path
):
    _, restore, dump = commands
    url = new_server.hosted("CREATEROLE")
    names = {"DATABASE_URL": url, "home": tmp_path, "allow_private_urls": True}
    secret = {"secret_key": "bm90LWEtc2VjcmV0LW9ubHktZm9yLXRoZS10ZXN0cyE="}
    platform = Platform(Settings.model_validate(names | secret))
    register(platform, "acme", demo_site)
    sync(platform, "acme")
    platform.close()
    with psycopg.connect(new_server.administrators(url), autocommit=True) as admin:
        before = one(admin, CONTENTS)
        shell(dump, url, tmp_path)
        assert protected(url) == {True}
        admin.execute("TRUNCATE cms.wordpress_posts")
        shell(restore, url, tmp_path)
        assert protected(url) == {False}
        bind = dump[: dump.index('bind "NO')]
        shell(f"{bind}\nbind FORCE", url, tmp_path)
        assert protected(url) == {True}
        assert one(admin, CONTENTS) == before
