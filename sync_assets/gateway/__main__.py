"""`python -m sync_assets.gateway`: serves the gateway until a signal comes."""

import logging

from sync_assets.start_up import loading

with loading():
    from sync_assets.bootstrap import Platform
    from sync_assets.gateway.app import create_app
    from sync_assets.gateway.server import serve
    from sync_assets.logs import configure_logging
    from sync_assets.settings import Settings


def main() -> None:
    """Serve at the address of the settings."""
    settings = Settings()
    configure_logging(settings.log_level)
    _log_as_we_do("uvicorn")
    platform = Platform(settings)
    try:
        serve(create_app(platform), settings.gateway_host, settings.gateway_port)
    finally:
        platform.close()


def _log_as_we_do(name: str) -> None:
    """Let somebody else's logger write lines like ours."""
    other, own = logging.getLogger(name), logging.getLogger("sync_assets")
    other.handlers, other.propagate = own.handlers, False
    other.setLevel(own.level)


if __name__ == "__main__":
    main()
