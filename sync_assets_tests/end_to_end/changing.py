"""A site that its editors change between two syncs, the same way for the same seed."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from sync_assets.demo import DemoSite

_HOUR = timedelta(hours=1)


@dataclass
class SiteTime:
    """The site's clock; it moves only when it is told to."""

    now: datetime = field(default=datetime(2026, 3, 1, 12, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Editors:
    """The people who write on a site.

    Attributes:
        demo: the site.
        time: its clock. An hour passes after each round, so that no change lies in the stretch
            that a sync reads again for safety: what is then read twice is read twice in vain.
        random: decides what they do.
    """

    demo: DemoSite
    time: SiteTime
    random: Random

    def found(self, posts: int) -> None:
        """Fill an empty site."""
        site = self.demo.site
        tags = [site.add("tags", name=f"Assunto {number}") for number in range(40)]
        for number in range(60):
            site.add("media", title=f"Foto {number}", alt_text="Mar")
            site.add("pages", title=f"Página {number}", content="Texto. " * 40)
        for number in range(posts):
            chosen = self.random.sample(tags, 3)
            site.add("posts", title=f"Artigo {number}", content="Texto. " * 300, tags=chosen)
        self.time.now += _HOUR

    def work(self) -> None:
        """Add, edit, bin and delete; also change what moves no modified time."""
        for kind, many in {"posts": 30, "pages": 6, "media": 6}.items():
            for _ in range(many // 2):
                self.demo.site.add(kind, title=f"Novo {self.random.random()}")
            for number in self._some(kind, many):
                self.demo.site.edit(kind, number, title=f"Editado {self.random.random()}")
            for number in self._some(kind, many):
                self.demo.site.edit(kind, number, touch=False, featured_media=number)
            for number in self._some(kind, many // 6):
                self.demo.site.trash(kind, number)
            for number in self._some(kind, many // 4):
                self.demo.site.delete(kind, number)
        self._sort_out()
        self.time.now += _HOUR

    def _sort_out(self) -> None:
        """Terms do not say when they were modified."""
        site = self.demo.site
        site.delete("tags", self._some("tags", 1)[0])
        for number in self._some("tags", 4):
            site.edit("tags", number, name=f"Outro {self.random.random()}")
        new = [site.add("tags", name=f"Novo {self.random.random()}") for _ in range(2)]
        for number in self._some("posts", 10):
            site.edit("posts", number, tags=new)

    def _some(self, kind: str, many: int) -> list[int]:
        return self.random.sample(self.demo.site.ids(kind), many)
