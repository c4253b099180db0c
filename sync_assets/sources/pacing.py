"""Which requests count together at a platform, and who keeps their pace."""

from urllib.parse import urlsplit

from sync_assets.core.rate import UNPACED, Pacer, Paces, Rate, slower
from sync_assets.core.streams import SourceSpec

_PORTS = {80, 443}


def pacer_for(
    paces: Paces | None, spec: SourceSpec, account: str, wished: Rate | None = None
) -> Pacer:
    """The pacer of an account, at the source's rate or the tenant's, whichever is lower.

    Args:
        paces: None keeps no pace.
        spec: of the source.
        account: whatever the platform counts by: a host, a shop, an application.
        wished: the tenant's own limit.
    """
    rate = slower(spec.rate, wished)
    if paces is None or rate is None:
        return UNPACED
    return paces.pacer(f"{spec.name}:{account}", rate)


def host(url: str) -> str:
    """The host of an address, in small letters, with the port unless that is the usual one."""
    parts = urlsplit(url)
    name, port = (parts.hostname or "").rstrip("."), parts.port
    return name if port is None or port in _PORTS else f"{name}:{port}"
