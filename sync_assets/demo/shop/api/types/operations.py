"""What the API shows of bulk operations."""

from typing import Any

from sync_assets.demo.shop.api.call import Call
from sync_assets.demo.shop.api.fields import Fields
from sync_assets.demo.shop.api.money import stamp, stamped
from sync_assets.demo.shop.api.pages import Connection, listed
from sync_assets.demo.shop.data.numbering import gid


def run(_: object, call: Call, query: str, groupObjects: bool = False) -> object:  # noqa: FBT001, FBT002, N803 - the schema's name
    """`bulkOperationRunQuery`."""
    return call.operations.run(call, query, grouped=groupObjects)


def cancel(_: object, call: Call, id: str) -> object:
    """`bulkOperationCancel`."""
    return call.operations.cancel(call, id)


def newest(_: object, call: Call, type: str = "QUERY") -> object:
    """`currentBulkOperation`: the last one that was started, whatever became of it."""
    operations = call.operations.of(call.app)
    return operations[-1] if operations and type == "QUERY" else None


def bulk_page(_: object, call: Call, **arguments: Any) -> Connection:  # noqa: ANN401
    """`bulkOperations`: the newest first."""
    arguments["reverse"] = not arguments.get("reverse", False)
    return listed(call.operations.of(call.app), call.wanted(arguments))


OPERATION: Fields = {
    "id": lambda x: gid("BulkOperation", x.id),
    "type": lambda _: "QUERY",
    "query": lambda x: x.query,
    "status": lambda x: x.status,
    "errorCode": lambda x: x.error_code,
    "objectCount": lambda x: str(x.objects),
    "rootObjectCount": lambda x: str(x.roots),
    "fileSize": lambda x: None if x.file_size is None else str(x.file_size),
    "url": lambda x: x.url,
    "partialDataUrl": lambda x: x.partial_data_url,
    "createdAt": lambda x: stamp(x.created_at),
    "completedAt": lambda x: stamped(x.completed_at),
}
