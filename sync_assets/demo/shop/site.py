"""The shop on a real port: `with ShopSite.start() as site: requests.post(site.graphql, …)`."""

import contextlib
import mmap
import re
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Generator
from dataclasses import replace
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import cast
from urllib.parse import parse_qs

import orjson

from sync_assets.demo.faults import Faults
from sync_assets.demo.listener import listening
from sync_assets.demo.messages import Request, Response
from sync_assets.demo.shop.api.answers import Answers
from sync_assets.demo.shop.api.contract import Contract, contract
from sync_assets.demo.shop.api.cost import Scale, scaled
from sync_assets.demo.shop.api.fields import equip
from sync_assets.demo.shop.api.schema_file import VERSION, default_cache
from sync_assets.demo.shop.api.types.roots import served
from sync_assets.demo.shop.apps import READ_ALL, App, Apps
from sync_assets.demo.shop.budget import PLANS, Bucket, Ledger
from sync_assets.demo.shop.bulk.operations import BulkOperations
from sync_assets.demo.shop.data.desk import Desk
from sync_assets.demo.shop.data.shop import Shop
from sync_assets.demo.shop.data.sizes import Sizes
from sync_assets.demo.times import utc_now

GRAPHQL = f"/admin/api/{VERSION}/graphql.json"
OAUTH = "/admin/oauth/access_token"
_BULK = re.compile(r"/bulk/(\d+)\.jsonl")
_REMEMBERED = 10_000
_BAD_TOKEN = "[API] Invalid API key or access token (unrecognized login or wrong password)"  # noqa: S105
_EXPIRED = "<?xml version='1.0'?><Error><Code>ExpiredToken</Code></Error>"


class ShopSite:
    """A running shop: what it holds (`shop`), how to change it (`desk`), what it lets apps do.

    Attributes:
        app: the app whose `token`, `client_id` and `client_secret` a client is given.
        apps: all of them; `install` another, `end` a token.
        ledger: what every request cost, and which were throttled.
        bulk: the bulk operations and their `knobs`.
        faults: troubles between a client and the shop.
        scale: how a connection's size counts for its cost.
    """

    def __init__(
        self,
        shop: Shop,
        equipped: Contract,
        folder: Path,
        rate: float,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self.shop, self.desk = shop, Desk(shop)
        self.faults, self.ledger = Faults(), Ledger()
        self.received: deque[Request] = deque(maxlen=_REMEMBERED)
        self.bulk = BulkOperations(equipped.schema, folder)
        self.scale: Scale = scaled
        self.apps = Apps(shop)
        self.rate, self._ticks = rate, ticks
        self.app = self.install("sync")
        self.url = ""
        self.stopping = threading.Event()
        self._answers = Answers(shop, equipped.schema, self.bulk)

    @classmethod
    @contextlib.contextmanager
    def start(  # noqa: PLR0913 - each may be left out
        cls,
        port: int = 0,
        *,
        host: str = "127.0.0.1",
        sizes: Sizes | None = None,
        clock: Callable[[], datetime] = utc_now,
        ticks: Callable[[], float] = time.monotonic,
        rate: float = PLANS["standard"],
        cache: Path | None = None,
    ) -> Generator["ShopSite"]:
        """Serves from threads of this process until the block ends. Port 0 takes a free one.

        Args:
            port: where to listen.
            host: on which of the machine's addresses.
            sizes: how much the shop holds.
            clock: the shop's time; tests move it to end tokens and URLs.
            ticks: the clock of the budget, in seconds.
            rate: points a second; the bucket holds twenty times as many.
            cache: where the published schema is kept, or is put when npm has fetched it.

        Raises:
            SchemaUnavailable: the schema is not in the cache and cannot be fetched.
        """
        equipped = _equipped(cache or default_cache())
        with tempfile.TemporaryDirectory(prefix="sync-assets-shop-") as folder:
            site = cls(Shop(sizes, clock), equipped, Path(folder), rate, ticks)
            with listening(site, host, port, site.move_to):
                try:
                    yield site
                finally:
                    site.stopping.set()
                    site.bulk.close()

    def move_to(self, url: str) -> None:
        """Learns its address, which the results of bulk operations are under."""
        self.url = self.bulk.base_url = url

    @property
    def graphql(self) -> str:
        """The address of the Admin API."""
        return f"{self.url}{GRAPHQL}"

    @property
    def token(self) -> str:
        """The static token of the app."""
        return self.app.token

    def install(self, name: str, scopes: Collection[str] = READ_ALL) -> App:
        """Installs another app, with a budget of its own."""
        return self.apps.install(name, Bucket(name, self.rate, self.ledger, self._ticks), scopes)

    def now(self) -> datetime:
        """The shop's time, for the Date header."""
        return self.shop.now()

    def respond(self, request: Request) -> Response:
        """The answer to one request: a fault's, or else the shop's."""
        request = replace(request, answer=partial(self._answer, request))
        self.received.append(request)
        return self.faults.respond(request) or request.answer()

    def _answer(self, request: Request) -> Response:
        if request.method == "POST" and request.path == OAUTH:
            return self._grant(request)
        if request.method == "POST" and request.path == GRAPHQL:
            app = self.apps.holder(request.headers.get("x-shopify-access-token", ""))
            if app is None:
                return Response.json({"errors": _BAD_TOKEN}, 401)
            answer = self._answers.respond(app, request.body, self.scale)
            return answer.with_headers({"X-Shopify-API-Version": VERSION})
        if found := _BULK.fullmatch(request.path):
            return self._download(int(found[1]), request.params.get("signature", ""))
        return Response.json({"errors": "Not Found"}, 404)

    def _grant(self, request: Request) -> Response:
        fields = _form(request)
        if fields.get("grant_type") != "client_credentials":
            return _oauth_error("unsupported_grant_type", "The grant type is not supported.")
        client_id = fields.get("client_id", "")
        granted = self.apps.grant(client_id, fields.get("client_secret", ""))
        if granted is None and self.apps.knows(client_id):
            return _oauth_error("invalid_client", "The client secret is not the app's.")
        if granted is None:
            return _oauth_error("application_cannot_be_found", "No app has this client id.")
        token, app = granted
        scope = ",".join(sorted(app.scopes))
        return Response.json({"access_token": token, "scope": scope, "expires_in": 86_399})

    def _download(self, number: int, key: str) -> Response:
        path = self.bulk.file(number, key)
        if path is None:
            return Response(400, _EXPIRED.encode(), {"Content-Type": "application/xml"})
        return Response(200, _mapped(path), {"Content-Type": "application/jsonl"})


@lru_cache(maxsize=1)
def _equipped(cache: Path) -> Contract:
    """The schema with its resolvers, which know no shop: every site of a process shares it."""
    published = contract(cache)
    equip(published, served(published.access))
    return published


def _mapped(path: Path) -> bytes:
    """A file's content, which the kernel reads as it is sent: it may be larger than memory."""
    if not path.stat().st_size:
        return b""
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return cast("bytes", memoryview(mapped))


def _form(request: Request) -> dict[str, str]:
    """The fields of a form, or of a JSON object: Shopify takes both."""
    if "json" in request.headers.get("content-type", ""):
        with contextlib.suppress(orjson.JSONDecodeError):
            return {key: str(value) for key, value in orjson.loads(request.body).items()}
    return {key: values[-1] for key, values in parse_qs(request.body.decode()).items()}


def _oauth_error(code: str, description: str) -> Response:
    return Response.json({"error": code, "error_description": description}, 400)
