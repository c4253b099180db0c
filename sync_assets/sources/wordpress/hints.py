"""What a message of our WordPress plugin points to."""

from collections.abc import Mapping

from sync_assets.core.hints import Hint
from sync_assets.core.records import Payload
from sync_assets.sources.wordpress.kinds import BUILT_IN
from sync_assets.sources.wordpress.settings import names

_STREAMS = {kind: stream for stream, kind in BUILT_IN.items()}
_LONGEST = 64  # WordPress allows 20 letters for a post type and 32 for a taxonomy


def to_hint(settings: Mapping[str, str], said: Payload) -> Hint | None:
    """Where `{"kind": "post", "type": "page", "id": 7}` points; None for nothing of the tenant's.

    A tenant may name a custom post type by its REST base, which only the site can resolve: once it
    names any, all are let through, and the sync drops those that it does not find.
    """
    kind, name, key = said.get("kind"), said.get("type"), said.get("id")
    if type(key) is not int or not 0 < key < 2**63:
        return None
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST or not name.isprintable():
        return None
    if kind == "term":
        return Hint("terms", name, key)
    if kind != "post" or (name not in _STREAMS and not _wished(settings)):
        return None
    return Hint(_STREAMS.get(name, "posts"), name, key)


def _wished(settings: Mapping[str, str]) -> bool:
    try:
        return bool(names(settings.get("post_types", "")))
    except ValueError:
        return True  # the sync says what is wrong with it
