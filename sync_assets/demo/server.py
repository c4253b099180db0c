"""The site on a real port: `with DemoSite.start() as demo: requests.get(demo.url)`."""

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import datetime
from functools import partial

from sync_assets.demo.faults import Faults
from sync_assets.demo.listener import listening
from sync_assets.demo.messages import Request, Response
from sync_assets.demo.routes import respond
from sync_assets.demo.seed import fill
from sync_assets.demo.site import PASSWORD, USERNAME, Site
from sync_assets.demo.times import utc_now

_REMEMBERED = 10_000


class DemoSite:
    """A running site: its content (`site`), its troubles (`faults`), what it `received`."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.faults = Faults()
        self.received: deque[Request] = deque(maxlen=_REMEMBERED)
        self.username, self.password = USERNAME, PASSWORD
        self.stopping = threading.Event()

    @property
    def url(self) -> str:
        """The address of the site's front page, without a slash at the end."""
        return self.site.url

    @classmethod
    @contextlib.contextmanager
    def start(
        cls,
        port: int = 0,
        *,
        host: str = "127.0.0.1",
        seed: bool = True,
        clock: Callable[[], datetime] = utc_now,
    ) -> Generator["DemoSite"]:
        """Serves from a thread of this process until the block ends.

        Port 0 takes a free one; `seed=False` starts with an empty site.
        """
        demo = cls(Site(clock=clock))

        def prepare(url: str) -> None:
            demo.site.url = url
            if seed:
                fill(demo.site)

        with listening(demo, host, port, prepare):
            yield demo

    def now(self) -> datetime:
        """The site's time, for the Date header."""
        return self.site.clock()

    def respond(self, request: Request) -> Response:
        """The answer to one request: a fault's, or else the site's."""
        request = replace(request, answer=partial(respond, self.site, request))
        self.received.append(request)
        return self.faults.respond(request) or request.answer()
