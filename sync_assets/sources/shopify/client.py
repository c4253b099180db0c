"""Asks a shop's Admin GraphQL API: paces itself by cost, and says what a refusal means."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any, cast

import orjson

from sync_assets.core.clock import Clock
from sync_assets.core.points import Allowance, Purse
from sync_assets.core.retry import Backoff
from sync_assets.core.stop import StopSignal
from sync_assets.sources.answers import Answer, Unserved, http_date
from sync_assets.sources.http import HttpSession
from sync_assets.sources.shopify.access import Access
from sync_assets.sources.shopify.entity import Query
from sync_assets.sources.shopify.refusals import THROTTLED, TOO_DEAR, Refusals, first_code
from sync_assets.sources.wire import Sent

VERSION = "2026-10"
_GUESS = 250  # points for a question that was never asked: ours cost up to 240
_SIZES = ("first", "parts")
_PATIENCE = 100  # times that an account may be found empty before we leave it alone

Json = Mapping[str, Any]


@dataclass
class Client:
    """One tenant's shop; safe from several threads.

    Attributes:
        purse: the account's points, shared with whoever else spends them.
        clock: ours, for where the shop does not tell the time.
        secrecy: nothing goes over plain http.
    """

    http: HttpSession
    access: Access
    purse: Purse
    stop: StopSignal
    backoff: Backoff
    clock: Clock
    secrecy: bool = True
    now: datetime | None = None
    _prices: dict[tuple[object, ...], int] = field(default_factory=dict[Any, int], repr=False)
    _halvings: dict[str, int] = field(default_factory=dict[str, int], repr=False)
    _shrinking: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def refusals(self) -> Refusals:
        """What errors are to say."""
        return Refusals(self.access.tenant.id)

    def ask(self, query: Query, variables: Json | None = None, *, tries: int | None = None) -> Json:
        """The data of a good answer, asked for again where that can help.

        The sizes of pages, `first` and `parts`, are wishes: where they make a question too dear,
        they are halved from then on.

        Args:
            query: the question.
            variables: its variables.
            tries: in all, where they shall be fewer than usual.

        Raises:
            SyncError: named by who has to act.
        """
        failures = 0
        for throttled in count():
            told = self._fitting(query, variables or {})
            answer = self._send(query, told, tries)
            errors = answer.get("errors")
            data = answer.get("data")
            if not errors and isinstance(data, dict):
                return cast("Json", data)
            code = first_code(errors)
            if code == TOO_DEAR and self._shrink(query, variables or {}, told):
                continue
            if code == THROTTLED and throttled < _PATIENCE:
                self.stop.check_turn()
                self.stop.wait(_until_enough(answer))
                continue
            error = self.refusals.of_errors(query.name, errors)
            failures += 1
            delay = self.backoff.delay(failures, None) if isinstance(error, Unserved) else None
            if delay is None or code == TOO_DEAR or (tries is not None and failures >= tries):
                raise error
            self.stop.wait(delay)
        raise AssertionError  # count() does not end

    def _send(self, query: Query, variables: Json, tries: int | None) -> Json:
        """One question, paid for before it is asked."""
        kind = (query.name, len(variables.get("ids", ())), *map(variables.get, _SIZES))
        price = self._prices.get(kind, _GUESS)
        self.purse.take(price, self.stop)
        body = orjson.dumps({"query": query.text, "variables": dict(variables)})
        answer = self._post(body, self.access.token(), tries)
        cost = _cost(answer)
        if cost is not None:
            self._prices[kind] = cost.requested
            self.purse.settle(price - cost.actual, cost.left, cost.allowance)
        return answer

    def _post(self, body: bytes, token: str, tries: int | None) -> Json:
        answer = self._exchange(body, token, tries)
        if answer.status == 401:
            other = self.access.renewed(token)
            answer = self._exchange(body, other, tries) if other else answer
        if not answer.ok:
            raise self.refusals.of_status(answer)
        self.now = self.now or http_date(answer.headers.get("Date", "")) or self.clock()
        return answer.json

    def _exchange(self, body: bytes, token: str, tries: int | None) -> Answer:
        headers = {"Content-Type": "application/json", "X-Shopify-Access-Token": token}
        url = f"{self.access.tenant.url}/admin/api/{VERSION}/graphql.json"
        return self.http.post(url, Sent(body, headers), expect=dict, attempts=tries)

    def _fitting(self, query: Query, variables: Json) -> Json:
        """The variables with sizes that are not too dear."""
        halvings = self._halvings.get(query.name, 0)
        sizes = {x: max(1, variables[x] >> halvings) for x in _SIZES if x in variables}
        return {**variables, **sizes}

    def _shrink(self, query: Query, variables: Json, told: Json) -> bool:
        """Ask for smaller pages from now on; False where they cannot be any smaller.

        Several threads may have asked the same and be refused at once: that halves once.
        """
        if all(told[name] <= 1 for name in _SIZES if name in told):
            return False
        with self._shrinking:
            if self._fitting(query, variables) == told:
                self._halvings[query.name] = self._halvings.get(query.name, 0) + 1
        return True


@dataclass(frozen=True, slots=True)
class _Cost:
    requested: int
    actual: int
    left: float
    allowance: Allowance


def _cost(answer: Json) -> _Cost | None:
    """What an answer says of its cost; a question that was not run costs nothing."""
    try:
        cost = answer["extensions"]["cost"]
        status = cost["throttleStatus"]
        allowance = Allowance(float(status["restoreRate"]), float(status["maximumAvailable"]))
        if allowance.restore <= 0:
            return None
        requested, actual = int(cost["requestedQueryCost"]), int(cost["actualQueryCost"] or 0)
        return _Cost(requested, actual, float(status["currentlyAvailable"]), allowance)
    except (KeyError, TypeError, ValueError):
        return None


def _until_enough(answer: Json) -> float:
    """Seconds until the account has what the question may cost."""
    cost = _cost(answer)
    if cost is None:
        return 1.0
    return max(0.05, (cost.requested - cost.left) / cost.allowance.restore)
