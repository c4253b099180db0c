"""php-fpm and nginx in front of the sites' document roots, on ports of 127.0.0.1."""

import os
import signal
from pathlib import Path

from sync_assets_tests.real_wordpress.processes import Server, accepts, program

SYSTEM_USER = "www-data"

FPM_POOL = """\
[global]
daemonize = no
error_log = {folder}/php-fpm.log
[wordpress]
{user}
listen = {folder}/php-fpm.sock
pm = static
pm.max_children = 4
catch_workers_output = yes
php_admin_value[memory_limit] = 256M
php_admin_value[error_log] = {folder}/php.log
php_admin_flag[log_errors] = on
php_admin_flag[display_errors] = off
"""

NGINX = """\
{user}
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 256; }}
http {{
    types {{ text/html html; text/css css; application/javascript js; image/png png; }}
    log_format requests '$status $request_method $request_uri';
    client_body_temp_path {folder}/nginx-body;
    fastcgi_temp_path {folder}/nginx-fastcgi;
    proxy_temp_path {folder}/nginx-proxy;
    scgi_temp_path {folder}/nginx-scgi;
    uwsgi_temp_path {folder}/nginx-uwsgi;
    client_max_body_size 64m;
    gzip on;
    gzip_types application/json;
    include {folder}/sites/*.conf;
}}
"""

NGINX_SITE = """\
server {{
    listen 127.0.0.1:{port};
    root {docroot};
    index index.php;
    access_log {log} requests;
    location / {{ try_files $uri $uri/ /index.php?$args; }}
    location ~ \\.php$ {{
        include /etc/nginx/fastcgi_params;
        fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
        fastcgi_pass unix:{folder}/php-fpm.sock;
        fastcgi_read_timeout 120;
    }}
}}
"""


class Web:
    """Both servers. `folder` holds their configuration, sockets and logs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "sites").mkdir()
        self._php = self._php_server()
        self._nginx = self._nginx_server()
        self.servers = (self._php, self._nginx)

    def wait(self) -> None:
        self._php.wait_for(lambda: accepts(self._folder / "php-fpm.sock"))
        # nginx writes its pid when its configuration is accepted and its signals are handled.
        self._nginx.wait_for((self._folder / "nginx.pid").exists)

    def serve(self, name: str, docroot: Path, port: int) -> Path:
        """Serves a document root on the port; gives the log: `status method uri` a line."""
        log = self._folder / f"{name}.access.log"
        site = NGINX_SITE.format(port=port, docroot=docroot, log=log, folder=self._folder)
        (self._folder / "sites" / f"{name}.conf").write_text(site)
        self._nginx.signal(signal.SIGHUP)
        self._nginx.wait_for(lambda: accepts(("127.0.0.1", port)))
        return log

    def _php_server(self) -> Server:
        as_root = f"user = {SYSTEM_USER}\ngroup = {SYSTEM_USER}\nlisten.owner = {SYSTEM_USER}"
        config = self._folder / "php-fpm.conf"
        user = as_root if os.geteuid() == 0 else ""
        config.write_text(FPM_POOL.format(folder=self._folder, user=user))
        # The logs of PHP itself are opened by the pool's user, who may not create files here.
        (self._folder / "php.log").touch()
        (self._folder / "php.log").chmod(0o666)
        command = [program("php-fpm*"), "--nodaemonize", "--fpm-config", str(config)]
        return Server("php-fpm", command, self._folder / "php-fpm.log")

    def _nginx_server(self) -> Server:
        config = self._folder / "nginx.conf"
        user = f"user {SYSTEM_USER};" if os.geteuid() == 0 else ""
        config.write_text(NGINX.format(folder=self._folder, user=user))
        command = [program("nginx"), "-e", "stderr", "-p", str(self._folder), "-c", str(config)]
        return Server("nginx", command, self._folder / "nginx.log")
