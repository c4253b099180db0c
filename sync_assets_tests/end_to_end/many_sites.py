"""Some sites, each of several tenants with accounts of their own, that note who asks them when."""

import base64
import time
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from sync_assets.bootstrap import Platform
from sync_assets.core.tenants import Credentials, Tenant
from sync_assets.demo import DemoSite
from sync_assets.demo.faults import Fault, slow
from sync_assets.demo.messages import Request, Response

PASSWORD = "pass word pass word pass word"  # noqa: S105 - of invented sites


@dataclass
class Sites:
    """The sites.

    Attributes:
        of: each tenant's site.
        asked: who asked when, in seconds of the epoch.
    """

    of: Mapping[str, DemoSite]
    asked: list[tuple[str, float]] = field(default_factory=list[tuple[str, float]])

    def all(self) -> list[DemoSite]:
        """Each site once."""
        return list(dict.fromkeys(self.of.values()))

    def note(self, request: Request) -> Response | None:
        """Write down who asks; without an account it is only the look for the API's address."""
        kind, _, code = request.headers.get("authorization", "").partition(" ")
        if kind == "Basic":
            name = base64.b64decode(code).decode().partition(":")[0]
            self.asked.append((name, time.time()))
        return None

    def register(self, platform: Platform) -> None:
        """Register the tenants."""
        for name, demo in self.of.items():
            self.join(platform, name, demo)

    def join(self, platform: Platform, name: str, demo: DemoSite) -> str:
        """Register a tenant with an account of its own; gives its id."""
        demo.site.users.add(name, PASSWORD, "administrator")
        account = Credentials(name, PASSWORD)
        platform.tenants.add(Tenant(name, "wordpress", "agency", demo.url, account))
        return name

    def write(self) -> None:
        """Let the editors of each site write something, and change what they wrote before."""
        for site in (demo.site for demo in self.all()):
            for kind in ("posts", "pages", "media"):
                for number in site.ids(kind)[::3]:
                    site.edit(kind, number, title="Mudou")
            tag = site.add("tags", name=f"Assunto {len(site.ids('tags'))}")
            for number in range(12):
                site.add("posts", title=f"Artigo {number}", content="Texto. " * 50, tags=[tag])
            for number in range(4):
                site.add("pages", title=f"Página {number}", content="Texto.")
                site.add("media", title=f"Foto {number}", alt_text="Mar")


@contextmanager
def started(tenants: int, sites: int, *, delay: float) -> Generator[Sites]:
    """Empty sites whose every answer takes `delay` seconds."""
    with ExitStack() as opened:
        demos = [opened.enter_context(DemoSite.start(seed=False)) for _ in range(sites)]
        found = Sites({f"tenant-{n}": demos[n % sites] for n in range(tenants)})
        for demo in demos:
            demo.faults.add(found.note)
            if delay:  # the first fault that answers wins
                demo.faults.add(Fault(slow(delay), times=None))
        yield found
