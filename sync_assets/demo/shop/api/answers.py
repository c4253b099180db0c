"""A GraphQL request from its body to its answer, with its cost."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    get_operation_ast,
    parse,
    validate,
)

from sync_assets.demo.messages import Response
from sync_assets.demo.shop.api.call import Call, Operations
from sync_assets.demo.shop.api.cost import Priced, Scale, actual_cost, priced, total
from sync_assets.demo.shop.api.running import run_document
from sync_assets.demo.shop.apps import App
from sync_assets.demo.shop.budget import MOST_FOR_ONE
from sync_assets.demo.shop.data.shop import Shop

_REMEMBERED = 64
_LIMITS = "https://shopify.dev/api/usage/limits#rate-limits"
_THROTTLE = "https://shopify.dev/api/usage/rate-limits"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that can be run."""

    document: DocumentNode
    operation: OperationDefinitionNode
    variables: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The operation's name, for the ledger."""
        return self.operation.name.value if self.operation.name else "query"


class Answers:
    """Answers an app's requests with what the shop holds."""

    def __init__(self, shop: Shop, schema: GraphQLSchema, operations: Operations) -> None:
        self._shop, self._schema, self._operations = shop, schema, operations
        self._documents: OrderedDict[str, DocumentNode | list[GraphQLError]] = OrderedDict()

    def respond(self, app: App, body: bytes, scale: Scale) -> Response:
        """The answer to one request's body; errors of GraphQL come under status 200."""
        asked = self._asked(body)
        if isinstance(asked, Response):
            return asked
        fields = priced(self._schema, asked.document, asked.operation, asked.variables)
        requested = total(fields, scale)
        if requested > MOST_FOR_ONE:
            app.bucket.refuse(asked.name, requested)
            return Response.json({"errors": [_too_dear(requested)]})
        before = app.bucket.reserve(asked.name, requested)
        if before is None:
            return _throttled(app, requested)
        return self._run(
            app, asked, fields, requested, _settler(app, asked, requested, before, scale)
        )

    def _run(
        self, app: App, asked: Asked, fields: list[Priced], requested: int,
        settle: Callable[[list[Priced], Any], int],
    ) -> Response:  # fmt: skip
        call = Call(self._shop, app.client_id, app.scopes, self._operations)
        name = asked.operation.name.value if asked.operation.name else None
        result = run_document(self._schema, asked.document, call, asked.variables, name)
        actual = settle(fields, result.data)
        extensions: dict[str, Any] = {"cost": _cost(app, requested, actual)}
        if call.searches:
            extensions["search"] = call.searches
        answer: dict[str, Any] = {"data": result.data}
        if result.errors:
            answer["errors"] = [error.formatted for error in result.errors]
        return Response.json({**answer, "extensions": extensions})

    def _asked(self, body: bytes) -> Asked | Response:
        try:
            request = orjson.loads(body)
            text: str = request["query"]
            variables: dict[str, Any] = request.get("variables") or {}
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            return Response.json(
                {"errors": {"query": "Required parameter missing or invalid"}}, 400
            )
        found = self._document(text)
        if isinstance(found, list):
            return Response.json({"errors": [error.formatted for error in found]})
        operation = get_operation_ast(found, request.get("operationName"))
        if operation is None:
            told = "An operation name is required when a document has several operations"
            return Response.json({"errors": [{"message": told}]})
        return Asked(found, operation, variables)

    def _document(self, text: str) -> DocumentNode | list[GraphQLError]:
        """The parsed query, or what is wrong with it; the same query is checked once."""
        found = self._documents.pop(text, None)
        if found is None:
            found = self._checked(text)
        self._documents[text] = found
        if len(self._documents) > _REMEMBERED:
            self._documents.popitem(last=False)
        return found

    def _checked(self, text: str) -> DocumentNode | list[GraphQLError]:
        try:
            document = parse(text)
        except GraphQLSyntaxError as error:
            return [error]
        return validate(self._schema, document) or document


def _settler(
    app: App, asked: Asked, requested: int, before: float, scale: Scale
) -> Callable[[list[Priced], Any], int]:
    def settle(fields: list[Priced], data: Any) -> int:  # noqa: ANN401 - JSON
        actual = min(requested, actual_cost(fields, data, scale))
        app.bucket.settle(asked.name, requested, actual, before)
        return actual

    return settle


def _cost(app: App, requested: int, actual: int | None) -> dict[str, Any]:
    return {
        "requestedQueryCost": requested,
        "actualQueryCost": actual,
        "throttleStatus": app.bucket.status(),
    }


def _throttled(app: App, requested: int) -> Response:
    extensions = {"code": "THROTTLED", "documentation": _THROTTLE}
    error = {"message": "Throttled", "extensions": extensions}
    return Response.json({"errors": [error], "extensions": {"cost": _cost(app, requested, None)}})


def _too_dear(requested: int) -> dict[str, Any]:
    return {
        "message": f"Query cost is {requested}, which exceeds the single query max cost limit "
        f"({MOST_FOR_ONE}).\n\nTo query larger amounts of data with fewer limits, bulk operations "
        "should be used instead.\n",
        "extensions": {
            "code": "MAX_COST_EXCEEDED",
            "cost": requested,
            "maxCost": MOST_FOR_ONE,
            "documentation": _LIMITS,
        },
    }
