"""Writes down what tries came to, a set at a time: attempts, deliveries, those that wait behind, runs of failures."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from numbank.clock import Chance
from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.hooks.model import Event, Outcome, State, Task
from numbank.hooks.schedule import FINAL, Decision, decide

Q = Queries("numbank.hooks")

# Given up at once when an endpoint goes; more would take longer than a statement may.
MOST_DROPPED = 5_000


class Saved(msgspec.Struct, frozen=True):
    """What changed: the states of deliveries that ended, and the endpoints that were switched off."""

    ended: list[State]
    switched_off: list[int]


async def save(
    tx: Connection, results: Sequence[tuple[Task, Outcome]], chance: Chance, timeout_s: float, disable_after: int
) -> Saved:
    """Decide and write. Results of a turn that is over leave their attempt, and count only when they are a success."""
    now = await tx.fetchval(Q.hooks_now)
    decided = [
        (task, outcome, decide(task, outcome, now, chance.between(0, 1), timeout_s)) for task, outcome in results
    ]
    await tx.execute(
        Q.add_attempts,
        [task.delivery_id for task, _ in results],
        [outcome.status for _, outcome in results],
        [outcome.ms for _, outcome in results],
        [None if outcome.error is None else outcome.error.value for _, outcome in results],
    )
    touched = _runs(decided)
    if touched:
        await tx.fetch(Q.lock_hooks, sorted(touched))
    changed = await tx.fetch(
        Q.save,
        [task.delivery_id for task, _, _ in decided],
        [task.taken for task, _, _ in decided],
        [decision.state for _, _, decision in decided],
        [decision.tries for _, _, decision in decided],
        [decision.due_at for _, _, decision in decided],
    )
    behind = [(row["hook_id"], row["lease_id"], row["id"], row["due_at"]) for row in changed if row["lease_id"]]
    if behind:
        # One by one, in one round trip: joined as a set, a plan may walk all that waits.
        await tx.executemany(Q.line_up, behind)
    saved = {row["id"] for row in changed}
    # A turn that is over gave nothing up.
    counts = _runs([one for one in decided if one[0].delivery_id in saved])
    switched_off: list[int] = []
    if counts:
        rows = await tx.fetch(
            Q.count_failures,
            list(counts),
            [delivered for delivered, _ in counts.values()],
            [given_up for _, given_up in counts.values()],
            disable_after,
        )
        switched_off = [row[0] for row in rows]
    for hook_id in switched_off:
        await tx.execute(Q.drop_pending, hook_id, MOST_DROPPED)
    return Saved([State(row["state"]) for row in changed if row["state"] != State.PENDING], switched_off)


def _runs(decided: Sequence[tuple[Task, Outcome, Decision]]) -> dict[int, tuple[bool, int]]:
    """By endpoint whether something went through, and how much was given up since; only where that changes a count."""
    counts: dict[int, tuple[bool, int]] = {}
    for task, outcome, decision in decided:
        if task.event is Event.TEST or outcome.error in FINAL:
            continue
        if decision.state is State.DELIVERED and (task.failing or task.hook_id in counts):
            counts[task.hook_id] = (True, 0)
        elif decision.state is State.GIVEN_UP:
            delivered, given_up = counts.get(task.hook_id, (False, 0))
            counts[task.hook_id] = (delivered, given_up + 1)
    return counts
