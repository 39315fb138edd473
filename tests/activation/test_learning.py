"""Habits of codes: learned from finished leases, once, without a code, a text or anybody's number."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import asyncpg
import msgspec
import pytest

from numbank.activation import learning
from numbank.activation.learning import ENOUGH_ACCOUNTS, MOST_OF_ONE, sender_name
from numbank.codes.prior import HIGHEST, Shape
from numbank.messages.habits import Habits
from numbank.server.app import App
from tests.support import Caller, Shop, open_bank, push


class School:
    """A bank that learns only when it is told to."""

    def __init__(self, app: App, shop: Shop) -> None:
        self.app, self.shop = app, shop
        self.connection = shop.connection

    async def finished(self, text: str, sender: str, *, key: str = "", status: int = 6) -> int:
        """A lease that got a message and was ended; its account's key is given or new."""
        if not key:
            _, key = await self.shop.customer()
        caller = Caller(self.app, key)
        lease_id, e164 = await caller.lease()
        await push(self.app, e164, text, sender=sender)
        await caller.get("setStatus", id=lease_id, status=status)
        return lease_id

    async def learn(self, *, hours: float = 2, days: float = 0, most: int = learning.MOST_LEASES) -> int:
        now: datetime = await self.connection.fetchval("select bank_now()")
        async with self.connection.transaction():
            return await learning.step(self.connection, now + timedelta(hours=hours), days, most=most)

    async def habits(self) -> dict[Shape, int]:
        rows = await self.connection.fetch("select length, letters, times from code_habit")
        return {Shape(row[0], row[1]): row[2] for row in rows}

    async def senders(self) -> list[tuple[str | None, int]]:
        rows = await self.connection.fetch("select sender, cardinality(accounts) from code_sender order by 1, 2")
        return [(row[0], row[1]) for row in rows]

    async def forget(self) -> None:
        """Begin again behind everything that there is."""
        await self.connection.execute("truncate code_habit, code_sender")
        await self.connection.execute(
            "update code_learned set lease_id = coalesce((select max(id) from activation), 0)"
        )


@pytest.fixture(scope="module")
async def bank(dsn: str) -> AsyncIterator[tuple[App, Shop]]:
    async with open_bank(dsn, early_cancel_s=0, cool_down_s=0, habits_every_s=3600) as (app, shop):
        await shop.numbers(300)
        await shop.offer("tg")
        yield app, shop


@pytest.fixture
async def school(bank: tuple[App, Shop]) -> School:
    found = School(*bank)
    await found.forget()
    return found


async def test_the_looks_of_certain_codes_are_learned_once(school: School) -> None:
    await school.finished("Telegram code 48213", "Telegram")
    await school.finished("Telegram code 59204", "Telegram")
    await school.finished("Your Telegram code is AB12CD", "Telegram")
    await school.finished("Hello Ann 59204", "Telegram")  # a guess at most
    await school.finished("nothing here", "Telegram")
    assert await school.learn() == 5
    assert await school.habits() == {Shape(5, False): 2, Shape(6, True): 1}
    assert await school.learn() == 0
    assert await school.habits() == {Shape(5, False): 2, Shape(6, True): 1}


@pytest.mark.parametrize(("confidence", "learned"), [(HIGHEST, {}), (HIGHEST + 0.01, {Shape(5, False): 1})])
async def test_a_code_that_needed_help_teaches_nothing(
    school: School, confidence: float, learned: dict[Shape, int]
) -> None:
    lease_id = await school.finished("Telegram code 48213", "Telegram")
    await school.connection.execute("update message set confidence = $2 where lease_id = $1", lease_id, confidence)
    assert await school.learn() == 1
    assert await school.habits() == learned


async def test_a_lease_that_is_young_is_learned_from_later(school: School) -> None:
    await school.finished("Telegram code 48213", "Telegram")
    assert await school.learn(hours=0) == 0
    assert await school.learn() == 1


async def test_a_lease_from_a_wrong_clock_holds_nobody_up(school: School) -> None:
    ahead = await school.finished("Telegram code 48213", "Telegram")
    await school.finished("Telegram code 59204", "Telegram")
    await school.connection.execute(
        "update activation set created_at = created_at + interval '90 days' where id = $1", ahead
    )
    assert await school.learn() == 2
    assert await school.habits() == {Shape(5, False): 2}


async def test_steps_are_bounded_and_go_on_where_they_stopped(school: School) -> None:
    for code in range(5):
        await school.finished(f"Telegram code 4821{code}", "Telegram")
    assert [await school.learn(most=2) for _ in range(4)] == [2, 2, 1, 0]
    assert await school.habits() == {Shape(5, False): 5}


async def test_one_account_teaches_only_a_little(school: School) -> None:
    _, key = await school.shop.customer(10_000_000)
    for code in range(MOST_OF_ONE + 3):
        await school.finished(f"Telegram code {40000 + code}", "Telegram", key=key)
    await school.learn()
    assert await school.habits() == {Shape(5, False): MOST_OF_ONE}


async def test_a_sender_is_named_once_enough_accounts_met_it(school: School) -> None:
    for _ in range(ENOUGH_ACCOUNTS - 1):
        await school.finished("Telegram code 48213", "Tele Gram")
    await school.learn()
    assert await school.senders() == [(None, ENOUGH_ACCOUNTS - 1)]
    assert "telegram" not in str(await school.connection.fetch("select * from code_sender"))
    await school.finished("Telegram code 48213", "TeleGram")
    await school.learn()
    assert await school.senders() == [("telegram", 0)]
    habits = Habits()
    await habits.load(school.app.bank.pool, [school.shop.catalogue.by_code["tg"]])
    assert habits.sent_by("TELEGRAM") == {school.shop.catalogue.by_code["tg"].id}


async def test_nobodys_telephone_number_is_learned(school: School) -> None:
    for _ in range(ENOUGH_ACCOUNTS):
        await school.finished("Telegram code 48213", "+447700900123")
    await school.learn()
    assert await school.senders() == []
    assert await school.habits() == {Shape(5, False): ENOUGH_ACCOUNTS}


@pytest.mark.unit
@pytest.mark.parametrize(
    ("sender", "name"),
    [
        ("WhatsApp", "whatsapp"), ("32665", "32665"), ("+447700900123", None), ("8 (916) 123-45-67", None), ("", None),
        ("+12345", None), ("x" * 41, None), ("Route 66", "route66"),
    ],
)  # fmt: skip
def test_what_is_kept_of_a_sender(sender: str, name: str | None) -> None:
    assert sender_name(sender) == name


async def test_senders_that_nobody_meets_any_more_are_forgotten(school: School) -> None:
    await school.finished("Telegram code 48213", "Rare")
    for _ in range(ENOUGH_ACCOUNTS):
        await school.finished("Telegram code 48213", "Known")
    await school.learn()
    assert len(await school.senders()) == 2
    await school.learn(hours=24 * 8)
    assert await school.senders() == [("known", 0)]
    await school.learn(hours=24 * 40)
    assert await school.senders() == [("known", 0)]
    await school.learn(hours=24 * 40, days=30)
    assert await school.senders() == []


async def test_very_many_senders_are_forgotten_in_several_steps(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "MOST_FORGOTTEN", 2)
    await school.connection.execute(
        "insert into code_sender select 1, gen_random_uuid(), case when n > 3 then 'name' || n end,"
        " case when n > 3 then '{}'::bigint[] else '{1}' end, bank_now() from generate_series(1, 6) n"
    )
    left = []
    for _ in range(3):
        await school.learn(hours=24 * 40, days=30)
        left.append(len(await school.senders()))
    assert left == [2, 0, 0]


async def test_a_node_remembers_the_senders_that_were_met_last(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("numbank.messages.habits.MOST_SENDERS", 2)
    service = school.shop.catalogue.by_code["tg"]
    await school.connection.execute(
        "insert into code_sender select $1, gen_random_uuid(), 'name' || n, '{}', bank_now() - make_interval(days => n)"
        " from generate_series(1, 4) n",
        service.id,
    )
    habits = Habits()
    await habits.load(school.app.bank.pool, [service])
    assert [bool(habits.sent_by(f"name {number}")) for number in range(1, 5)] == [True, True, False, False]


async def test_old_habits_fade(school: School) -> None:
    service_id = school.shop.catalogue.by_code["tg"].id
    await school.connection.executemany(
        "insert into code_habit values ($1, $2, false, $3)", [(service_id, 5, learning.MOST_TIMES), (service_id, 4, 1)]
    )
    await school.finished("Telegram code 482133", "Telegram")
    await school.learn()
    assert await school.habits() == {Shape(5, False): learning.MOST_TIMES // 2}


async def test_two_nodes_never_learn_the_same_lease(school: School, dsn: str) -> None:
    for code in range(6):
        await school.finished(f"Telegram code 4821{code}", "Telegram")
    now = await school.connection.fetchval("select bank_now()") + timedelta(hours=2)
    nodes = [await asyncpg.connect(dsn) for _ in range(4)]

    async def one(node: asyncpg.Connection[asyncpg.Record]) -> int:
        seen = 0
        for _ in range(6):
            async with node.transaction():
                seen += await learning.step(node, now, 0, most=2)
        return seen

    try:
        seen = await asyncio.gather(*map(one, nodes))
    finally:
        for node in nodes:
            await node.close()
    assert sum(seen) == 6
    assert await school.habits() == {Shape(5, False): 6}


async def test_the_books_of_habits_hold_no_code_and_no_text(school: School) -> None:
    for _ in range(ENOUGH_ACCOUNTS):
        await school.finished("Telegram code 48213 for Ann", "Telegram")
    await school.learn()
    rows = [await school.connection.fetch(f"select * from {table}") for table in ("code_habit", "code_sender")]
    assert "48213" not in str(rows)
    assert "Ann" not in str(msgspec.to_builtins(str(rows)))
