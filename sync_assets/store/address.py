"""Where a database is and who connects, as DATABASE_URL says it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode

import psycopg

from sync_assets.core.errors import OperatorMustAct

# More patient than the standard: generated passwords have slashes and question marks in them.
_URL = re.compile(
    r"(?P<scheme>\w+)(?:\+\w+)?://(?:(?P<user>[^:/?]*)(?::(?P<password>[^@]*))?@)?"
    r"(?:\[(?P<ipv6>[^/?\]]+)\]|(?P<host>[^:@/?]*))(?::(?P<port>\d+))?"
    r"(?:/(?P<name>[^?]*))?(?:\?(?P<options>.*))?"
)
_SCHEMES = {"postgresql", "postgres"}
_SECRETS = {"password", "sslpassword"}  # as options
_NETWORK: Mapping[str, int] = MappingProxyType(
    {
        # A server that vanished without a word is noticed within half a minute.
        "connect_timeout": 10,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 30_000,  # milliseconds
    }
)


@dataclass(frozen=True, slots=True)
class Address:
    """A database's address; its password shows in no repr."""

    user: str
    password: str | None
    host: str | None
    port: int | None
    name: str
    options: Mapping[str, str]

    @classmethod
    def parse(cls, url: str) -> "Address":
        """The address in a URL, whatever driver it names; raises `OperatorMustAct`."""
        found = _URL.fullmatch(url.strip())
        given = parse_qs((found and found["options"]) or "", keep_blank_values=True)
        if found is None or not all(name.isidentifier() for name in given):
            raise OperatorMustAct(
                "DATABASE_URL cannot be read. It looks like "
                "postgresql://user:password@host/database."
            )
        if found["scheme"] not in _SCHEMES:
            raise OperatorMustAct(
                f"DATABASE_URL names {found['scheme']}; only PostgreSQL is supported."
            )
        return cls(
            user=unquote(found["user"] or ""),
            password=None if found["password"] is None else unquote(found["password"]),
            host=found["ipv6"] or found["host"] or None,
            port=int(found["port"]) if found["port"] else None,
            name=found["name"] or "",
            options={name: ",".join(values) for name, values in _by_host(given).items()},
        )

    def __repr__(self) -> str:
        return f"Address({self.shown!r})"

    @property
    def shown(self) -> str:
        """It as a URL, without the password."""
        hidden = None if self.password is None else "***"
        secrets = dict.fromkeys(_SECRETS & self.options.keys(), "***")
        return replace(self, password=hidden).url(**secrets)

    def url(self, driver: str = "", **options: str) -> str:
        """It as a URL, for a driver such as `psycopg2`, with some options changed."""
        scheme = f"postgresql+{driver}" if driver else "postgresql"
        secret = "" if self.password is None else ":" + quote(self.password, safe="*")
        user = f"{quote(self.user, safe='')}{secret}@" if self.user or secret else ""
        host = f"[{self.host}]" if ":" in (self.host or "") else self.host or ""
        port = "" if self.port is None else f":{self.port}"
        query = urlencode({**self.options, **options}, safe="*,/", quote_via=quote)
        return f"{scheme}://{user}{host}{port}/{self.name}{'?' if query else ''}{query}"

    def parameters(self, **more: str) -> dict[str, Any]:
        """What libpq is told; the URL's options are stronger than ours, and `more` than both."""
        whole = {
            "user": self.user or None,
            "password": self.password,
            "host": self.host,
            "port": self.port,
            "dbname": self.name or None,
        }
        given = {name: value for name, value in whole.items() if value is not None}
        return {**_NETWORK, **given, **self.options, **more}

    def connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        """A plain connection, for what brings its own ways of reading, such as Alembic."""
        return psycopg.connect(**self.parameters())


def _by_host(options: dict[str, list[str]]) -> dict[str, list[str]]:
    """Each `host=name:port` as libpq has it: all names in `host`, all ports in `port`."""
    pairs = [host.rpartition(":") for host in options.get("host", ())]
    if not pairs or not all(name and port.isdecimal() for name, _, port in pairs):
        return options
    names, ports = [name for name, _, _ in pairs], [port for _, _, port in pairs]
    return {**options, "host": names, "port": ports}
