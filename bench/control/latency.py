"""From asking to the first page fetched, on an idle machine: how long, and made of what."""

import json
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from urllib.request import urlopen

from bench.control.installation import Installation, ticks_since, until
from sync_assets.enqueue import enqueue

PARTS = (  # each from the moment before it to its own
    ("claimed", "the sensor sees the request and claims it"),
    ("enqueued", "Dagster makes the run"),
    ("dequeued", "Dagster's own queue"),
    ("worker", "the worker's process starts and imports Dagster"),
    ("started", "the worker loads the definitions and makes its plan"),
    ("begun", "first step begins, the request is taken up"),
    ("first", "connects: the site's first request"),
    ("page", "finds the API, checks the credentials: the first page"),
)
_CALM = 2.0  # seconds between the end of a sample and the next one's waiting
_CLOSELY = 0.02  # seconds between two looks at what is not written down

_REQUEST = """
    SELECT state, run_id, extract(epoch FROM asked_at)::float, extract(epoch FROM begun_at)::float
    FROM sync.requests WHERE id = %(id)s
"""
_EVENTS = """
    SELECT coalesce(dagster_event_type, ''), event LIKE '%%Started process for run%%',
      extract(epoch FROM timestamp AT TIME ZONE 'UTC')::float
    FROM dagster.event_logs WHERE run_id = %(run)s ORDER BY id
"""
_UNFINISHED = """
    SELECT count(*) FROM dagster.runs WHERE status NOT IN ('SUCCESS', 'FAILURE', 'CANCELED')
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """Seconds of each part of one request's way to its first page."""

    parts: Mapping[str, float]

    @property
    def total(self) -> float:
        """Seconds from asking to the first page."""
        return sum(self.parts.values())


@dataclass(frozen=True, slots=True)
class Latency:
    """The samples, and how far apart the sensor's looks really were."""

    interval: int
    samples: Sequence[Sample]
    looks: Sequence[float]

    @property
    def median(self) -> float:
        """Seconds."""
        return statistics.median(sample.total for sample in self.samples)

    def part(self, name: str) -> float:
        """The median of one part, in seconds."""
        return statistics.median(sample.parts[name] for sample in self.samples)


def measure(
    installation: Installation, tenants: Sequence[str], site: str, interval: int
) -> Latency:
    """A sample a tenant; they come at moments spread evenly between two looks of the sensor."""
    began, samples = time.time(), list[Sample]()
    for number, tenant in enumerate(tenants):
        _wait_until_idle(installation)
        _wait_for_a_look(installation)
        time.sleep((number + 0.5) / len(tenants) * max(interval, 5))
        samples.append(_sample(installation, tenant, site))
    looks = [later - earlier for earlier, later in pairwise(ticks_since(installation, began))]
    return Latency(interval, samples, looks)


def _sample(installation: Installation, tenant: str, site: str) -> Sample:
    _get(f"{site}/forget")
    [asked] = enqueue(installation.platform, [tenant], asked_by="bench")

    def state() -> str:
        return installation.query(_REQUEST, id=asked.sync_id)[0][0]

    until(lambda: state() != "queued", f"the sync of {tenant} is claimed", _CLOSELY)
    claimed = time.time()
    until(lambda: state() == "completed", f"the sync of {tenant} is completed")
    _, run, began, begun = installation.query(_REQUEST, id=asked.sync_id)[0]
    seen = _get(f"{site}/seen")[tenant]
    moments = {
        "claimed": claimed,
        **_of_run(installation, run),
        "begun": begun,
        "first": seen["first"],
        "page": seen["page"],
    }
    ordered = [began, *(moments[name] for name, _ in PARTS)]
    seconds = [later - earlier for earlier, later in pairwise(ordered)]
    return Sample(dict(zip((name for name, _ in PARTS), seconds, strict=True)))


def _of_run(installation: Installation, run: str) -> dict[str, float]:
    """When a run was made, left Dagster's queue, had its process, and started."""
    events = installation.query(_EVENTS, run=run)
    by_type = {kind: at for kind, _, at in reversed(events)}
    worker = next(at for _, is_worker, at in events if is_worker)
    return {
        "enqueued": by_type["PIPELINE_ENQUEUED"],
        "dequeued": by_type["PIPELINE_STARTING"],
        "worker": worker,
        "started": by_type["PIPELINE_START"],
    }


def _wait_until_idle(installation: Installation) -> None:
    until(lambda: installation.query(_UNFINISHED)[0][0] == 0, "all runs have ended")
    time.sleep(_CALM)


def _wait_for_a_look(installation: Installation) -> None:
    since = time.time()
    until(lambda: ticks_since(installation, since), "the sensor looks at the requests", 0.05)


def _get(url: str) -> dict[str, dict[str, float]]:
    with urlopen(url, timeout=10) as response:  # noqa: S310 - our own site
        return json.load(response)
