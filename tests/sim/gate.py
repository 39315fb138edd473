"""The gate: every statement of every node waits here, and the seed says whose turn it is and what goes wrong.

One statement is at the database at a time. One that waits for a lock there is found out (pg_blocking_pids), its backend is
frozen (SIGSTOP), and others go on; whenever somebody let go of locks it is looked at again, and thawed if the lock is its
own now. Frozen, because a commit may free several who wait, and they would race. So locks, SKIP LOCKED and visibility are
PostgreSQL's own, and the order is the seed's.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any
from zlib import crc32

import asyncpg
import msgspec

from tests.sim.database import Session, Statement
from tests.sim.line import Line
from tests.sim.trace import Trace

if TYPE_CHECKING:
    from tests.sim.loop import VirtualLoop

# What a statement says that changed nothing.
NOTHING: tuple[Any, ...] = (0, None, [], "COMMIT", "UPDATE 0", "DELETE 0", "INSERT 0 0", "SET")
BLOCKERS = "select pg_blocking_pids($1)"
ALL_BLOCKERS = "select pg_blocking_pids(pid) from unnest($1::int[]) with ordinality w(pid, place) order by place"
FATE = "select exists (select from batch_done where id = $1)"


# What the server says when it gives a transaction up.
CLASHES = (asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError, asyncpg.QueryCanceledError)


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

    line: Line
    pid: int
    clock: str = ""
    session: Session | None = None
    waits: Statement | None = None
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

    def __init__(self, loop: VirtualLoop, chance: Random, trace: Trace, lines: list[Line], observer: Line) -> None:
        self._loop = loop
        self._chance = chance
        self._trace = trace
        self._reals = [Real(one, one.pid) for one in lines]
        self._observer = observer
        self._waiting: list[Statement] = []
        self._undone: list[Real] = []  # to be rolled back: whoever had them is gone
        self._late: dict[int, tuple[Real, str]] = {}  # by backend: commits that are still on their way
        self._blocked: list[Real] = []
        self._closed = False
        self.statements = 0
        self.odds = Odds()
        self.clock: Callable[[], str] = lambda: ""
        self.stop_node: Callable[[Any], None] = lambda _: None
        self.after: Callable[[], None] = lambda: None
        self.fail: Callable[[BaseException], None] = lambda _: None
        loop.idle = self._idle

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
        session.begun = False
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
        """Every task waits: the next statement goes to the database. False: there is none."""
        if self._closed or not (self._undone or self._late or self._choices()):
            return False
        try:
            self._turn()
        except Exception as error:
            self.fail(error)
            self._closed = True
        return True

    # a turn

    def _choices(self) -> list[Statement]:
        free = any(real.session is None for real in self._reals)
        return [one for one in self._waiting if free or one.session.real is not None or one.sql == "begin"]

    def _turn(self) -> None:
        undone, self._undone = self._undone, []
        for real in undone:
            real.line.execute("rollback")
            real.session = None
        if undone:
            self._let_on({real.pid for real in undone})
        choices = self._choices()
        if self._late and (not choices or self._chance.random() < 0.3):
            self._come_late()
            return
        if not choices:
            return
        one = choices[self._chance.randrange(len(choices))]
        self._waiting.remove(one)
        if not self._goes_wrong(one):
            self._perform(one)

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
            kind = self._chance.choice(CLASHES)
            self._trace(f"{kind.__name__} {session.node.name}.{session.name} at {brief(one.sql)}")
            session.terminate()
            one.future.set_exception(kind("by chance"))
            return True
        return False

    def _perform(self, one: Statement) -> None:
        session, odds = one.session, self.odds
        self.statements += 1
        real = session.real
        if real is None:
            # A transaction takes nothing from the server before its first statement, so it begins with that.
            if one.sql == "begin" or (session.begun and one.sql in ("commit", "rollback")):
                session.begun = one.sql == "begin"
                self._trace.statement(session.node.name, session.name, one.sql, one.sql.upper())
                one.future.set_result(one.sql.upper())
                return
            real = self._free_one(one.sql)
            real.session = session
        if "pg_stat_activity" in one.sql:
            done = real.line.fetchval(FATE, one.args[0])
            real.session = None
            one.future.set_result({"done": done, "alive": one.args[1] in self._late})
            return
        if session.real is not None and one.sql.endswith("commit") and self._chance.random() < odds.late:
            self._trace(f"late {session.node.name}.{session.name}")
            self._late[session.backend] = (real, one.sql)
            session.broken, session.real = True, None
            one.future.set_exception(asyncpg.ConnectionDoesNotExistError("connection was closed in the middle"))
            return
        clock = self.clock()
        if session.begun:
            session.begun, session.real = False, real
            real.line.ahead(f"set sim.now = '{clock}'; begin")
            real.clock = clock
        elif real.clock != clock and session.real is None:
            real.line.ahead(f"set sim.now = '{clock}'")
            real.clock = clock
        real.line.say(getattr(real.line.connection, one.how)(one.sql, *one.args))
        if self._done(real):
            self._finish(real, one)
        else:
            self._trace(f"wait {session.node.name}.{session.name} {brief(one.sql)}")
            real.waits = one
            self._blocked.append(real)

    def _free_one(self, sql: str) -> Real:
        """A connection for a transaction that begins with this: the one that planned it before, if that is free."""
        favourite = self._reals[crc32(sql.encode()) % len(self._reals)]
        return favourite if favourite.session is None else next(one for one in self._reals if one.session is None)

    def _done(self, real: Real) -> bool:
        """Wait for the statement that is out; False when it waits for a lock."""
        while not real.line.answered():
            if not real.line.asleep():
                continue
            blockers = self._observer.fetchval(BLOCKERS, real.pid)
            if blockers:
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

    def _finish(self, real: Real, one: Statement) -> None:
        """Give the answer out, after the locks that were let go of have been noticed, and everything was looked at."""
        session, error, result = one.session, real.line.error, real.line.result
        alone = session.real is None
        frees = one.ends or alone or error is not None
        session.wrote = session.wrote or (one.writes and error is None and result not in NOTHING)
        commits = session.wrote and error is None and (alone or one.sql.endswith("commit"))
        if one.ends or alone:
            session.wrote = False
            real.session, session.real = None, None
        self._trace.statement(session.node.name, session.name, one.sql, error if error is not None else result)
        if frees and self._blocked:
            self._let_on({real.pid})
        if commits:
            self.after()
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
            one.future.set_result(result)

    def _let_on(self, ended: set[int]) -> None:
        """Backends let go of locks: who waited for one of them and has his lock now goes on, in the order of coming."""
        looked = [real for real in self._blocked if real.blockers & ended]
        if not looked:
            return
        answers = self._observer.fetch(ALL_BLOCKERS, [real.pid for real in looked])
        for real, (blockers,) in zip(looked, answers, strict=True):
            real.blockers = frozenset(blockers)
        for real in looked:
            one = real.waits
            if real not in self._blocked or one is None or real.blockers:
                continue
            real.thaw()
            if not self._done(real):
                continue
            self._blocked.remove(real)
            real.waits = None
            if real.orphan:
                real.orphan = False
                real.line.execute("rollback")
                real.session = None
                self._let_on({real.pid})
            else:
                self._finish(real, one)

    def _come_late(self) -> None:
        """A commit whose connection broke reaches the server after all, or is gone."""
        backend = next(iter(self._late))
        real, sql = self._late.pop(backend)
        happens = self._chance.random() < 0.5
        self._trace(f"late commit {'happens' if happens else 'is gone'}")
        real.line.execute(sql if happens else "rollback")
        real.session = None
        self._let_on({real.pid})
        if happens:
            self.after()


def brief(sql: str) -> str:
    """A statement in one short line."""
    return " ".join(sql.split())[:70]
