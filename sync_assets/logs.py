"""Structured log lines on standard error: JSON, each with the correlation id."""

import logging
import sys

import structlog
from structlog.typing import EventDict, WrappedLogger

from sync_assets.core.correlation import correlation


def configure_logging(level: str = "INFO") -> None:
    """Send this package's log lines to standard error, one JSON object a line."""
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _add_correlation,
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    package = logging.getLogger("sync_assets")
    package.handlers = [handler]
    package.propagate = False
    package.setLevel(level.upper())


def _add_correlation(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    event.update(correlation())
    return event
