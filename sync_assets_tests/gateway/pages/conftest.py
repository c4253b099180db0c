"""Somebody in front of the pages, with a browser that runs no script."""

import re
from collections.abc import Callable, Generator
from contextlib import ExitStack
from dataclasses import dataclass

import httpx
import pytest

_TOKEN = re.compile(r'name="token" value="([^"]+)"')


@dataclass(slots=True)
class Person:
    """A browser with its cookies, at the page of one tenant."""

    browser: httpx.Client
    tenant: str

    @property
    def page(self) -> str:
        """The path of the tenant's page."""
        return f"/t/{self.tenant}"

    def see(self, path: str = "", **headers: str) -> httpx.Response:
        """Look at a page."""
        return self.browser.get(self.page + path, headers=headers)

    def token(self, path: str = "") -> str:
        """What the forms of a page bear."""
        found = _TOKEN.search(self.see(path).text)
        assert found is not None
        return found[1]

    def send(
        self,
        path: str,
        fields: dict[str, str | list[str]] | None = None,
        *,
        token: str | None = None,
        origin: str | None = "own",
    ) -> httpx.Response:
        """Send a form of the tenant's page, as a browser does."""
        own = str(self.browser.base_url).rstrip("/")
        headers = {} if origin is None else {"Origin": own if origin == "own" else origin}
        form = {"token": self.token() if token is None else token, **(fields or {})}
        return self.browser.post(self.page + path, data=form, headers=headers)

    def sign_in(self, key: str, **how: str | None) -> httpx.Response:
        """Fill in the form at the door."""
        token = self.token("/sign-in")
        return self.send("/sign-in", {"key": key}, **{"token": token, **how})


AtTheDoor = Callable[[str], Person]
SignedIn = Callable[[str, str], Person]


@pytest.fixture
def at_the_door(address: str) -> Generator[AtTheDoor]:
    """Makes people in front of a tenant's page, each with a browser of their own."""
    with ExitStack() as stack:

        def person(tenant: str) -> Person:
            headers = {"Accept-Language": "en"}
            browser = httpx.Client(base_url=address, headers=headers, timeout=30)
            return Person(stack.enter_context(browser), tenant)

        yield person


@pytest.fixture
def signed_in(at_the_door: AtTheDoor) -> SignedIn:
    """Makes people who have signed in with a key."""

    def person(tenant: str, key: str) -> Person:
        somebody = at_the_door(tenant)
        assert somebody.sign_in(key).status_code == 303
        return somebody

    return person
