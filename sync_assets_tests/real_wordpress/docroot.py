"""One site's document root: Debian's WordPress, with a configuration and content of its own."""

import shutil
from pathlib import Path

from sync_assets_tests.real_wordpress.mariadb import Database
from sync_assets_tests.real_wordpress.processes import StackFailed

WORDPRESS = Path("/usr/share/wordpress")
PLUGIN = Path(__file__).with_name("must_use_plugin.php")

WP_CONFIG = """\
<?php
define('DB_NAME', '{database}');
define('DB_USER', 'root');
define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:{socket}');
define('DB_CHARSET', 'utf8mb4');
define('WP_HOME', '{url}');
define('WP_SITEURL', '{url}');
// Application passwords are refused over http in any other environment.
define('WP_ENVIRONMENT_TYPE', 'local');
// Nothing happens behind the tests' back: scheduled posts stay scheduled, no update is looked for.
define('DISABLE_WP_CRON', true);
define('AUTOMATIC_UPDATER_DISABLED', true);
define('WP_HTTP_BLOCK_EXTERNAL', true);
$table_prefix = 'wp_';
require_once ABSPATH . 'wp-settings.php';
"""


def make_docroot(docroot: Path, database: Database, url: str) -> Path:
    """Makes the folder and gives it back."""
    if not WORDPRESS.is_dir():
        raise StackFailed("wordpress is not installed: run `make test-wordpress`.")
    docroot.mkdir()
    for file in WORDPRESS.glob("*.php"):
        # Copies: PHP resolves links, and wp-load.php takes its own folder for the site's.
        shutil.copyfile(file, docroot / file.name)
    for folder in ("wp-admin", "wp-includes"):
        (docroot / folder).symlink_to(WORDPRESS / folder)
    plugins = docroot / "wp-content" / "mu-plugins"
    plugins.mkdir(parents=True)
    shutil.copyfile(PLUGIN, plugins / PLUGIN.name)
    config = WP_CONFIG.format(database=database.name, socket=database.socket, url=url)
    (docroot / "wp-config.php").write_text(config)
    return docroot
