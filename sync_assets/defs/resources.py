"""What assets, sensors and schedules work with."""

from collections.abc import Generator
from contextlib import contextmanager

import dagster as dg

from sync_assets.bootstrap import Platform
from sync_assets.logs import configure_logging
from sync_assets.settings import Settings


class PlatformResource(dg.ConfigurableResource[Platform]):
    """Opens the platform for a step or a tick.

    Opened anew each time: a database that was restarted, on another port perhaps, is found again
    without a restart of the code server.
    """

    @contextmanager
    def open(self) -> Generator[Platform]:
        """The platform, closed at the end."""
        settings = Settings()
        configure_logging(settings.log_level)
        platform = Platform(settings)
        try:
            yield platform
        finally:
            platform.close()
