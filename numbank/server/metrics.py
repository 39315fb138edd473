"""What Prometheus sees. Children are bound once and counters of hot paths are touched per batch (engine 8)."""

from __future__ import annotations

import os
from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TypeVar

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import REGISTRY

from numbank.customers.keys import Customer
from numbank.db.commits import CommitUnknown
from numbank.db.counter import Watch
from numbank.hooks.model import Outcome, State
from numbank.hooks.sender import HookWatch
from numbank.messages.model import Fate
from numbank.rest.app import NO_OPERATION, RestWatch
from numbank.rest.registry import Operation
from numbank.server.logs import AccessLog
from numbank.wire.handler import WireWatch
from numbank.wire.registry import Action

log = structlog.get_logger("numbank")

REQUESTS = Counter("numbank_requests", "calls of the wire by action and refusal (empty: served)", ["action", "refused"])
SERVED = Counter("numbank_counter_requests", "requests that a counter answered", ["counter"])
BATCHES = Histogram(
    "numbank_counter_batch_seconds",
    "time of one batch",
    ["counter"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3),
)
WAITS = Histogram(
    "numbank_counter_wait_seconds",
    "time from queueing to the answer, of the request of each batch that waited longest",
    ["counter"],
    buckets=(0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3, 10),
)
FAILURES = Counter("numbank_counter_failures", "batches that went wrong", ["counter", "kind"])
SWEPT = Counter("numbank_swept", "things that a background worker handled", ["worker"])
TROUBLE = Counter("numbank_worker_failures", "steps of background workers that failed", ["worker"])
POLICY = Counter("numbank_policy_refusals", "requests that the operator's policy refused, by rule", ["rule"])
REST = Counter("numbank_rest_requests", "calls of the JSON APIs by operation and status", ["operation", "status"])
HOOK_TRIES = Counter("numbank_hook_tries", "tries of webhooks by what came of them (200: delivered)", ["outcome"])
HOOK_SECONDS = Histogram(
    "numbank_hook_try_seconds", "time of one try of a webhook", buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
)
HOOK_DELIVERIES = Counter("numbank_hook_deliveries", "webhooks that were delivered or given up", ["state"])
MESSAGES = Counter("numbank_messages", "new messages by what became of them (attached: a customer got it)", ["fate"])
BUGS = Counter("numbank_bugs", "calls and mails that met a bug of ours, by where they came in", ["edge"])
MAILS = Counter("numbank_mails", "copies of mails by what became of them, one for each recipient", ["outcome"])
MAIL_REFUSALS = Counter("numbank_mail_refusals", "what the mail server refused, by reason", ["reason"])
MAIL_CONNECTIONS = Gauge("numbank_mail_connections", "open connections of mail clients", multiprocess_mode="livesum")
TURNED_AWAY = Counter("numbank_http_turned_away", "connections that found the house full and were answered 503")
CUT = Counter(
    "numbank_http_cut_off",
    "connections that were ended: too many of one address (crowd), too slow to read (slow)",
    ["why"],
)
HOOKS_OFF = Counter("numbank_hooks_switched_off", "webhook endpoints that failed too often")
LEASE_IDS = Gauge("numbank_lease_ids_used_ratio", "share of the lease ids that is used up", multiprocess_mode="max")

Bound = TypeVar("Bound", Counter, Histogram)

HTTP_CLASSES = range(1, 6)
MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"


def exposition() -> bytes:
    """All metrics of this node; with several workers those of all of them."""
    if MULTIPROCESS not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def count_policy(refused: Mapping[str, int]) -> None:
    """Count what the policy refused since the last call."""
    for rule, count in refused.items():
        POLICY.labels(rule).inc(count)


@cache
def _bound(metric: Bound, counter: str) -> Bound:
    """The child of a metric for one counter: `labels` looks it up under a lock, which every batch would feel."""
    child: Bound = metric.labels(counter)
    return child


def count_fates(fates: Sequence[Fate]) -> None:
    """Count what became of messages; all fates are told from the first call on, for a series must be there to rise."""
    tally = Tally(fates)
    for fate in Fate:
        _bound(MESSAGES, fate.name.lower()).inc(tally[fate])


class CounterMetrics(Watch):
    """Counters of the counters."""

    def served(self, counter: str, size: int, seconds: float) -> None:
        """Count a batch."""
        _bound(SERVED, counter).inc(size)
        _bound(BATCHES, counter).observe(seconds)

    def waited(self, counter: str, seconds: float) -> None:
        """Count the longest wait of a batch."""
        _bound(WAITS, counter).observe(seconds)

    def failed(self, counter: str, kind: str, error: BaseException | None) -> None:
        """Count and log what went wrong; a bug comes with its traceback, the database's own words without values."""
        FAILURES.labels(counter, kind).inc()
        if kind == "bug" and error is not None:
            log.error("counter_bug", counter=counter, error=type(error).__name__, exc_info=error)
        else:
            cause = error.__cause__ if isinstance(error, CommitUnknown) else error
            log.warning(
                "counter_trouble",
                counter=counter,
                kind=kind,
                error=type(cause).__name__,
                sqlstate=getattr(cause, "sqlstate", None),
                constraint=getattr(cause, "constraint_name", None),
            )


class RestMetrics(RestWatch):
    """Counts the calls of the JSON APIs, and feeds the access log."""

    def __init__(self, access: AccessLog) -> None:
        self._access = access
        self._bugs = BUGS.labels("rest")

    def answered(self, operation: Operation | None, status: int, customer: Customer | None) -> None:
        """Count a call."""
        name = operation.name if operation is not None else NO_OPERATION
        REST.labels(name, str(status)).inc()
        self._access.note(customer, poll=operation is not None and operation.poll, operation=name, status=status)

    def crashed(self, operation: str, error: Exception) -> None:
        """Count and log a bug in an operation."""
        self._bugs.inc()
        log.error("rest_bug", operation=operation, error=type(error).__name__, exc_info=error)


class HookMetrics(HookWatch):
    """Counts what the sender of webhooks does."""

    def tried(self, outcome: Outcome) -> None:
        """Count a try by its status, or by why there was none; statuses that are none of HTTP's share a label."""
        status = outcome.status
        known = status is not None and status // 100 in HTTP_CLASSES
        HOOK_TRIES.labels(str(status) if known else outcome.error or "odd").inc()
        HOOK_SECONDS.observe(outcome.ms / 1000)

    def ended(self, state: State) -> None:
        """Count a delivery that ended."""
        HOOK_DELIVERIES.labels(state.name.lower()).inc()

    def switched_off(self, hook_id: int) -> None:
        """Count an endpoint that was switched off."""
        del hook_id
        HOOKS_OFF.inc()


class WireMetrics(WireWatch):
    """Counts calls by action and word, and feeds the access log. Counts reach Prometheus' counters in `flush`."""

    def __init__(self, access: AccessLog) -> None:
        self._access = access
        self._bugs = BUGS.labels("wire")
        self._served: dict[Action, int] = defaultdict(int)
        self._refused: dict[tuple[str, str], int] = {}

    def answered(self, action: Action | None, refused: str, customer: Customer | None) -> None:
        """Count a call."""
        if action is not None and not refused:
            self._served[action] += 1
            if action.poll and not self._access.polls:
                return
        else:
            key = (action.name if action is not None else "?", refused)
            self._refused[key] = self._refused.get(key, 0) + 1
        self._access.add(action, refused, customer)

    def flush(self) -> None:
        """Hand the counts on: a few times a second, and before every scrape."""
        served, self._served = self._served, defaultdict(int)
        refused, self._refused = self._refused, {}
        for action, count in served.items():
            REQUESTS.labels(action.name, "").inc(count)
        for (name, word), count in refused.items():
            REQUESTS.labels(name, word).inc(count)

    def crashed(self, action: str, error: Exception) -> None:
        """Count and log a bug in an action."""
        self._bugs.inc()
        log.error("action_bug", action=action, error=type(error).__name__, exc_info=error)
