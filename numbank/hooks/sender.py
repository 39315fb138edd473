"""Sends what is due: takes deliveries for a while, tries them side by side, and writes down what came of it.

Any number of nodes do this beside each other. What a node has taken when it dies is due again when its time is over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from time import monotonic

import asyncpg
import structlog

from numbank.clock import Chance
from numbank.db.confirmed import confirmed
from numbank.db.pool import CONNECTION_ERRORS, Pool
from numbank.db.queries import Queries
from numbank.db.seals import Seals
from numbank.errors import OperatorError
from numbank.hooks import outcomes, signature
from numbank.hooks.lanes import Lanes
from numbank.hooks.model import Event, Failure, Outcome, State, Task
from numbank.hooks.payload import Wording, bodies
from numbank.hooks.post import Poster
from numbank.secrets import KeyFile, WrongSeal

Q = Queries("numbank.hooks")
log = structlog.get_logger("numbank")

# Beyond the time of a try: for writing its outcome down. After that another node may take the delivery.
MARGIN_S = 20.0
# How long a stop waits for tries that run.
STOP_S = 5.0
# Without the right key file nothing can be signed; looked at again after this.
TROUBLE_S = 5.0


class HookWatch:
    """What the sender tells about itself; the server's metrics override it."""

    def tried(self, outcome: Outcome) -> None:
        """One try is over."""

    def ended(self, state: State) -> None:
        """A delivery went through or was given up."""

    def switched_off(self, hook_id: int) -> None:
        """An endpoint failed too often."""


class Sender:
    """Takes, tries and writes down. `step` is called again and again; `finish` once, at the end."""

    def __init__(
        self,
        pool: Pool,
        seals: Seals,
        poster: Poster,
        wording: Wording,
        lanes: Lanes,
        *,
        timeout_s: float,
        poll_s: float,
        disable_after: int,
        watch: HookWatch | None = None,
        margin_s: float = MARGIN_S,
    ) -> None:
        self._pool = pool
        self._seals = seals
        self._poster = poster
        self._wording = wording
        self._lanes = lanes
        self._timeout_s = timeout_s
        self._taken_s = timeout_s + margin_s
        self._poll_s = poll_s
        self._disable_after = disable_after
        self._watch = watch or HookWatch()
        self._chance = Chance()
        self._results: list[tuple[Task, Outcome]] = []
        self._running: dict[asyncio.Task[None], Task] = {}
        self._bell = asyncio.Event()

    async def step(self) -> int:
        """Write down what is over, take what is due, and wait a moment; gives how much it took."""
        self._bell.clear()
        try:
            await self._save()
            taken = await self._take()
        except Exception:
            await asyncio.sleep(self._poll_s)  # whatever is wrong is not better a moment later
            raise
        if not self._results:
            try:
                await asyncio.wait_for(self._bell.wait(), self._poll_s)
            except TimeoutError:
                return taken
        return taken

    def wake(self) -> None:
        """End the wait of a step."""
        self._bell.set()

    async def finish(self) -> None:
        """End: wait a little for what runs, write it down, and give the rest back for other nodes."""
        if self._running:
            await asyncio.wait(self._running, timeout=STOP_S)
        unfinished = dict(self._running)
        for running in unfinished:
            running.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)
        try:
            await self._save()
            if unfinished:
                tasks = list(unfinished.values())
                await self._pool.execute(Q.give_back, [one.delivery_id for one in tasks], [one.taken for one in tasks])
        except CONNECTION_ERRORS as error:
            # Everything is due again by itself; receivers may see something twice.
            log.warning("hooks_not_given_back", error=type(error).__name__)

    async def try_now(self, delivery_id: int) -> Outcome | None:
        """Try one delivery that is due, for somebody who waits; None when somebody else has taken it."""
        async with confirmed(self._pool) as connection:
            tasks = [_task(row) for row in await connection.fetch(Q.take_one, self._taken_s, delivery_id)]
            if not tasks:
                return None
            said = await bodies(connection, tasks, self._wording)
            file = await self._seals.opener(connection)
        outcome = await self._try(tasks[0], said[delivery_id], file)
        self._results.append((tasks[0], outcome))
        await self._save()
        return outcome

    async def _take(self) -> int:
        rooms = self._lanes.rooms()
        if not rooms.free:
            return 0
        until = monotonic() + self._taken_s
        try:
            # Confirmed: no receiver is told of what only the primary has.
            async with confirmed(self._pool) as connection:
                rows = await connection.fetch(
                    Q.take, self._taken_s, rooms.hook_ids, rooms.rooms, rooms.others, rooms.free, rooms.strangers
                )
                if not rows:
                    return 0
                tasks = [_task(row) for row in rows]
                file = await self._seals.opener(connection)
                said = await bodies(connection, tasks, self._wording)
        except OperatorError as error:
            # What was taken is given back with the transaction.
            log.error("hooks_not_sent", reason=str(error))  # noqa: TRY400  one line says it all
            await asyncio.sleep(TROUBLE_S)
            return 0
        self._start(tasks, said, file, until)
        return len(tasks)

    def _start(self, tasks: Sequence[Task], said: Mapping[int, bytes | None], file: KeyFile, until: float) -> None:
        for task in tasks:
            trying = self._run(task, said[task.delivery_id], file, until)
            running = asyncio.create_task(trying, name=f"hook-{task.hook_id}")
            self._running[running] = task
            running.add_done_callback(self._running.pop)

    async def _run(self, task: Task, body: bytes | None, file: KeyFile, until: float) -> None:
        if monotonic() >= until:
            return  # this node was frozen: the delivery is due again, and another node may have it in its hands
        mark = self._lanes.took(task.hook_id)
        try:
            outcome = await self._try(task, body, file)
        finally:
            self._lanes.ended(task.hook_id, mark)
        self._results.append((task, outcome))
        self._bell.set()

    async def _try(self, task: Task, body: bytes | None, file: KeyFile) -> Outcome:
        if task.off or body is None:
            return Outcome(None, 0, Failure.OFF if task.off else Failure.ERASED)
        try:
            secrets = [file.open(sealed) for sealed in task.secrets]
        except WrongSeal:
            return Outcome(None, 0, Failure.SECRET)
        headers = signature.headers(task.delivery_id, datetime.now(UTC), body, secrets)
        outcome = await self._poster.post(task.url, body, headers)
        self._watch.tried(outcome)
        return outcome

    async def _save(self) -> None:
        """Write results down; they are kept for the next time when the database does not answer."""
        results = list(self._results)
        if not results:
            return
        async with self._pool.acquire() as connection, connection.transaction():
            saved = await outcomes.save(connection, results, self._chance, self._timeout_s, self._disable_after)
        del self._results[: len(results)]
        for state in saved.ended:
            self._watch.ended(state)
        for hook_id in saved.switched_off:
            log.warning("hook_switched_off", hook=hook_id, failures=self._disable_after)
            self._watch.switched_off(hook_id)


def _task(row: asyncpg.Record) -> Task:
    secrets = tuple(sealed for sealed in (row["secret"], row["old_secret"]) if sealed is not None)
    return Task(
        row["id"], row["hook_id"], Event(row["kind"]), row["tries"], row["taken"], row["started_at"], row["url"], secrets,
        row["off"], row["failing"],
    )  # fmt: skip
