"""Several nodes share the work, and what a dead one had taken is delivered by another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from numbank.clock import Chance
from numbank.db.confirmed import Unconfirmed
from numbank.db.pool import Pool, create_pool
from numbank.hooks import outcomes, queue
from numbank.hooks.egress import Guard, Resolver
from numbank.hooks.lanes import Lanes
from numbank.hooks.model import Event, Failure, Outcome, State, Task
from numbank.hooks.networks import parse_networks
from numbank.hooks.payload import Wording
from numbank.hooks.post import Poster, trust
from numbank.hooks.sender import HookWatch, Sender
from numbank.hooks.url import Rules, parse_ports
from tests.hooks.bank import World, world
from tests.hooks.receiver import Receiver, hangs, receiving
from tests.support import until

RULES = Rules(parse_ports("1-65535"), parse_networks("127.0.0.0/8"))


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as opened:
        yield opened


@pytest.fixture
async def quiet(dsn: str) -> AsyncIterator[World]:
    """A bank whose own sender does not look again in the time of a test: the test's nodes do the work."""
    async with world(dsn, hook_poll_s=600) as opened:
        await asyncio.sleep(0.05)  # its first look
        yield opened


class Watch(HookWatch):
    """Remembers what a node told."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []
        self.states: list[State] = []

    def tried(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)

    def ended(self, state: State) -> None:
        self.states.append(state)


class Node:
    """A node's sender, stepped by the test or running."""

    def __init__(self, bank: World, pool: Pool, *, timeout_s: float = 1.0, margin_s: float = 20.0) -> None:
        self.watch = Watch()
        clock = asyncio.get_running_loop().time
        self.sender = Sender(
            pool, bank.app.bank.seals, Poster(Guard(RULES, Resolver(2)), trust(""), timeout_s),
            Wording(ZoneInfo("UTC"), "NO_CODE"), Lanes(16, 8, 5.0, clock), timeout_s=timeout_s, poll_s=0.01,
            disable_after=0, watch=self.watch, margin_s=margin_s,
        )  # fmt: skip
        self.task: asyncio.Task[None] | None = None

    def start(self) -> None:
        async def run() -> None:
            while True:
                await self.sender.step()

        self.task = asyncio.create_task(run())

    async def kill(self) -> None:
        """Nothing is written down, nothing is given back."""
        for task in (self.task, *self.sender._running):
            if task is not None:
                task.cancel()
        await asyncio.gather(*(task for task in (self.task, *self.sender._running) if task), return_exceptions=True)


async def states(bank: World, *found: State) -> None:
    async def there() -> bool:
        rows = await bank.db.fetch("select state from delivery where account_id = $1 order by id", bank.customer_id)
        return [row[0] for row in rows] == list(found)

    await until(there)


async def test_what_a_dead_node_had_taken_is_delivered_by_another(quiet: World, receiver: Receiver, pool: Pool) -> None:
    receiver.plan = [hangs]
    await quiet.api.hook(receiver.url())
    await quiet.message()
    dead = Node(quiet, pool, timeout_s=30, margin_s=-29.5)
    dead.start()

    async def tried() -> bool:
        return len(receiver.got) == 1

    await until(tried)
    await dead.kill()
    await others_deliver(quiet, pool)
    assert [one.id for one in receiver.got] == [receiver.got[0].id] * 2
    assert dead.watch.states == []


async def test_a_delivery_whose_time_was_over_before_its_try_began_is_left_to_others(
    quiet: World, receiver: Receiver, pool: Pool
) -> None:
    """A node that was frozen between taking and trying."""
    await quiet.api.hook(receiver.url())
    await quiet.message()
    frozen = Node(quiet, pool, timeout_s=1.0, margin_s=-1.5)
    assert await frozen.sender.step() == 1
    await frozen.kill()
    assert receiver.got == []
    await others_deliver(quiet, pool)
    assert len(receiver.got) == 1
    assert frozen.watch.outcomes == []


async def others_deliver(quiet: World, pool: Pool) -> None:
    """Another node comes and delivers what is due."""
    other = Node(quiet, pool)
    other.start()
    await states(quiet, State.DELIVERED)
    await other.kill()


# A wait for the standby that somebody broke off looks like this: the commit succeeds, and a warning comes with it.
WARNS = """
create function warn() returns trigger language plpgsql as
  $$ begin raise warning 'canceling wait for synchronous replication'; return null; end $$;
create constraint trigger warned after {} on {} deferrable initially deferred for each row execute function warn();
"""


async def test_nobody_is_told_of_what_only_the_primary_has(quiet: World, receiver: Receiver, pool: Pool) -> None:
    await quiet.api.hook(receiver.url())
    await quiet.message()
    part = await quiet.db.fetchval(
        "select tableoid::regclass::text from delivery where account_id = $1", quiet.customer_id
    )
    await quiet.db.execute(WARNS.format("update", part))
    node = Node(quiet, pool, timeout_s=1.0, margin_s=-0.9)
    try:
        with pytest.raises(Unconfirmed):
            await node.sender.step()
    finally:
        await quiet.db.execute("drop function warn cascade")
    await node.kill()
    assert receiver.got == []
    await others_deliver(quiet, pool)
    assert len(receiver.got) == 1


async def test_nodes_side_by_side_deliver_everything_once(quiet: World, receiver: Receiver, dsn: str) -> None:
    for path in ("/a", "/b", "/c"):
        await quiet.api.hook(receiver.url(path))
    for number in range(20):
        await quiet.message(f"code 1{number:04d}")
    pools = [await create_pool(dsn, size=2, command_timeout_s=5) for _ in range(3)]
    nodes = [Node(quiet, pool) for pool in pools]
    for node in nodes:
        node.start()
    await states(quiet, *[State.DELIVERED] * 60)
    for node in nodes:
        await node.kill()
    for pool in pools:
        await pool.close()
    assert len(receiver.got) == 60
    assert len({one.id for one in receiver.got}) == 60


async def test_a_result_that_comes_late_does_not_spoil_the_turn_of_another(quiet: World, pool: Pool) -> None:
    hook_id, _ = await quiet.api.hook("http://127.0.0.1:9/")
    await quiet.message()
    at = datetime.now(UTC)
    delivery_id = await quiet.db.fetchval(
        "update delivery set taken = 2, started_at = now(), due_at = now() + interval '1 h' where account_id = $1"
        " returning id",
        quiet.customer_id,
    )

    def turn(taken: int) -> Task:
        return Task(delivery_id, hook_id, 0, 0, taken, at, "", (), off=False, failing=False)  # type: ignore[arg-type]

    async def save(taken: int, outcome: Outcome) -> outcomes.Saved:
        async with pool.acquire() as tx, tx.transaction():
            return await outcomes.save(tx, [(turn(taken), outcome)], Chance(1), 1.0, 0)

    failed, took = Outcome(500, 5, Failure.STATUS), Outcome(200, 5, None)
    assert (await save(1, failed)).ended == []
    row = await quiet.db.fetchrow("select tries, due_at from delivery where id = $1", delivery_id)
    assert row is not None
    assert (row["tries"], row["due_at"] > at + timedelta(minutes=50)) == (0, True)
    # But when the late one says that it was taken, it was: nobody has to send it again.
    assert (await save(1, took)).ended == [State.DELIVERED]
    assert (await save(2, failed)).ended == []
    assert await quiet.db.fetchval("select state from delivery where id = $1", delivery_id) == State.DELIVERED
    assert await quiet.db.fetchval("select count(*) from attempt where delivery_id = $1", delivery_id) == 3


async def test_a_turn_that_is_over_counts_for_no_run_of_failures(quiet: World, pool: Pool) -> None:
    """A node that was frozen in its eighth try comes back: what it would give up, another has in its hands."""
    hook_id, _ = await quiet.api.hook("http://127.0.0.1:9/")
    await quiet.message()
    delivery_id = await quiet.db.fetchval(
        "update delivery set taken = 2, started_at = now(), due_at = now() + interval '1 h' where account_id = $1"
        " returning id", quiet.customer_id,
    )  # fmt: skip
    late = Task(delivery_id, hook_id, Event.MESSAGE, 7, 1, datetime.now(UTC), "", (), off=False, failing=False)
    async with pool.acquire() as tx, tx.transaction():
        saved = await outcomes.save(tx, [(late, Outcome(500, 5, Failure.STATUS))], Chance(1), 1.0, disable_after=1)
    assert (saved.ended, saved.switched_off) == ([], [])
    assert (await quiet.api.ask("GET", f"/v1/hooks/{hook_id}", 200))["failures"] == 0


async def test_a_message_that_comes_while_the_one_before_is_in_hand_waits_for_nothing_else(
    quiet: World, pool: Pool
) -> None:
    """Its transaction sees the first in a node's hands, and commits after that one was taken by its receiver."""
    hook_id, _ = await quiet.api.hook("http://127.0.0.1:9/")
    lease_id = await quiet.message()
    row = await quiet.db.fetchrow(
        "update delivery set taken = 1, started_at = now(), due_at = now() + interval '30 s' where account_id = $1"
        " returning id, message_id", quiet.customer_id,
    )  # fmt: skip
    assert row is not None
    first = Task(row["id"], hook_id, Event.MESSAGE, 0, 1, datetime.now(UTC), "", (), off=False, failing=False)
    async with quiet.db.transaction():
        await queue.enqueue(quiet.db, [(quiet.customer_id, lease_id, row["message_id"])])
        async with pool.acquire() as tx, tx.transaction():
            saved = await outcomes.save(tx, [(first, Outcome(200, 5, None))], Chance(1), 1.0, 0)
        assert saved.ended == [State.DELIVERED]
    assert await quiet.db.fetchval(
        "select due_at <= now() from delivery where account_id = $1 and state = 0", quiet.customer_id
    )


async def test_a_good_stop_gives_back_what_it_could_not_finish(
    quiet: World, receiver: Receiver, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("numbank.hooks.sender.STOP_S", 0.1)
    receiver.plan = [hangs]
    await quiet.api.hook(receiver.url())
    await quiet.message()
    node = Node(quiet, pool, timeout_s=30)
    await node.sender.step()

    async def tried() -> bool:
        return len(receiver.got) == 1

    await until(tried)
    await node.sender.finish()
    await others_deliver(quiet, pool)
    assert len(receiver.got) == 2


async def test_what_was_tried_is_written_down_although_the_database_was_away_for_a_moment(
    quiet: World, receiver: Receiver, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await quiet.api.hook(receiver.url())
    await quiet.message()
    node = Node(quiet, pool)
    await node.sender.step()

    async def answered() -> bool:
        return len(node.watch.outcomes) == 1

    await until(answered)
    real = outcomes.save

    async def away(*_: object) -> outcomes.Saved:
        raise ConnectionError

    monkeypatch.setattr(outcomes, "save", away)
    with pytest.raises(ConnectionError):
        await node.sender.step()
    monkeypatch.setattr(outcomes, "save", real)
    await node.sender.step()
    await states(quiet, State.DELIVERED)
    assert len(receiver.got) == 1


async def test_a_full_house_of_slow_endpoints_leaves_room(quiet: World, receiver: Receiver, pool: Pool) -> None:
    """Many deliveries of one endpoint are never taken beyond its room, and the others come through."""
    async with receiving() as slow:
        slow.otherwise = hangs
        await quiet.api.hook(slow.url())
        for _ in range(6):
            await quiet.message()
        node = Node(quiet, pool, timeout_s=30)
        node.start()

        async def busy() -> bool:
            return slow.open == 2

        await until(busy)
        other = World(quiet.app, quiet.shop, *await quiet.shop.customer())
        await other.api.hook(receiver.url())
        await other.message()
        await states(other, State.DELIVERED)
        taken = await quiet.db.fetchval("select sum(taken) from delivery where account_id = $1", quiet.customer_id)
        assert (taken, slow.most_open) == (2, 2)
        await node.kill()


async def test_new_endpoints_that_hang_leave_room_for_those_that_are_known(
    quiet: World, receiver: Receiver, pool: Pool
) -> None:
    async with receiving() as slow:
        slow.otherwise = hangs
        await quiet.api.hook(receiver.url())
        await quiet.message()
        node = Node(quiet, pool, timeout_s=30)  # it has 16 connections
        node.start()
        await states(quiet, State.DELIVERED)
        other = World(quiet.app, quiet.shop, *await quiet.shop.customer())
        for path in ("/a", "/b", "/c"):
            await other.api.hook(slow.url(path))
        for _ in range(3):
            await other.message()

        async def busy() -> bool:
            return slow.open >= 4

        await until(busy)
        await quiet.message()
        await states(quiet, State.DELIVERED, State.DELIVERED)
        assert slow.most_open == 4
        await node.kill()


async def test_old_deliveries_are_forgotten_with_their_tries(quiet: World, pool: Pool) -> None:
    from numbank.hooks import book

    hook_id, _ = await quiet.api.hook("http://127.0.0.1:9/")
    await quiet.message()
    await quiet.message()
    first, second = [
        row[0] for row in await quiet.db.fetch("select id from delivery where hook_id = $1 order by id", hook_id)
    ]
    await quiet.db.execute(
        "update delivery set state = 2, due_at = null, ended_at = now(), created_at = now() - interval '31 days'"
        " where id = $1",
        first,
    )
    await quiet.db.execute("insert into attempt (delivery_id, at, ms, status) values ($1, now(), 1, 200)", first)
    await quiet.api.ask("DELETE", f"/v1/hooks/{hook_id}", 204)
    await quiet.db.execute("update hook set removed_at = now() - interval '32 days' where id = $1", hook_id)
    async with pool.acquire() as tx, tx.transaction():
        assert await book.forget(tx, 30, 1_000) == 1
    assert [row[0] for row in await quiet.db.fetch("select id from delivery where hook_id = $1", hook_id)] == [second]
    assert await quiet.db.fetchval("select count(*) from attempt where delivery_id = $1", first) == 0
    assert await quiet.db.fetchval("select count(*) from hook where id = $1", hook_id) == 0


async def test_an_endpoint_that_only_the_primary_has_is_acknowledged_to_nobody(
    quiet: World, receiver: Receiver
) -> None:
    await quiet.db.execute(WARNS.format("insert", "hook"))
    try:
        await quiet.api.ask("POST", "/v1/hooks", 503, json={"url": receiver.url()})
    finally:
        await quiet.db.execute("drop function warn cascade")
    shown = await quiet.api.ask("GET", "/v1/hooks", 200)
    assert [one["url"] for one in shown["hooks"]] == [receiver.url()]
