"""The interfaces of the five replaced systems, as their programs know them.

By section of docs/migrating.md, then by table: the first cells that the table has to have. Fields
of fields are joined by a dot; behind a colon is a value.
"""

from collections.abc import Mapping

Tables = Mapping[str, tuple[str, ...]]

_SYNC = "/api/admin/sync/v2"
_MODULE = "progress.modules.*"
_JOB = "GET /queue/job/{queueName}/{jobId}"


def _codes(*names: str) -> tuple[str, ...]:
    return tuple(f"`{name}`" for name in names)


WORDPRESS: Tables = {
    "Call": _codes("POST /api/wordpress/sync-all", "GET /api/wordpress/sync/{syncId}"),
    "`POST /api/wordpress/sync-all` sends": _codes("siteId", "organizationId", "batchSize"),
    "`POST /api/wordpress/sync-all` answers": _codes(
        "syncId", "status: queued", "queuedJobsCount", "message"
    ),
    "`GET /api/wordpress/sync/{syncId}` answers": _codes(
        *("syncId", "siteId", "organizationId", "startedAt", "finishedAt"),
        *("status: queued", "status: processing", "status: completed", "status: failed"),
        *("totals.terms", "totals.media", "totals.pages", "totals.posts"),
        *("created", "updated", "skipped", "failed", "embeddingsQueued", "embeddingsSkipped"),
        *("durationMs", "jobs.jobId", "jobs.type", "jobs.status", "jobs.result", "jobs.error"),
    ),
    "Setting of A's worker": _codes(
        "workerId", "batchSize", "pollIntervalMs", "lockTtlMs", "heartbeatIntervalMs"
    ),
    "Unique key": _codes("(siteId, wpPostId)", "(siteId, wpTermId)", "(siteId, wpMediaId)"),
}

SHOP: Tables = {
    "Call": _codes(
        "POST /api/sync/jobs",
        "POST /api/sync/jobs/bulk",
        "GET /api/sync/jobs/{job_id}",
        "DELETE /api/sync/jobs/{job_id}",
        "GET /api/sync/jobs",
        "GET /api/sync/queue/stats",
        "POST /api/sync/quick",
    ),
    "`POST /api/sync/jobs` sends": _codes(
        *("integration_id", "sync_type", "sync_type: products", "sync_type: inventory"),
        *("sync_type: orders", "priority: high", "options.full_sync", "options.batch_size"),
    ),
    "`GET /api/sync/jobs/{job_id}` sends": _codes("job_id"),
    "`DELETE /api/sync/jobs/{job_id}` sends": _codes("job_id"),
    "`GET /api/sync/jobs` sends": _codes("status", "status: running", "limit"),
    "`POST /api/sync/quick` sends": _codes("integration_id", "sync_types"),
    "Task": _codes(
        *("sync_products", "sync_inventory", "sync_orders"),
        *("sync_all_integrations", "cleanup_old_sync_jobs"),
    ),
    "Setting of B's worker": (
        "concurrency 4",
        "tasks per child 1000",
        "soft limit 300 s",
        "hard limit 600 s",
        "results kept 3600 s",
        "time zone America/Sao_Paulo",
    ),
}

ERP: Tables = {
    "Call": _codes(
        f"POST {_SYNC}/create",
        f"POST {_SYNC}/start",
        f"POST {_SYNC}/step",
        f"GET {_SYNC}/status",
        f"POST {_SYNC}/cancel",
    ),
    f"`POST {_SYNC}/create` sends": _codes(
        "companyId", "mode: incremental", "mode: period", "month"
    ),
    f"`POST {_SYNC}/create` answers": _codes("success", "runId", "status: QUEUED"),
    f"`POST {_SYNC}/start` sends": _codes("runId"),
    f"`POST {_SYNC}/step` sends": _codes("runId"),
    f"`POST {_SYNC}/step` answers": _codes(
        *("success", "runId", "status", "currentModule", "progress.modules"),
        *(f"{_MODULE}.status: {status}" for status in ("pending", "running", "done", "failed")),
        *(f"{_MODULE}.{name}" for name in ("processed", "skipped", "errors")),
        "hasMore",
    ),
    f"`GET {_SYNC}/status` sends": _codes("runId"),
    f"`POST {_SYNC}/cancel` sends": _codes("runId"),
    "Column of `SyncRun`": _codes(
        *("id", "companyId", "mode", "startDate", "endDate", "status", "currentModule"),
        *("progressJson", "errorMessage", "createdAt", "startedAt", "finishedAt"),
        "triggeredByUserId",
    ),
    "Column of `SyncRunLog`": _codes(
        "id", "runId", "timestamp", "level", "message", "module", "metadata"
    ),
}

STORES: Tables = {
    "Call of the client": (
        "check cache",
        "add to queue",
        "poll the status",
        "read the cache",
        "read `v_sync_queue_stats`",
    ),
    "Column of `sync_queue`": _codes(
        *("store_id", "status", "period_start", "period_end", "retry_count"),
        *("queued_at", "started_at", "completed_at", "error_message"),
    ),
    "Column of `store_sync_cache`": _codes(
        "store_id", "data_type", "period_start", "period_end", "source", "synced_at"
    ),
}

QUEUES: Tables = {
    "Call": (
        *_codes("GET /queue/status", _JOB, "POST /queue/cleanup/{taskName}"),
        *_codes("GET /queue/scheduled-jobs", "POST /queue/test", "POST /queue/clear/{queueName}"),
        *_codes("POST /queue/retry/{jobId}"),
        *("enqueue audio", "enqueue vendor notification"),
    ),
    f"`{_JOB}` sends": _codes("queueName", "jobId"),
    f"`{_JOB}` answers": _codes("state: active", "progress"),
    "`POST /queue/cleanup/{taskName}` sends": _codes("taskName"),
    "`POST /queue/clear/{queueName}` sends": _codes("queueName"),
    "`POST /queue/retry/{jobId}` sends": _codes("jobId"),
    "Enqueuing audio sends": _codes("audioUrl", "chatId", "tenantId", "language"),
    "Enqueuing audio answers": _codes("jobId"),
    "Enqueuing a vendor notification sends": _codes(
        *("orderId", "tenantId", "clientPhoneNumber", "paymentProofUrl", "orderTotal"),
        "orderItems",
    ),
    "Enqueuing a vendor notification answers": _codes("jobId"),
    "Job": (
        *("audio: transcribe", "audio: process-conversation"),
        *("notification: send-vendor", "notification: send-client", "notification: fallback"),
        *("cleanup: tts-cache", "cleanup: conversations", "cleanup: logs", "cleanup: stats"),
    ),
}

REPLACED: Mapping[str, Tables] = {
    "A. From WordPress to the CMS": WORDPRESS,
    "B. E-commerce orchestration": SHOP,
    "C. Resumable ERP sync": ERP,
    "D. Store queue with cache": STORES,
    "E. Background queues": QUEUES,
}
