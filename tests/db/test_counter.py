"""What a counter does when everything goes well, and when it does not (engine 1.3 to 1.5)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import asyncpg
import pytest

from numbank.db.counter import Again, Answers, Counter, Watch
from numbank.db.pool import Connection, connector
from numbank.errors import NoNumbers, Overloaded, Refusal, Unavailable


class Seen(Watch):
    """Remembers what a counter told."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.kinds: list[str] = []

    def served(self, counter: str, size: int, seconds: float) -> None:
        self.batches.append(size)

    def failed(self, counter: str, kind: str, error: BaseException | None) -> None:
        self.kinds.append(kind)


async def remember(tx: Connection, requests: Sequence[int]) -> Answers[int]:
    """A desk that writes every request down; 13 is refused, negative ones poison their batch."""
    await tx.execute("insert into noted select * from unnest($1::int[])", [one for one in requests if one != 13])
    return Answers([NoNumbers() if one == 13 else one * 2 for one in requests])


@pytest.fixture
async def noted(dsn: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    connection = await asyncpg.connect(dsn)
    await connection.execute("drop table if exists noted; create table noted (n int check (n >= 0))")
    yield connection
    await connection.close()


def counter(
    dsn: str, serve: Any = remember, *, seen: Watch | None = None, open_one: Callable[[], Awaitable[Any]] | None = None,
    **changes: Any,
) -> Counter[int, int]:  # fmt: skip
    options: dict[str, Any] = {"batch_limit": 8, "queue_limit": 100, "deadline_s": 5.0} | changes
    return Counter("test", serve, open_one or connector(dsn, 5.0), watch=seen, **options)


async def numbers_in(noted: asyncpg.Connection[asyncpg.Record]) -> list[int]:
    return [row[0] for row in await noted.fetch("select n from noted order by n")]


async def test_everyone_who_waits_is_served_in_one_batch(dsn: str, noted: Any) -> None:
    seen = Seen()
    asked = counter(dsn, seen=seen)
    futures = [asked.ask(number) for number in range(20)]
    asked.start()
    assert [isinstance(result, Refusal) or result for result in await asyncio.gather(*futures)] == [
        True if number == 13 else number * 2 for number in range(20)
    ]
    assert seen.batches == [8, 8, 4]
    await asked.stop()


async def test_a_full_queue_refuses_at_once(dsn: str, noted: Any) -> None:
    asked = counter(dsn, queue_limit=2)
    futures = [asked.ask(number) for number in range(3)]
    assert isinstance(await futures[2], Overloaded)
    asked.start()
    assert await asyncio.gather(*futures[:2]) == [0, 2]
    await asked.stop()


async def test_who_waited_too_long_is_refused_and_who_left_is_dropped(dsn: str, noted: Any) -> None:
    asked = counter(dsn, deadline_s=0.0)
    late = asked.ask(1)
    await asyncio.sleep(0)
    gone = asked.ask(2)
    gone.cancel()
    asked.start()
    assert isinstance(await late, Overloaded)
    await asked.stop()
    assert await numbers_in(noted) == []


async def test_equal_keys_never_share_a_batch_and_keep_their_order(dsn: str, noted: Any) -> None:
    batches: list[list[int]] = []

    async def serve(tx: Connection, requests: Sequence[int]) -> Answers[int]:
        batches.append(list(requests))
        return Answers(list(requests), keep=False)

    asked = counter(dsn, serve, key=lambda number: number % 3)
    futures = [asked.ask(number) for number in (0, 3, 1, 6, 4)]
    asked.start()
    assert await asyncio.gather(*futures) == [0, 3, 1, 6, 4]
    assert batches == [[0, 1], [3, 4], [6]]
    await asked.stop()


async def test_one_poisonous_request_does_not_fail_its_neighbours(dsn: str, noted: Any) -> None:
    seen = Seen()
    asked = counter(dsn, seen=seen)
    futures = [asked.ask(number) for number in (1, -5, 2)]
    asked.start()
    first, bad, second = await asyncio.gather(*futures)
    assert (first, second) == (2, 4)
    assert isinstance(bad, Unavailable)
    assert await numbers_in(noted) == [1, 2]
    assert "poison" in seen.kinds
    await asked.stop()


async def test_a_request_that_asks_again_is_served_by_the_next_batch(dsn: str, noted: Any) -> None:
    async def serve(tx: Connection, requests: Sequence[int]) -> Answers[int]:
        return Answers([Again(number - 1) if number > 0 else number for number in requests], keep=False)

    asked = counter(dsn, serve)
    future = asked.ask(3)
    asked.start()
    assert await future == 0
    await asked.stop()


async def test_a_bug_in_a_desk_refuses_and_the_clerk_lives_on(dsn: str, noted: Any) -> None:
    async def serve(tx: Connection, requests: Sequence[int]) -> Answers[int]:
        if 1 in requests:
            raise ZeroDivisionError
        return await remember(tx, requests)

    seen = Seen()
    asked = counter(dsn, serve, seen=seen)
    broken = asked.ask(1)
    asked.start()
    assert isinstance(await broken, Unavailable)
    assert await asked.ask(2) == 4
    assert seen.kinds == ["bug"]
    await asked.stop()


async def test_a_wrong_call_of_the_driver_is_a_bug_not_an_outage(dsn: str, noted: Any) -> None:
    async def serve(tx: Connection, requests: Sequence[int]) -> Answers[int]:
        await tx.fetch("select $1::int")
        return Answers(list(requests))

    seen = Seen()
    asked = counter(dsn, serve, seen=seen)
    future = asked.ask(1)
    asked.start()
    assert isinstance(await future, Unavailable)
    assert seen.kinds == ["bug"]
    await asked.stop()


async def test_a_broken_invariant_fails_its_own_request_only(dsn: str, noted: Any) -> None:
    async def serve(tx: Connection, requests: Sequence[int]) -> Answers[int]:
        if 3 in requests:
            raise RuntimeError("an invariant of 3 is broken")
        return await remember(tx, requests)

    asked = counter(dsn, serve)
    futures = [asked.ask(number) for number in (1, 3, 2)]
    asked.start()
    first, broken, second = await asyncio.gather(*futures)
    assert (first, second) == (2, 4)
    assert isinstance(broken, Unavailable)
    await asked.stop()


async def test_a_desk_that_forgets_an_answer_does_not_end_the_clerk(dsn: str, noted: Any) -> None:
    async def serve(tx: Connection, requests: Sequence[int]) -> Answers[int]:
        return Answers([] if 1 in requests else list(requests))

    asked = counter(dsn, serve)
    future = asked.ask(1)
    asked.start()
    assert isinstance(await future, Unavailable)
    assert await asked.ask(2) == 2
    await asked.stop()


async def test_a_lock_that_is_held_stops_only_those_who_need_it(dsn: str, noted: Any) -> None:
    await noted.execute(
        "drop table if exists owned; create table owned (id int primary key); insert into owned values (1), (2)"
    )

    async def serve(tx: Connection, requests: Sequence[int]) -> Answers[int]:
        await tx.execute("set local lock_timeout = '100ms'")
        for owner in sorted({number % 10 for number in requests}):
            await tx.execute("select from owned where id = $1 for update", owner)
        return Answers(list(requests))

    holder = noted.transaction()
    await holder.start()
    await noted.execute("select from owned where id = 1 for update")
    seen = Seen()
    asked = counter(dsn, serve, seen=seen, party=lambda number: number % 10)
    futures = [asked.ask(number) for number in (11, 2, 21, 12)]
    asked.start()
    locked, free, also_locked, also_free = await asyncio.gather(*futures)
    assert (free, also_free) == (2, 12)
    assert isinstance(locked, Unavailable)
    assert isinstance(also_locked, Unavailable)
    assert set(seen.kinds) == {"locked"}
    await holder.rollback()
    assert await asked.ask(31) == 31
    await asked.stop()


@pytest.mark.parametrize(
    ("numbers", "locked_for"), [((11, 2, 21, 12), 2), ((11, 21), 2), ((11, 2, 21, 12), 3), ((11, 21), 3)]
)
async def test_who_needs_a_lock_waits_behind_the_others_and_is_refused_after_three_tries(
    dsn: str, numbers: tuple[int, ...], locked_for: int
) -> None:
    """Not after one: so long holds a clerk of another node that has no time, or a node that was frozen."""
    tries: list[list[int]] = []

    async def serve(tx: Connection, requests: Sequence[int]) -> Answers[int]:
        tries.append(list(requests))
        if 11 in requests and len([one for one in tries if 11 in one]) <= locked_for:
            raise asyncpg.LockNotAvailableError
        return Answers(list(requests), keep=False)

    asked = counter(dsn, serve, party=lambda number: number % 10)
    futures = [asked.ask(number) for number in numbers]
    asked.start()
    told = dict(zip(numbers, await asyncio.gather(*futures), strict=True))
    await asked.stop()
    needed = [number for number in numbers if number % 10 == 1]
    free = [number for number in numbers if number not in needed]
    assert [told[number] for number in free] == free
    assert [isinstance(told[number], Unavailable) for number in needed] == [locked_for == 3] * len(needed)
    assert tries == [list(numbers), needed, *([free] if free else []), needed]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The counter's clock, which stands still unless it is moved."""
    now = [0.0]
    monkeypatch.setattr("numbank.db.counter.monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize(("deadline_s", "tries"), [(10.0, [0, 1, 2, 3, 4, 5]), (3.5, [0, 1, 2])])
async def test_a_lock_that_everybody_needs_holds_the_clerk_for_one_try_each_and_no_longer_than_callers_wait(
    dsn: str, clock: list[float], deadline_s: float, tries: list[int]
) -> None:
    tried: list[list[int]] = []

    async def serve(tx: Connection, requests: Sequence[int]) -> Answers[int]:
        tried.append(list(requests))
        clock[0] += 1.0  # so long it waits for the lock
        raise asyncpg.LockNotAvailableError

    asked = counter(dsn, serve, deadline_s=deadline_s)
    futures = [asked.ask(number) for number in range(6)]
    asked.start()
    told = await asyncio.gather(*futures)
    await asked.stop()
    assert [type(one) for one in told] == [Unavailable] * 6
    assert tried == [list(range(6)), *([number] for number in tries)]


async def test_who_just_came_is_not_refused_for_another_one_s_age(dsn: str, clock: list[float]) -> None:
    tried: list[list[int]] = []

    async def serve(tx: Connection, requests: Sequence[int]) -> Answers[int]:
        tried.append(list(requests))
        if len(tried) == 1:
            clock[0] += 1.0
            gone.cancel()
            raise asyncpg.LockNotAvailableError
        return Answers(list(requests), keep=False)

    asked = counter(dsn, serve, deadline_s=5.0, party=lambda _: 1)
    old = asked.ask(1)
    clock[0] += 4.5
    gone, fresh = asked.ask(2), asked.ask(3)
    asked.start()
    assert await fresh == 3
    await asked.stop()
    assert isinstance(await old, Unavailable)
    assert tried == [[1, 2, 3], [3]]


async def locked_together(tx: Connection, requests: Sequence[int]) -> None:
    """Several requests at once meet a lock; none does alone."""
    if len(requests) > 1:
        raise asyncpg.LockNotAvailableError


async def test_behind_a_lock_a_database_that_is_away_is_waited_for_once(dsn: str) -> None:
    opened: list[str] = []
    connect_ = connector(dsn, 5.0)

    async def once() -> Any:
        opened.append("")
        if len(opened) > 1:
            raise TimeoutError  # a host that swallows packets: it took HOST_S to know
        return await connect_()

    async def serve(tx: Connection, requests: Sequence[int]) -> Answers[int]:
        await locked_together(tx, requests)
        raise AssertionError

    asked = counter(dsn, serve, open_one=once)
    futures = [asked.ask(number) for number in range(8)]
    asked.start()
    told = await asyncio.gather(*futures)
    await asked.stop()
    assert [isinstance(one, Unavailable) and one.away for one in told] == [True] * 8
    assert len(opened) == 2


class Dying:
    """A connection that is gone as soon as something was served: whoever asks it then learns that at once."""

    def __init__(self, real: Any) -> None:
        self._real = real
        self.served = False

    async def execute(self, sql: str, *args: Any) -> Any:
        if self.served and sql == "begin":
            raise asyncpg.ConnectionDoesNotExistError
        return await self._real.execute(sql, *args)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


async def test_who_was_served_before_the_database_went_away_is_told_so(dsn: str, noted: Any) -> None:
    """Also those whose answers only wait for their turn of the loop."""
    connect_ = connector(dsn, 5.0)

    async def open_one() -> Any:
        return Dying(await connect_())

    async def serve(tx: Any, requests: Sequence[int]) -> Answers[int]:
        if len({number % 2 for number in requests}) > 1:
            raise asyncpg.LockNotAvailableError
        tx.served = True
        return await remember(tx, requests)

    asked = counter(dsn, serve, batch_limit=40, party=lambda number: number % 2, open_one=open_one)
    futures = [asked.ask(number) for number in range(20, 60)]
    asked.start()
    told = await asyncio.gather(*futures)
    await asked.stop()
    assert told[::2] == [number * 2 for number in range(20, 60, 2)]
    assert [isinstance(one, Unavailable) and one.away for one in told[1::2]] == [True] * 20
    assert await numbers_in(noted) == list(range(20, 60, 2))


@pytest.mark.parametrize("error", [asyncpg.LockNotAvailableError, asyncpg.DataError])
async def test_who_asks_again_after_being_served_alone_keeps_the_order(dsn: str, error: type[Exception]) -> None:
    batches: list[list[int]] = []

    async def serve(tx: Connection, requests: Sequence[int]) -> Answers[int]:
        if len(requests) > 1 and len(batches) == 0:
            batches.append(list(requests))
            raise error
        batches.append(list(requests))
        return Answers([Again(one + 10) if one < 10 else one for one in requests], keep=False)

    asked = counter(dsn, serve, party=lambda number: number % 2)
    futures = [asked.ask(number) for number in (1, 2, 3, 4)]
    asked.start()
    await asyncio.gather(*futures)
    await asked.stop()
    assert batches[-1] == [11, 12, 13, 14]


async def test_a_row_that_is_being_archived_refuses_only_who_changes_it(dsn: str, noted: Any) -> None:
    async def serve(tx: Connection, requests: Sequence[int]) -> Answers[int]:
        if 7 in requests:
            await tx.execute(
                "do $$ begin raise exception 'just being archived' using errcode = 'object_in_use'; end $$"
            )
        return await remember(tx, requests)

    seen = Seen()
    asked = counter(dsn, serve, seen=seen)
    futures = [asked.ask(number) for number in (1, 7, 2)]
    asked.start()
    first, frozen, second = await asyncio.gather(*futures)
    await asked.stop()
    assert (first, second) == (2, 4)
    assert isinstance(frozen, Unavailable)
    assert set(seen.kinds) == {"locked"}


async def test_a_deadlock_or_serialization_failure_runs_the_batch_again(dsn: str, noted: Any) -> None:
    tries = 0

    async def serve(tx: Connection, requests: Sequence[int]) -> Answers[int]:
        nonlocal tries
        tries += 1
        answers = await remember(tx, requests)
        if tries < 3:
            raise asyncpg.DeadlockDetectedError("made up")
        return answers

    asked = counter(dsn, serve)
    future = asked.ask(7)
    asked.start()
    assert await future == 14
    assert await numbers_in(noted) == [7]
    await asked.stop()


async def test_a_database_that_refuses_connections_is_an_answer_not_a_hang(dsn: str) -> None:
    async def refused() -> Any:
        raise ConnectionRefusedError

    asked = counter(dsn, open_one=refused)
    future = asked.ask(1)
    asked.start()
    assert isinstance(await future, Unavailable)
    await asked.stop()


async def test_a_backend_that_is_killed_before_the_commit_leaves_nothing(dsn: str, noted: Any) -> None:
    async def serve(tx: Connection, requests: Sequence[int]) -> Answers[int]:
        answers = await remember(tx, requests)
        await noted.execute("select pg_terminate_backend($1)", tx.get_server_pid())
        return answers

    asked = counter(dsn, serve)
    future = asked.ask(5)
    asked.start()
    result = await future
    # The cut shows at the commit; the mark is not there, so the batch runs again -- and is cut again, until it gives up.
    assert isinstance(result, Unavailable)
    assert await numbers_in(noted) == []
    await asked.stop()


class CutConnection:
    """A connection whose answer to COMMIT is lost: before the server has it, or after it was carried out."""

    def __init__(self, real: asyncpg.Connection[asyncpg.Record], *, committed: bool) -> None:
        self._real = real
        self._committed = committed
        self.cut = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    async def execute(self, sql: str, *values: object) -> str:
        if "; commit" not in sql:
            return await self._real.execute(sql, *values)
        if self._committed:
            await self._real.execute(sql, *values)
        self.cut = True
        self._real.terminate()
        raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")


@pytest.mark.parametrize("committed", [True, False], ids=["after the commit", "before the commit"])
async def test_a_lost_commit_answer_is_looked_up(dsn: str, noted: Any, committed: bool) -> None:
    opened: list[Any] = []

    async def open_one() -> Any:
        real = await connector(dsn, 5.0)()
        connection = CutConnection(real, committed=committed) if not opened else real
        opened.append(connection)
        return connection

    seen = Seen()
    asked = counter(dsn, seen=seen, open_one=open_one)
    futures = [asked.ask(number) for number in (1, 13, 2)]
    asked.start()
    first, refused, second = await asyncio.gather(*futures)
    assert (first, second) == (2, 4)
    assert isinstance(refused, NoNumbers)
    assert opened[0].cut
    # Committed or not: every request is written exactly once.
    assert await numbers_in(noted) == [1, 2]
    assert seen.kinds == ["lost_commit"]
    await asked.stop()


async def test_stopping_serves_what_is_queued(dsn: str, noted: Any) -> None:
    asked = counter(dsn)
    asked.start()
    futures = [asked.ask(number) for number in range(5)]
    await asked.stop()
    assert await asyncio.gather(*futures) == [0, 2, 4, 6, 8]
    assert isinstance(await asked.ask(9), Overloaded)


async def test_requests_that_paused_go_on_in_the_order_in_which_they_came(dsn: str) -> None:
    paused: set[int] = set()
    served: list[int] = []

    async def locked_once(tx: Connection, requests: Sequence[int]) -> Answers[int]:
        results: list[int | Refusal | Again] = []
        for one in requests:
            if one in paused:
                served.append(one)
                results.append(one)
            else:
                paused.add(one)
                results.append(Again(one, NoNumbers()))
        return Answers(results, keep=False)

    asked = counter(dsn, locked_once)
    futures = [asked.ask(number) for number in range(8)]
    asked.start()
    await asyncio.gather(*futures)
    await asked.stop()
    assert served == list(range(8))


async def test_all_who_wait_for_a_database_that_is_away_are_told_that_it_is(dsn: str) -> None:
    async def refused() -> Any:
        raise ConnectionRefusedError

    asked = counter(dsn, open_one=refused)
    futures = [asked.ask(number) for number in range(20)]  # more than one batch
    asked.start()
    told = await asyncio.gather(*futures)
    await asked.stop()
    assert [isinstance(one, Unavailable) and one.away for one in told] == [True] * 20


async def test_many_with_one_key_hold_up_nobody_behind_them(dsn: str) -> None:
    batches: list[list[str]] = []

    async def serve(tx: Connection, requests: Sequence[Any]) -> Answers[Any]:
        batches.append(list(requests))
        return Answers(requests, keep=False)

    asked = counter(dsn, serve, key=lambda word: word[0])
    futures: list[asyncio.Future[Any]] = [asked.ask(f"a{turn}") for turn in range(20)]  # type: ignore[arg-type]
    futures += [asked.ask(word) for word in ("b", "c")]  # type: ignore[arg-type]
    asked.start()
    await asyncio.gather(*futures)
    await asked.stop()
    assert batches[0] == ["a0", "b", "c"]
    assert batches[1:] == [[f"a{turn}"] for turn in range(1, 20)]


async def test_a_statement_that_takes_too_long_is_the_fault_of_its_request(dsn: str, noted: Any) -> None:
    async def slow(tx: Connection, requests: Sequence[int]) -> Answers[int]:
        await tx.execute("set local statement_timeout = 20")
        await tx.execute("select pg_sleep(60)")
        return Answers(requests)

    asked = counter(dsn, slow)
    future = asked.ask(1)
    asked.start()
    told = await future
    await asked.stop()
    assert isinstance(told, Unavailable)
    assert not told.away
