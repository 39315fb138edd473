"""The gate: every statement of every node waits here, and the seed says whose turn it is and what goes wrong.

One statement is at the database at a time. One that waits for a lock there is found out (pg_blocking_pids), its backend is
frozen (SIGSTOP), and others go on; whenever somebody let go of locks it is looked at again, and thawed if the lock is its
own now. Frozen, because a commit may free several who wait, and they would race. So locks, SKIP LOCKED and visibility are
PostgreSQL's own, and the order is the seed's.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import asyncpg
import msgspec

from tests.sim.database import Session, Statement
from tests.sim.loop import VirtualLoop
from tests.sim.trace import Trace

Connection = Any
# What a statement says that changed nothing.
NOTHING: tuple[Any, ...] = (0, None, [], "COMMIT", "UPDATE 0", "DELETE 0", "INSERT 0 0", "SET")
BLOCKERS = "select pg_blocking_pids($1)"
ALL_BLOCKERS = "select pg_blocking_pids(pid) from unnest($1::int[]) with ordinality w(pid, place) order by place"
FATE = "select exists (select from batch_done where id = $1)"


class Odds(msgspec.Struct, frozen=True):
    """How often something goes wrong, per statement (`stop`, `cut`, `clash`, `slow`) or per commit."""

    stop: float = 0.0  # the node ends before this statement
    cut: float = 0.0  # the connection breaks before it
    clash: float = 0.0  # the server gives the transaction up: deadlock, a lock not given in time, a statement too slow
    lost: float = 0.0  # committed, but the connection breaks before the answer
    late: float = 0.0  # the connection breaks, and nobody knows yet whether the server will still commit
    stop_after: float = 0.0  # the node ends after its commit, before anybody hears of it


class Real(msgspec.Struct, eq=False):
    """A real connection, and who has borrowed it. `waits` is the statement that waits for a lock on it."""

    connection: Connection
    pid: int
    clock: str = ""
    session: Session | None = None
    waits: Statement | None = None
    task: asyncio.Task[Any] | None = None
    orphan: bool = False
    frozen: bool = False
    blockers: frozenset[int] = frozenset()  # backends that it waits for

    def freeze(self) -> None:
        """It waits for a lock, and may be given it, but does nothing with it until it is thawed."""
        self.frozen = True
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        if self.frozen:
            os.kill(self.pid, signal.SIGCONT)
        self.frozen = False


class Gate:
    """All statements of a world. `clock` gives the bank's time as text, `stop_node` ends a node, `after` follows commits."""

    def __init__(
        self, loop: VirtualLoop, chance: Random, trace: Trace, connections: list[Connection], observer: Connection
    ) -> None:
        self._loop = loop
        self._chance = chance
        self._trace = trace
        self._reals = [Real(one, one.get_server_pid()) for one in connections]
        self._observer = observer
        self._waiting: list[Statement] = []
        self._undone: list[Real] = []  # to be rolled back: whoever had them is gone
        self._late: dict[int, tuple[Real, str]] = {}  # by backend: commits that are still on their way
        self._blocked: list[Real] = []
        self._bell: asyncio.Future[None] = loop.create_future()
        self._ring: asyncio.Future[None] | None = None
        self._closed = False
        self.statements = 0
        self.odds = Odds()
        self.clock: Callable[[], str] = lambda: ""
        self.stop_node: Callable[[Any], None] = lambda _: None
        self.after: Callable[[], Awaitable[None]] | None = None
        self.fail: Callable[[BaseException], None] = lambda _: None
        loop.idle = self._idle
        loop.stalled = self._stalled
        self._task = loop.create_task(self._serve(), name="gate")

    async def say(self, session: Session, how: str, sql: str, args: tuple[Any, ...]) -> Any:
        """Wait for the turn of a statement, and for what it gives. A node that ended waits for ever."""
        future = self._loop.create_future()
        if self._closed:
            future.cancel()
        elif not session.node.dead:
            self._waiting.append(Statement(session, how, sql, args, future))
        return await future

    def let_go(self, session: Session) -> None:
        """A session is closed: what it had open is rolled back before the next statement."""
        real, session.real = session.real, None
        if real is None or real.session is not session:
            return
        self._waiting = [one for one in self._waiting if one.session is not session]
        if real.waits is not None:
            real.orphan = True
        else:
            self._undone.append(real)

    def forget(self, node: Any) -> None:
        """A node ended: its statements are not heard any more, its transactions are rolled back."""
        self._waiting = [one for one in self._waiting if one.session.node is not node]
        for real in self._reals:
            if real.session is not None and real.session.node is node:
                session = real.session
                session.broken = True
                self.let_go(session)

    def close(self) -> None:
        """The world ends: whoever still waits is sent away."""
        self._closed = True
        for real in self._reals:
            real.thaw()
            if real.task is not None:
                real.task.add_done_callback(lambda task: task.cancelled() or task.exception())  # nobody asks any more
        self._task.cancel()
        self._loop.idle = lambda: False

    @property
    def calm(self) -> bool:
        """Whether no transaction is open."""
        return not self._late and all(real.session is None for real in self._reals)

    @property
    def quiet(self) -> bool:
        """Whether nothing waits and nothing is open."""
        return not (self._waiting or self._late or self._blocked or self._undone)

    # the loop's side

    def _idle(self) -> bool:
        if self._closed or self._bell.done() or not (self._undone or self._late or self._choices()):
            return False
        self._loop.listening += 1
        self._bell.set_result(None)
        return True

    def _stalled(self) -> None:
        if self._ring is not None and not self._ring.done():
            self._ring.set_result(None)

    async def _serve(self) -> None:
        while True:
            await self._bell
            try:
                await self._turn()
            except asyncio.CancelledError:
                raise
            except BaseException as error:
                self.fail(error)
                self._closed = True
            self._loop.listening -= 1
            self._bell = self._loop.create_future()

    # a turn

    def _choices(self) -> list[Statement]:
        free = any(real.session is None for real in self._reals)
        return [one for one in self._waiting if free or one.session.real is not None]

    async def _turn(self) -> None:
        undone, self._undone = self._undone, []
        for real in undone:
            await real.connection.execute("rollback")
            real.session = None
        if undone:
            await self._let_on({real.pid for real in undone})
        choices = self._choices()
        if self._late and (not choices or self._chance.random() < 0.3):
            await self._come_late()
            return
        if not choices:
            return
        one = choices[self._chance.randrange(len(choices))]
        self._waiting.remove(one)
        if not self._goes_wrong(one):
            await self._perform(one)

    def _goes_wrong(self, one: Statement) -> bool:
        """What chance does before a statement is sent."""
        odds, session = self.odds, one.session
        drawn = self._chance.random()
        if drawn < odds.stop:
            self._trace(f"stop {session.node.name} before {brief(one.sql)}")
            self.stop_node(session.node)
            return True
        drawn -= odds.stop
        if drawn < odds.cut:
            self._trace(f"cut {session.node.name}.{session.name} before {brief(one.sql)}")
            session.terminate()
            one.future.set_exception(asyncpg.ConnectionDoesNotExistError("connection was closed in the middle"))
            return True
        drawn -= odds.cut
        if drawn < odds.clash and session.real is not None and one.sql != "rollback":
            kinds = (asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError, asyncpg.QueryCanceledError)
            kind = self._chance.choice(kinds)
            self._trace(f"{kind.__name__} {session.node.name}.{session.name} at {brief(one.sql)}")
            session.terminate()
            one.future.set_exception(kind("by chance"))
            return True
        return False

    async def _perform(self, one: Statement) -> None:
        session, odds = one.session, self.odds
        real = session.real
        if real is None:
            real = next(each for each in self._reals if each.session is None)
            real.session = session
        if "pg_stat_activity" in one.sql:
            done = await real.connection.fetchval(FATE, one.args[0])
            real.session = None
            one.future.set_result({"done": done, "alive": one.args[1] in self._late})
            return
        if one.sql.endswith("commit") and self._chance.random() < odds.late:
            self._trace(f"late {session.node.name}.{session.name}")
            self._late[session.backend] = (real, one.sql)
            session.broken, session.real = True, None
            one.future.set_exception(asyncpg.ConnectionDoesNotExistError("connection was closed in the middle"))
            return
        clock = self.clock()
        sql = one.sql
        if sql == "begin":
            session.real = real
            sql = f"set sim.now = '{clock}'; begin"
            real.clock = clock
        elif real.clock != clock and session.real is None:
            await real.connection.execute(f"set sim.now = '{clock}'")
            real.clock = clock
        self.statements += 1
        real.task = self._loop.create_task(getattr(real.connection, one.how)(sql, *one.args))
        if await self._done(real):
            await self._finish(real, one)
        else:
            self._trace(f"wait {session.node.name}.{session.name} {brief(one.sql)}")
            real.waits = one
            self._blocked.append(real)

    async def _done(self, real: Real) -> bool:
        """Wait for the statement that is out; False when it waits for a lock."""
        task = real.task
        assert task is not None
        while not task.done():
            self._ring = self._loop.create_future()
            task.add_done_callback(self._over)
            await self._ring
            if task.done():
                break
            blockers = await self._observer.fetchval(BLOCKERS, real.pid)
            if blockers and not task.done():
                real.blockers = frozenset(blockers)
                self._no_deadlock(real)
                real.freeze()
                return False
        return True

    def _no_deadlock(self, real: Real) -> None:
        """The bank takes its locks in one order, so nobody ever waits for himself."""
        blocked = {other.pid: other for other in self._blocked}
        todo, seen = list(real.blockers), set[int]()
        while todo:
            pid = todo.pop()
            if pid == real.pid:
                said = [brief(each.waits.sql) for each in self._blocked if each.waits]
                raise AssertionError(f"deadlock of {said}")
            if pid in blocked and pid not in seen:
                seen.add(pid)
                todo += blocked[pid].blockers

    def _over(self, _: object) -> None:
        if self._ring is not None and not self._ring.done():
            self._ring.set_result(None)

    async def _finish(self, real: Real, one: Statement) -> None:
        """Give the answer out, after the locks that were let go of have been noticed, and everything was looked at."""
        session, task = one.session, real.task
        assert task is not None
        error = task.exception()
        alone = session.real is None
        frees = one.ends or alone or error is not None
        session.wrote = session.wrote or (one.writes and error is None and task.result() not in NOTHING)
        commits = session.wrote and error is None and (alone or one.sql.endswith("commit"))
        if one.ends or alone:
            session.wrote = False
            real.session, session.real = None, None
        real.task = None
        self._trace.statement(session.node.name, session.name, one.sql, error if error is not None else task.result())
        if frees and self._blocked:
            await self._let_on({real.pid})
        if commits:
            if self.after is not None:
                await self.after()
            if self._chance.random() < self.odds.stop_after:
                self._trace(f"stop {session.node.name} after {brief(one.sql)}")
                self.stop_node(session.node)
                return
            if one.sql.endswith("commit") and self._chance.random() < self.odds.lost:
                self._trace(f"lost {session.node.name}.{session.name}")
                session.broken = True
                one.future.set_exception(ConnectionResetError("by chance"))
                return
        if one.future.done() or session.node.dead:
            return
        if error is not None:
            one.future.set_exception(error)
        else:
            one.future.set_result(task.result())

    async def _let_on(self, ended: set[int]) -> None:
        """Backends let go of locks: who waited for one of them and has his lock now goes on, in the order of coming."""
        looked = [real for real in self._blocked if real.blockers & ended]
        if not looked:
            return
        answers = await self._observer.fetch(ALL_BLOCKERS, [real.pid for real in looked])
        for real, (blockers,) in zip(looked, answers, strict=True):
            real.blockers = frozenset(blockers)
        for real in looked:
            one = real.waits
            if real not in self._blocked or one is None or real.blockers:
                continue
            real.thaw()
            if not await self._done(real):
                continue
            self._blocked.remove(real)
            real.waits = None
            if real.orphan:
                real.orphan = False
                real.task = None
                await real.connection.execute("rollback")
                real.session = None
                await self._let_on({real.pid})
            else:
                await self._finish(real, one)

    async def _come_late(self) -> None:
        """A commit whose connection broke reaches the server after all, or is gone."""
        backend = next(iter(self._late))
        real, sql = self._late.pop(backend)
        happens = self._chance.random() < 0.5
        self._trace(f"late commit {'happens' if happens else 'is gone'}")
        await real.connection.execute(sql if happens else "rollback")
        real.session = None
        await self._let_on({real.pid})
        if happens and self.after is not None:
            await self.after()


def brief(sql: str) -> str:
    """A statement in one short line."""
    return " ".join(sql.split())[:70]
