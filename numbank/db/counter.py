"""The counter: callers queue, one clerk serves everyone who waits in one set-at-a-time transaction (design, idea 2).

What happens when a batch fails is decided by SQLSTATE (engine 1.4); a lost COMMIT answer is looked up (engine 1.5).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from time import monotonic
from typing import Any, Generic, TypeVar, cast

import asyncpg
import msgspec

from numbank.clock import new_uuid
from numbank.db.commits import CommitUnknown, Warned, commit_fate
from numbank.db.pool import CONNECTION_ERRORS, Connection
from numbank.errors import Overloaded, Refusal, Unavailable
from numbank.turns import Turns

Req = TypeVar("Req")
Res = TypeVar("Res")

# 40xxx (deadlock, serialization): the whole batch again, a bounded number of times.
MAX_TRIES = 8
RETRIED = (asyncpg.TransactionRollbackError, asyncpg.InvalidCachedStatementError)
# A lock that is not given in time, or a row that is just being archived (55006, db/archive.py), is somebody else's fault:
# only those who need it wait on, and are refused at last. Each try waits for 1 s (`lock_timeout`): with their set, apart,
# and once more if few need locks; longer than a frozen node can hold one (2 s), or than a dozen clerks take one after
# another on a machine that has no time for them.
LOCKED = (asyncpg.LockNotAvailableError, asyncpg.ObjectInUseError)
LOCK_TRIES = 3
# Who needs none waits meanwhile: no last try begins later than this.
LAST_TRY_S = 2.5
# 22xxx and 23xxx: one request of the batch poisons it; found by serving them one by one.
POISON = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)
# Together 2.7 s: longer than a frozen node can hold a lock (`idle_in_transaction_session_timeout`).
FIRST_PAUSE_S = 0.003
LONGEST_PAUSE_S = 0.1
MOST_PAUSES = 30
# Answers of a set that are handed out in one turn of the loop; what callers do with them keeps the clerk waiting.
ANSWERED_AT_ONCE = 4
# 08, 53, 57: not retried.
DOWN = (*CONNECTION_ERRORS, asyncpg.InsufficientResourcesError, asyncpg.OperatorInterventionError)


class Again(msgspec.Struct, frozen=True):
    """A result that says: put this request into the next batch (in front of the queue).

    With `last`, what it needs is locked by others, for a moment: it is put there after a pause, and `last` is its result
    when it has paused MOST_PAUSES times. So nobody is told "none left" of something that nobody else takes.
    """

    request: object
    last: Refusal | Again | None = None


class Entry(msgspec.Struct, Generic[Req, Res]):
    """One waiting caller. `pauses` counts how often what it needs was locked by others; `answered`: its answer is known, and
    only waits for a turn of the loop.
    """

    request: Req
    future: asyncio.Future[Res | Refusal]
    deadline: float
    pauses: int = 0
    answered: bool = False


class Part(msgspec.Struct, Generic[Req, Res]):
    """Callers who are served in one transaction: a batch or, after one that failed, what is tried apart."""

    entries: list[Entry[Req, Res]]
    tries: int = 1


class Watch:
    """What a counter tells about itself; the server's metrics override it. All calls are per batch, not per request."""

    def served(self, counter: str, size: int, seconds: float) -> None:
        """A batch of `size` was answered after `seconds`."""

    def waited(self, counter: str, seconds: float) -> None:
        """The request of a batch that waited longest had its answer after so long."""

    def failed(self, counter: str, kind: str, error: BaseException | None) -> None:
        """A batch went wrong: kind is `retry`, `locked`, `poison`, `down`, `lost_commit` or `bug`."""


class Answers(msgspec.Struct, Generic[Res], frozen=True):
    """What a desk gives back: one result (or refusal, or Again) per request, in order.

    `keep` is False when nothing was written, so that a batch of refusals costs no commit. `committed` is called when the
    batch was committed, to count it; not when the answer to the commit was lost. It must not fail.
    """

    results: Sequence[Res | Refusal | Again]
    keep: bool = True
    committed: Callable[[], None] | None = None


# A desk's work: the set-at-a-time operation behind a counter.
Serve = Callable[[Connection, Sequence[Req]], Awaitable[Answers[Res]]]


class Counter(Generic[Req, Res]):
    """One queue with one clerk. `ask` is called on the event loop; the clerk runs while `run()` does.

    key     requests with an equal key never share a batch (engine 1.3); None means no such rule.
    party   whose locks a request needs (an account): when a lock is not given, parties are served one by one.
    writes  False for pure reads: no transaction, no mark of the batch.
    """

    def __init__(
        self,
        name: str,
        serve: Serve[Req, Res],
        open_connection: Callable[[], Awaitable[asyncpg.Connection[asyncpg.Record]]],
        *,
        batch_limit: int,
        queue_limit: int,
        deadline_s: float,
        key: Callable[[Req], Hashable | None] | None = None,
        party: Callable[[Req], Hashable] | None = None,
        writes: bool = True,
        watch: Watch | None = None,
    ) -> None:
        self.name = name
        self._serve = serve
        self._open = open_connection
        self._batch_limit = batch_limit
        self._queue_limit = queue_limit
        self._deadline_s = deadline_s
        self._key = key
        self._party = party
        self._writes = writes
        self._watch = watch or Watch()
        # A poll is over in a moment, and its clerk has one statement only.
        self._give: Callable[[asyncio.Future[Res | Refusal], Any], None] = (
            Turns(ANSWERED_AT_ONCE).give if writes else asyncio.Future.set_result
        )
        self._queue: deque[Entry[Req, Res]] = deque()
        self._bell = asyncio.Event()
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._idle = False
        self._pausing = 0
        self._warned = Warned()
        self._loop: asyncio.AbstractEventLoop | None = None

    def ask(self, request: Req) -> asyncio.Future[Res | Refusal]:
        """Queue a request. The future gets the result or a refusal as a value; it never gets an exception."""
        loop = self._loop
        if loop is None:
            loop = self._loop = asyncio.get_running_loop()
        future: asyncio.Future[Res | Refusal] = loop.create_future()
        if self._stopping or len(self._queue) + self._pausing >= self._queue_limit:
            future.set_result(Overloaded())
        else:
            self._queue.append(Entry(request, future, monotonic() + self._deadline_s))
            if self._idle:
                self._idle = False  # one ring is enough for all who come before the clerk does
                self._bell.set()
        return future

    @property
    def waiting(self) -> int:
        """How many requests are queued now."""
        return len(self._queue) + self._pausing

    def start(self) -> None:
        """Start the clerk."""
        self._task = asyncio.create_task(self._run(), name=f"clerk-{self.name}")

    async def stop(self) -> None:
        """Serve what is queued, then end the clerk and close its connection."""
        self._stopping = True
        self._bell.set()
        if self._task is not None:
            await self._task
        await self._drop_connection()

    async def _run(self) -> None:
        while True:
            if not self._queue:
                if self._stopping and not self._pausing:
                    return
                self._bell.clear()
                self._idle = True
                await self._bell.wait()
                self._idle = False
                continue
            batch = self._take()
            if batch:
                started = monotonic()
                try:
                    await self._answer(batch)
                except Exception as error:
                    # The clerk outlives everything, or its callers would wait for ever.
                    self._refuse(batch)
                    self._tell("bug", error)
                now = monotonic()
                self._watch.served(self.name, len(batch), now - started)
                self._watch.waited(self.name, now - batch[0].deadline + self._deadline_s)

    def _take(self) -> list[Entry[Req, Res]]:
        """The next batch: no caller that went away or waited too long, no key twice; the order of arrival stays."""
        batch = self._next(self._batch_limit)
        return batch if self._key is None else self._one_of_each(batch, self._key)

    def _next(self, most: int) -> list[Entry[Req, Res]]:
        """The first of the queue who still wait; who waited too long is told so."""
        now = monotonic()
        taken = [self._queue.popleft() for _ in range(min(len(self._queue), most))]
        batch = [entry for entry in taken if entry.deadline >= now and not entry.future.done()]
        if len(batch) < len(taken):
            for entry in taken:
                if entry.deadline < now and not entry.future.done():
                    entry.future.set_result(Overloaded())
        return batch

    def _one_of_each(
        self, batch: list[Entry[Req, Res]], key_of: Callable[[Req], Hashable | None]
    ) -> list[Entry[Req, Res]]:
        """Those with keys of their own, with those behind them in the places of the others, who stay first in the queue."""
        keys: set[Hashable] = set()
        chosen: list[Entry[Req, Res]] = []
        later: list[Entry[Req, Res]] = []
        while batch:
            for entry in batch:
                key = key_of(entry.request)
                if key is not None and key in keys:
                    later.append(entry)
                    continue
                keys.add(key)
                chosen.append(entry)
            batch = self._next(self._batch_limit - len(chosen))
        self._queue.extendleft(reversed(later))
        return chosen

    async def _answer(self, batch: list[Entry[Req, Res]]) -> None:
        """Serve a batch and hand out the results; whatever goes wrong, every caller gets an answer."""
        again: list[Entry[Req, Res]] = []
        parts = deque([Part(batch)])
        began = monotonic()
        while parts:
            part = parts.popleft()
            if part.tries > 1 and not self._wait_on(part, began):
                continue
            # Each part alone would wait for a host that does not answer (HOST_S).
            if not await self._hand_out(part, parts, again):
                self._refuse(batch, away=True)
                return
        # Those who were served apart too: all have the same patience, so deadlines tell the order of arrival.
        again.sort(key=lambda entry: entry.deadline)
        self._queue.extendleft(reversed(again))

    async def _hand_out(self, part: Part[Req, Res], parts: deque[Part[Req, Res]], again: list[Entry[Req, Res]]) -> bool:
        """Serve a part of a batch; what is left of one that fails joins `parts`. False when the database is away."""
        try:
            results = await self._attempt([entry.request for entry in part.entries])
        except LOCKED as error:
            self._tell("locked", error)
            left = self._after_a_lock(part)
        except Exception as error:
            # Something that one of them asked for, or a broken invariant: the neighbours must not suffer from it.
            self._tell("poison" if isinstance(error, POISON) else "bug", error)
            left = [Part([entry], part.tries) for entry in part.entries] if len(part.entries) > 1 else []
        else:
            for entry, result in zip(part.entries, results, strict=True):
                # By type: isinstance on a Struct class goes through ABCMeta, which a poll would feel; so would `cast`.
                if type(result) is Again:
                    self._once_more(entry, result, again)
                elif not entry.future.done():
                    entry.answered = True
                    self._give(entry.future, result)
            return not (type(results[0]) is Unavailable and results[0].away)
        await self._drop_connection()
        if left:
            parts.extend(left)
        else:
            self._refuse(part.entries)
        return True

    def _once_more(self, entry: Entry[Req, Res], result: Again, again: list[Entry[Req, Res]]) -> None:
        """A result that is none yet: into the next batch (`again`), there after a pause, or what is the last word then."""
        word: Refusal | Again = result
        while isinstance(word, Again) and word.last is not None and entry.pauses >= MOST_PAUSES:
            word = word.last
        if isinstance(word, Again):
            entry.request = cast("Req", word.request)  # a desk gives back its own kind of request
            if word.last is None:
                again.append(entry)
            else:
                self._pause(entry)
        elif not entry.future.done():
            entry.future.set_result(word)

    def _pause(self, entry: Entry[Req, Res]) -> None:
        """Put a request in front of the queue again when those who hold what it needs had time to go on."""
        self._pausing += 1
        pause_s = min(FIRST_PAUSE_S * 2**entry.pauses, LONGEST_PAUSE_S)
        entry.pauses += 1
        asyncio.get_running_loop().call_later(pause_s, self._resume, entry)

    def _resume(self, entry: Entry[Req, Res]) -> None:
        """Back into the queue where it stood: all have the same patience, so deadlines tell the order of arrival."""
        self._pausing -= 1
        later = (place for place, other in enumerate(self._queue) if other.deadline > entry.deadline)
        self._queue.insert(next(later, len(self._queue)), entry)
        self._bell.set()

    def _after_a_lock(self, part: Part[Req, Res]) -> list[Part[Req, Res]]:
        """What is tried after a lock was not given: each party alone, behind the others; none after LOCK_TRIES."""
        if part.tries == LOCK_TRIES:
            return []
        parties: dict[Hashable, list[Entry[Req, Res]]] = {}
        for index, entry in enumerate(part.entries):
            parties.setdefault(self._party(entry.request) if self._party is not None else index, []).append(entry)
        return [Part(entries, part.tries + 1) for entries in parties.values()]

    def _wait_on(self, part: Part[Req, Res], began: float) -> bool:
        """Whether somebody is left in a part that needs a lock; who waited too long is refused, for the queue waits too."""
        now = monotonic()
        over = part.tries == LOCK_TRIES and now - began > LAST_TRY_S
        self._refuse([entry for entry in part.entries if over or entry.deadline < now])
        part.entries = [entry for entry in part.entries if not entry.future.done()]
        return bool(part.entries)

    def _refuse(self, batch: list[Entry[Req, Res]], *, away: bool = False) -> None:
        for entry in batch:
            if not entry.answered and not entry.future.done():
                entry.future.set_result(Unavailable(away=away))

    def _tell(self, kind: str, error: BaseException) -> None:
        self._watch.failed(self.name, kind, error)

    async def _attempt(self, requests: list[Req]) -> Sequence[Res | Refusal | Again]:
        """One batch, tried again as SQLSTATE allows. Raises LOCKED and POISON errors, and bugs."""
        for tries in range(MAX_TRIES):
            try:
                connection = await self._connected()
                if self._writes:
                    return await self._transact(connection, requests)
                return (await self._serve(connection, requests)).results
            except RETRIED as error:
                self._tell("retry", error)
                await self._drop_connection()
                await asyncio.sleep(0.005 * tries)
            except CommitUnknown as lost:
                self._tell("lost_commit", lost)
                await self._drop_connection()
                results = await self._settle(lost)
                if results is not None:
                    return results
            except DOWN as error:
                if isinstance(error, asyncpg.InterfaceError) and self._alive():
                    raise  # the driver refuses what we asked on a connection that works: a bug, not an outage
                self._tell("down", error)
                await self._drop_connection()
                # A statement that took too long may do so each time: the database is there for others.
                return [Unavailable(away=not isinstance(error, asyncpg.QueryCanceledError))] * len(requests)
        return [Unavailable()] * len(requests)

    async def _transact(self, connection: Connection, requests: list[Req]) -> Sequence[Res | Refusal | Again]:
        """Serve a batch in one transaction whose commit leaves the batch's mark."""
        await connection.execute("begin")
        answers = await self._serve(connection, requests)
        if not answers.keep:
            await connection.execute("rollback")
            return answers.results
        mark = new_uuid()
        backend = connection.get_server_pid()
        self._warned.heard = False
        try:
            # Mark and commit travel together: one round trip, and the mark is there exactly if the batch is.
            await connection.execute(f"insert into batch_done (id) values ('{mark}'); commit")  # noqa: S608  our own uuid
        except (*RETRIED, *LOCKED):
            raise
        except Exception as error:
            # Whatever it was, only the mark can tell whether the commit happened.
            raise CommitUnknown(mark, backend, answers.results) from error
        if self._warned.heard:
            raise CommitUnknown(mark, backend, answers.results)
        if answers.committed is not None:
            answers.committed()
        return answers.results

    async def _settle(self, lost: CommitUnknown) -> Sequence[Res | Refusal | Again] | None:
        """After a lost COMMIT answer: the results if it was committed, None to run the batch again, else refusals."""
        with contextlib.suppress(*DOWN, *LOCKED):
            connection = await self._connected()
            self._warned.heard = False
            committed = await commit_fate(connection, lost.mark, lost.backend)
            if not self._warned.heard:  # else the proof is none either: its own wait for the standby was broken off
                return lost.results if committed else None
        # Nobody can say now. Should it have been committed, expiry gives the money back (engine 1.5).
        return [Unavailable(away=True)] * len(lost.results)

    async def _connected(self) -> asyncpg.Connection[asyncpg.Record]:
        if self._connection is None or self._connection.is_closed():
            try:
                self._connection = await self._open()
            except DOWN:
                # The database is away: who waits behind this batch is told so now, not when each has had its turn.
                self._refuse(list(self._queue), away=True)
                self._queue.clear()
                raise
            self._connection.add_log_listener(self._warned)
        return self._connection

    def _alive(self) -> bool:
        return self._connection is not None and not self._connection.is_closed()

    async def _drop_connection(self) -> None:
        """Close at once: what an interrupted transaction left open must not meet the next batch."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()
