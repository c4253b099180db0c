"""The app, put together."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

from anyio import to_thread
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from sync_assets.bootstrap import Platform
from sync_assets.gateway import (
    budgets,
    changes,
    events,
    health,
    hooks,
    maintenance,
    many,
    platform_hooks,
    queue,
    records,
    schedules,
    search,
    syncs,
    tenants,
    webhooks,
    workers,
)
from sync_assets.gateway.audit import Audited, Recorder
from sync_assets.gateway.bodies import PATIENCE, Bodies
from sync_assets.gateway.headers import Envelope
from sync_assets.gateway.hub import Hub
from sync_assets.gateway.knocks import Knocks
from sync_assets.gateway.limits import Limits, Turns
from sync_assets.gateway.metrics import Metrics
from sync_assets.gateway.pages.routers import ROUTERS as PAGES
from sync_assets.gateway.problems import SCHEMA, install, problem_responses
from sync_assets.gateway.routes import operation_id

ROUTERS = (
    many.router,
    events.router,
    syncs.router,
    tenants.router,
    budgets.router,
    search.router,
    changes.router,
    records.router,
    webhooks.router,
    queue.router,
    schedules.router,
    maintenance.router,
    workers.router,
    hooks.router,
    platform_hooks.router,
    health.router,
    *PAGES,
)
"""Everything that is answered."""

THREADS = 18
"""Calls that are worked on at the same time: with those of the hub and of the records as many as
the database has connections."""

ANY_CALL = (400, 401, 403, 404, 408, 413, 414, 415, 422, 429, 431, 500, 503)
"""The problems that any call may meet."""

VERSION = "1"


def create_app(platform: Platform, *, patience: float = PATIENCE) -> FastAPI:
    """The app over a platform, which stays the caller's to close.

    `patience`: seconds for which a body is waited for.
    """
    _open(platform)
    metrics, recorder = Metrics(), Recorder(platform.audit.add)
    app = FastAPI(
        title="sync_assets",
        description="Asks for syncs of tenants, watches them, and follows what they change.",
        generate_unique_id_function=operation_id,
        version=VERSION,
        openapi_url="/v1/openapi.json",
        docs_url=None,  # they load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        responses=problem_responses(*ANY_CALL),
        lifespan=_lifespan(recorder),
    )
    app.state.platform = platform
    app.state.metrics = metrics
    app.state.streams = events.Streams(Hub(platform.syncs.reports, platform.syncs.new_lines))
    app.state.limits = Limits(platform.settings.gateway_rate)
    app.state.knocks = Knocks()
    app.state.searches = Turns(search.AT_ONCE)
    install(app)
    for router in ROUTERS:
        app.include_router(router)
    app.add_middleware(Bodies, patience=patience, larger=platform_hooks.LARGER)
    _layer(app, platform, metrics, recorder)
    _describe(app)
    return app


def _open(platform: Platform) -> None:
    """Before there are threads: `cached_property` has no lock from Python 3.12 on."""
    _ = platform.tenants, platform.keys, platform.answers, platform.audit, platform.syncs
    _ = platform.requests, platform.history, platform.queues, platform.wishes, platform.budgets
    _ = platform.paces, platform.texts, platform.changes, platform.webhooks, platform.export


def _layer(app: FastAPI, platform: Platform, metrics: Metrics, recorder: Recorder) -> None:
    """The layers around that, the innermost first."""
    app.add_middleware(Audited, recorder=recorder)
    if platform.settings.gateway_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=platform.settings.gateway_origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID"],
            expose_headers=["X-Request-Id", "Retry-After", "Idempotent-Replayed"],
        )
    app.add_middleware(Envelope, metrics=metrics)


def _lifespan(recorder: Recorder) -> Callable[[FastAPI], Any]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        to_thread.current_default_thread_limiter().total_tokens = THREADS
        recorder.start()
        try:
            yield
        finally:
            await app.state.streams.hub.close()
            await to_thread.run_sync(recorder.stop)

    return lifespan


def _describe(app: FastAPI) -> None:
    """Let the OpenAPI know what a problem looks like."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        known = app.openapi_schema is not None
        schema = generate()
        if not known:
            schema.setdefault("components", {}).setdefault("schemas", {})["Problem"] = SCHEMA
        return schema

    app.openapi = openapi
