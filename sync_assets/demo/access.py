"""Who is asking, and what WordPress lets them see."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sync_assets.demo.kinds import PostType
from sync_assets.demo.rows import Entry

_READER = frozenset({"read"})
_AUTHOR = _READER | {
    "edit_posts", "edit_published_posts", "publish_posts", "delete_posts", "upload_files",
}  # fmt: skip
_EDITOR = _AUTHOR | {
    "edit_others_posts", "edit_private_posts", "read_private_posts",
    "edit_pages", "edit_others_pages", "edit_published_pages", "edit_private_pages",
    "read_private_pages", "publish_pages",
    "manage_categories", "moderate_comments", "unfiltered_html",
}  # fmt: skip
_ADMINISTRATOR = _EDITOR | {"manage_options", "edit_theme_options", "edit_users", "list_users"}
_CAPABILITIES = {
    "subscriber": _READER, "author": _AUTHOR, "editor": _EDITOR, "administrator": _ADMINISTRATOR,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Visitor:
    """The person behind a request. Nobody logged in has id 0 and no capabilities."""

    id: int = 0
    name: str = ""
    role: str = ""
    capabilities: frozenset[str] = frozenset()

    def can(self, capability: str) -> bool:
        """Whether this visitor has a capability, such as `edit_others_posts`."""
        return capability in self.capabilities

    @property
    def refusal(self) -> int:
        """The status of a refusal: 401 when nobody is logged in, 403 otherwise."""
        return 403 if self.id else 401

    def may_edit(self, entry: Entry, kind: PostType) -> bool:
        """WordPress's `edit_post` capability for one entry."""
        own = entry.author == self.id
        return self.can(f"edit_{kind.rights}") and (own or self.can(f"edit_others_{kind.rights}"))

    def may_read_private(self, entry: Entry, kind: PostType) -> bool:
        """Whether an entry that is not public may be read."""
        if entry.status == "private" and self.can(f"read_private_{kind.rights}"):
            return True
        return self.may_edit(entry, kind)


NOBODY = Visitor()


@dataclass(frozen=True, slots=True)
class User:
    """An account; without an application password it cannot log in through REST."""

    visitor: Visitor
    display_name: str
    password: str | None = field(default=None, repr=False)


class Users:
    """The accounts, by login name."""

    def __init__(self) -> None:
        self._by_name: dict[str, User] = {}

    def add(
        self, name: str, password: str | None, role: str, display_name: str | None = None
    ) -> int:
        """Adds an account and returns its id. Roles: administrator, editor, author, subscriber."""
        visitor = Visitor(len(self._by_name) + 1, name, role, _CAPABILITIES[role])
        self._by_name[name] = User(visitor, display_name or name, password)
        return visitor.id

    def revoke(self, name: str) -> None:
        """Takes the application password away; the account stays."""
        self._by_name[name] = replace(self._by_name[name], password=None)

    def get(self, name: str) -> User:
        """The account, or KeyError."""
        return self._by_name[name]

    def authenticate(self, headers: Mapping[str, str]) -> Visitor:
        """Who sent these headers. Bad credentials make nobody, not an error, as in WordPress."""
        name, password = _basic_credentials(headers.get("authorization", ""))
        user = self._by_name.get(name)
        if user is None or user.password is None or _bare(password) != _bare(user.password):
            return NOBODY
        return user.visitor


def _bare(password: str) -> str:
    """Application passwords are shown in groups of four; the spaces do not count."""
    return password.replace(" ", "")


def _basic_credentials(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        name, _, password = base64.b64decode(encoded).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, password
