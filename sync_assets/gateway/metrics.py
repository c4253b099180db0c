"""Figures for Prometheus; no label names a tenant or an organization."""

from datetime import timedelta

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.types import Scope

from sync_assets.bootstrap import Platform
from sync_assets.core.clock import utc_now
from sync_assets.core.queues import QUEUES
from sync_assets.gateway.routes import route_of
from sync_assets.store.dagster_tables import heartbeats
from sync_assets.store.queue_signs import queue_signs

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class Metrics:
    """The figures of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._calls = Counter(
            "sync_assets_gateway_calls",
            "Calls by route and answer.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "sync_assets_gateway_seconds",
            "Seconds until an answer began.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._streams = self._gauge("gateway_streams", "Open streams of events.")
        self._waiting = self._gauge(
            "queue_oldest_wait_seconds", "Seconds that the oldest due request waits.", "queue"
        )
        self._busy = self._gauge("queue_runs", "Runs at work.", "queue")
        self._silence = self._gauge(
            "daemon_silence_seconds", "Seconds since the last sign of life.", "part"
        )

    def look(self, platform: Platform, streams: int) -> None:
        """Look at what is not counted as it happens."""
        signs = queue_signs(platform.database)
        now = utc_now()
        self._streams.set(streams)
        for name in QUEUES:
            wait = signs.waiting.get(name, timedelta(0))
            self._waiting.labels(name).set(wait.total_seconds())
            self._busy.labels(name).set(signs.busy.get(name, 0))
        for part, at in heartbeats(platform.database).items():
            self._silence.labels(part).set((now - at).total_seconds())

    def _gauge(self, name: str, what: str, *labels: str) -> Gauge:
        return Gauge(f"sync_assets_{name}", what, labels, registry=self.registry)

    def answered(self, scope: Scope, status: int, seconds: float) -> None:
        """A call has been answered."""
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = route_of(scope)
        self._calls.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)
