"""Which queue a request goes into, and what each queue may take."""

import pytest

from sync_assets.core.queues import BY_PRIORITY, BY_STREAM, QUEUES, Priority, route


@pytest.mark.parametrize(
    ("priority", "queue"),
    [
        (Priority.URGENT, "urgent"),
        (Priority.HIGH, "high_priority"),
        (Priority.LOW, "sync_bulk"),
    ],
)
@pytest.mark.parametrize("streams", [("products",), ("terms", "posts"), ()])
def test_any_but_the_normal_priority_decides_alone(
    priority: Priority, queue: str, streams: tuple[str, ...]
):
    assert route(streams, priority).name == queue


@pytest.mark.parametrize(
    ("streams", "queue"),
    [
        (("products",), "sync_products"),
        (("inventory",), "sync_inventory"),
        (("orders",), "sync_orders"),
        (("orders", "orders"), "sync_orders"),
        (("products", "orders"), "default"),
        (("products", "posts"), "default"),
        (("terms", "media", "pages", "posts"), "default"),
        (("a stream that nobody knows",), "default"),
        ((), "default"),
    ],
)
def test_a_normal_request_goes_where_all_its_streams_belong(streams: tuple[str, ...], queue: str):
    assert route(streams, Priority.NORMAL).name == queue


def test_the_more_urgent_a_queue_the_sooner_dagster_starts_its_runs():
    priorities = [route((), priority).priority for priority in sorted(Priority)]
    assert priorities == sorted(set(priorities))
    assert QUEUES["maintenance"].priority < min(priorities)


def test_every_queue_has_its_name_a_place_and_limits_of_five_and_ten_minutes():
    assert {name: queue.name for name, queue in QUEUES.items()} == {name: name for name in QUEUES}
    assert all(queue.runs >= 1 for queue in QUEUES.values())
    assert {(queue.soft, queue.hard) for queue in QUEUES.values()} == {(300, 600)}


def test_every_route_leads_to_a_queue_that_there_is():
    assert {*BY_PRIORITY.values(), *BY_STREAM.values(), "default"} <= QUEUES.keys()
