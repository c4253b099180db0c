"""The gateway of `sync-assets dev`, with a key that lives as long as the command."""

from collections.abc import Generator, MutableSequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from sync_assets.cli import children
from sync_assets.cli.children import Child
from sync_assets.cli.output import say
from sync_assets.cli.ports import check_free, free
from sync_assets.core.clock import utc_now
from sync_assets.core.keys import Scope

if TYPE_CHECKING:
    from sync_assets.bootstrap import Platform

_LIFETIME = timedelta(days=1)
"""Of a key whose command was killed before it could take it back."""


@dataclass(slots=True)
class DevGateway:
    """The gateway, and the keys that were made for it."""

    platform: "Platform"
    url: str
    keys: list[str] = field(default_factory=list[str])

    def introduce(self) -> None:
        """Say where it is, and make a key for the organization, where there is one alone."""
        say(f"The gateway is at {self.url} , its API is described by {self.url}/v1/openapi.json .")
        tenants = self.platform.tenants.all(active=True)
        organizations = {tenant.organization for tenant in tenants}
        if len(organizations) != 1:
            say("Make a key for an organization with 'sync-assets key add ORGANIZATION'.")
            return
        [organization] = organizations
        expires = utc_now() + _LIFETIME
        key, text = self.platform.keys.add(
            organization, [Scope.ADMIN], name="sync-assets dev", expires_at=expires
        )
        self.keys.append(key.id)
        say(f"A key of organization {organization}, until this command ends: {text}")
        say(f"With it, the status page of a tenant: {self.url}/t/{tenants[0].id}")

    def forget(self) -> None:
        """Take the keys back."""
        for key in self.keys:
            self.platform.keys.revoke(key)


@contextmanager
def started(
    platform: "Platform", running: MutableSequence[Child], port: int | None
) -> Generator[DevGateway]:
    """Start the gateway.

    Args:
        platform: over which it stands.
        running: its process is added to it.
        port: where it shall listen; None for the configured one, or another where that is taken.
    """
    from sync_assets.environment import environment

    settings = platform.settings
    host = settings.gateway_host
    if port is None:
        port = free(host, settings.gateway_port)
    else:
        check_free(host, port, "--gateway-port")
    variables = {
        **environment(platform),
        "SYNC_ASSETS_GATEWAY_HOST": host,
        "SYNC_ASSETS_GATEWAY_PORT": str(port),
    }
    log = settings.home / "logs" / "gateway.log"
    command = children.python("sync_assets.gateway")
    running.append(children.start("The gateway", command, log, variables))
    gateway = DevGateway(platform, f"http://{host}:{port}")
    try:
        yield gateway
    finally:
        gateway.forget()
