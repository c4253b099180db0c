"""What assets, sensors and schedules work with."""

from collections.abc import Generator
from contextlib import contextmanager

import dagster as dg
from sqlalchemy import Pool

from sync_assets.bootstrap import Platform
from sync_assets.defs.idle import mind_idle
from sync_assets.logs import configure_logging
from sync_assets.settings import Settings

KEPT = 60
"""Seconds for which a run keeps a connection to Dagster's tables."""


class PlatformResource(dg.ConfigurableResource[Platform]):
    """Opens the platform for a step or a tick.

    Opened anew each time: a database that was restarted, on another port perhaps, is found again
    without a restart of the code server.
    """

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Let a run keep its connections to Dagster's tables for a moment.

        By default Dagster opens one for each statement: 300 for a tenant's sync, which is half of
        the CPU that its run takes. What it has against that is made for its webserver.
        """
        if context.run is not None and context.instance is not None:
            mind_idle(Pool)  # as Dagster does not: PostgreSQL may be restarted during a run
            context.instance.optimize_for_webserver(
                statement_timeout=0, pool_recycle=KEPT, max_overflow=5
            )

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
