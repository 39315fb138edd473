"""Bans by rule: who leases badly is banned for a time, once for the same leases; a userId is banned without its account."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import timedelta

import msgspec
import pytest

from numbank.activation import judge
from numbank.activation.model import Activation, AdvanceRequest, LeaseRequest
from numbank.activation.states import Event
from numbank.customers import bans
from numbank.customers.end_users import digest_of_user
from numbank.customers.judging import Record, Rule
from numbank.customers.judging import judge as decide
from numbank.errors import Banned
from numbank.server.app import App
from tests.support import Caller, Shop, open_bank, push, until

ACCOUNT = Rule(4, 0.5, 60)
USER = Rule(3, 0.4, 30)


@pytest.mark.parametrize(
    ("record", "banned"),
    [
        (Record(0, 0, 0), False), (Record(3, 0, 9), False), (Record(4, 0, 9), True), (Record(4, 1, 9), True),
        (Record(4, 2, 9), False), (Record(4, 4, 9), False),
    ],
)  # fmt: skip
def test_fewer_leases_than_the_window_prove_nothing(record: Record, banned: bool) -> None:
    reason = decide(ACCOUNT, record)
    assert (reason is not None) == banned
    if reason is not None:
        assert f"{record.delivered} of the last 4 leases" in reason
        assert "less than 50.0%" in reason


def test_a_window_of_nothing_bans_nobody() -> None:
    assert decide(Rule(0, 1.0, 60), Record(0, 0, 0)) is None


class Model(msgspec.Struct):
    """What the rules should have done to one account or end user."""

    rule: Rule
    outcomes: list[bool] = []
    banned: bool = False
    bans: int = 0

    def judged(self) -> None:
        """It leased since the last step."""
        last = self.outcomes[-self.rule.window :]
        if not self.banned and len(last) == self.rule.window and sum(last) < self.rule.share * len(last):
            self.banned = True
            self.bans += 1
            self.outcomes.clear()


class World:
    """An account with two end users, beside the model of them."""

    def __init__(self, app: App, shop: Shop, account_id: int) -> None:
        self.app = app
        self.shop = shop
        self.account_id = account_id
        self.rules = judge.Rules(ACCOUNT, USER)
        self.models = {None: Model(ACCOUNT), "u1": Model(USER), "u2": Model(USER)}
        self.leased: set[str | None] = set()
        self.live: frozenset[int] = frozenset()

    async def begin(self, user: str) -> Activation:
        """A lease that goes on; the models know nothing of it."""
        bank = self.app.bank
        leased = await bank.leasing.lease(
            LeaseRequest(
                self.account_id, 0, bank.catalogue.by_code["ot"].id, 1200, 0, end_user=digest_of_user(user),
                end_user_name=user,
            )
        )  # fmt: skip
        assert isinstance(leased, Activation), leased
        return leased

    async def lease(self, user: str | None, good: bool) -> None:
        """One lease, from the beginning to its end."""
        bank = self.app.bank
        digest = None if user is None else digest_of_user(user)
        leased = await bank.leasing.lease(
            LeaseRequest(
                self.account_id, 0, bank.catalogue.by_code["ot"].id, 1200, 0, end_user=digest, end_user_name=user or ""
            )
        )
        if user is not None and self.models[user].banned:
            assert isinstance(leased, Banned)
            return
        assert isinstance(leased, Activation), leased
        if good:
            await push(self.app, leased.e164, "Your code is 123456")
        await bank.advance.ask(AdvanceRequest(leased.id, Event.FINISH))
        for who in {None, user}:
            self.models[who].outcomes.append(good)
            self.leased.add(who)

    async def step(self, most_live: int = judge.MOST_LIVE) -> None:
        """The judge looks once."""
        async with self.shop.connection.transaction():
            now = await self.app.bank.now()
            look = await judge.step(self.shop.connection, self.rules, now, self.live, most_live=most_live)
        self.live = look.live
        for who in self.leased:
            self.models[who].judged()
        self.leased.clear()

    async def lift(self, who: str | None) -> None:
        """The operator lifts what there is."""
        for ban in await bans.listed(self.shop.connection, self.account_id):
            if ban.end_user == who:
                async with self.shop.connection.transaction():
                    await bans.lift(self.shop.connection, ban.id)
        self.models[who].banned = False

    async def check(self) -> None:
        """The bans in force are those of the model, one each."""
        found = [ban.end_user for ban in await bans.listed(self.shop.connection, self.account_id)]
        assert sorted(found, key=str) == sorted((who for who, model in self.models.items() if model.banned), key=str)


@pytest.fixture(scope="module")
async def bank(dsn: str) -> AsyncIterator[tuple[App, Shop]]:
    async with open_bank(dsn, early_cancel_s=0, cool_down_s=0, unused_rest_s=0) as (app, shop):
        await shop.numbers(3000)
        await shop.offer("ot", "tg")
        yield app, shop


@pytest.mark.parametrize("seed", range(6))
async def test_the_judge_does_what_the_model_says(bank: tuple[App, Shop], seed: int) -> None:
    app, shop = bank
    world = World(app, shop, (await shop.customer(100_000_000))[0])
    chance = random.Random(seed)
    await world.step()
    world.leased.clear()
    luck = {"u1": 0.9, "u2": 0.2, None: chance.choice((0.2, 0.6, 0.9))}
    for _ in range(60):
        if chance.random() < 0.1:
            await world.lift(chance.choice((None, "u1", "u2")))
        else:
            who = chance.choice((None, "u1", "u2"))
            await world.lease(who, chance.random() < luck[who])
            if chance.random() < 0.5:
                await world.step()
        await world.check()
    rows = await bans.listed(shop.connection, world.account_id, all_=True)
    assert len(rows) == sum(model.bans for model in world.models.values()) > 0
    assert all(ban.by_rule and "of the last" in ban.reason for ban in rows)


async def test_a_lifted_ban_is_not_set_again_for_the_same_leases(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    world = World(app, shop, (await shop.customer())[0])
    await world.step()
    for _ in range(4):
        await world.lease(None, good=False)
    await world.step()
    await world.check()
    assert world.models[None].banned
    await world.lift(None)
    for _ in range(3):
        await world.lease(None, good=False)
        await world.step()
        await world.check()
    assert not world.models[None].banned
    await world.lease(None, good=False)
    await world.step()
    await world.check()
    assert world.models[None].banned


async def test_two_nodes_judge_one_after_the_other(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    world = World(app, shop, (await shop.customer())[0])
    await world.step()
    for _ in range(4):
        await world.lease(None, good=False)
    now = await app.bank.now()

    async def one_node() -> int:
        async with app.bank.pool.acquire() as connection, connection.transaction():
            return (await judge.step(connection, world.rules, now, frozenset())).leases

    await asyncio.gather(*(one_node() for _ in range(3)))
    [ban] = await bans.listed(shop.connection, world.account_id)
    assert ban.until == now + timedelta(minutes=60)


@pytest.mark.parametrize(
    ("query", "index", "values"),
    [
        ("account_records", "account_id_id_idx", ([1], [0], 10)),
        ("end_user_records", "account_id_end_user_id_idx", ([1], [digest_of_user("u")], [0], 10)),
        ("recent_buyers", "pkey", (100_000_000, 1_000)),
        ("ended_buyers", "pkey", ([100_000_000],)),
        ("living", "due_at_id_idx", (1_000,)),
    ],
)  # fmt: skip
async def test_the_judge_goes_by_indexes(
    bank: tuple[App, Shop], query: str, index: str, values: tuple[object, ...]
) -> None:
    _, shop = bank
    await shop.connection.execute("set enable_seqscan = off")
    plan = "\n".join(row[0] for row in await shop.connection.fetch("explain " + getattr(judge.Q, query), *values))
    assert "Seq Scan" not in plan
    assert index in plan


@pytest.mark.parametrize(("window", "user"), [("ban_window", None), ("ban_user_window", "bad")])
async def test_the_background_bans_on_the_wire(dsn: str, window: str, user: str | None) -> None:
    settings: dict[str, object] = {
        window: 3, "ban_success_share": 0.5, "ban_user_success_share": 0.5, "judge_every_s": 0.02, "early_cancel_s": 0,
        "cool_down_s": 0,
    }  # fmt: skip
    async with open_bank(dsn, **settings) as (app, shop):
        customer_id, key = await shop.customer()
        caller = Caller(app, key)
        params = {} if user is None else {"userId": user}

        async def begun() -> bool:
            return bool(await shop.connection.fetchval("select exists (select from judged_upto)"))

        await until(begun)

        async def banned() -> bool:
            answer = await caller.get("getNumber", service="tg", **params)
            if answer.startswith("BANNED:'"):
                return True
            await caller.get("setStatus", id=answer.split(":")[1], status=8)
            return False

        await until(banned)
        [ban] = await bans.listed(shop.connection, customer_id)
        assert ban.end_user == user
        other = await caller.get("getNumber", service="tg", userId="good")
        assert other.startswith("BANNED:'" if user is None else "ACCESS_NUMBER")


async def test_the_judge_catches_up_without_a_pause(dsn: str) -> None:
    """More leases than one step looks through: the next step follows at once, or bans would come ever later."""
    async with open_bank(dsn, ban_window=3, judge_every_s=3600.0) as (_, shop):

        async def begun() -> bool:
            return bool(await shop.connection.fetchval("select exists (select from judged_upto)"))

        await until(begun)
        first: int = await shop.connection.fetchval("select lease_id from judged_upto")
        customer_id, _ = await shop.customer()
        await shop.connection.execute(
            """
            insert into activation (id, account_id, country_id, service_id, supplier_id, operator_id, number_id, e164,
              hold_id, price, currency, state, created_at, cancel_from, due_at, ended_at, ended_by)
            select nextval('lease_id'), $1, 0, 1, 1, 1, 1, 79100000000, -g, 0, 840, 8, now(), now(), now(), now(), 6
            from generate_series(1, $2::int) g
            """,
            customer_id, judge.MOST_LEASES * 2 + 5,
        )  # fmt: skip
    async with open_bank(dsn, ban_window=3, judge_every_s=3600.0) as (_, shop):

        async def caught_up() -> bool:
            upto: int = await shop.connection.fetchval("select lease_id from judged_upto")
            last: int = await shop.connection.fetchval("select last_value from lease_id")
            return upto == last > first

        await until(caught_up)


async def test_leases_that_end_after_the_look_are_judged_too(dsn: str) -> None:
    """Nobody has to lease again to be looked at: the third failure is the last, whenever it comes."""
    settings: dict[str, object] = {
        "ban_user_window": 3, "ban_user_success_share": 0.5, "judge_every_s": 0.02, "early_cancel_s": 0,
    }  # fmt: skip
    async with open_bank(dsn, **settings) as (app, shop):
        await shop.numbers(10)
        await shop.offer("tg")
        customer_id, key = await shop.customer()
        caller = Caller(app, key)

        async def looked() -> bool:
            upto = await shop.connection.fetchval("select lease_id from judged_upto")
            last: int = await shop.connection.fetchval("select coalesce(max(id), 0) from activation")
            return upto is not None and upto >= last

        await until(looked)
        leases = [(await caller.get("getNumber", service="tg", userId="bad")).split(":")[1] for _ in range(3)]
        await until(looked)
        assert await bans.listed(shop.connection, customer_id) == []
        for lease_id in leases:
            assert await caller.get("setStatus", id=lease_id, status=8) == "ACCESS_CANCEL"

        async def banned() -> bool:
            return [ban.end_user for ban in await bans.listed(shop.connection, customer_id)] == ["bad"]

        await until(banned)
        assert (await caller.get("getNumber", service="tg", userId="bad")).startswith("BANNED:'")


async def test_a_node_that_starts_knows_the_leases_that_live(bank: tuple[App, Shop]) -> None:
    """Also those that another node saw, which is gone since."""
    app, shop = bank
    world = World(app, shop, (await shop.customer())[0])
    await world.step()
    lived = [await world.begin("u1") for _ in range(3)]
    await world.step()
    world.live = await judge.living(shop.connection)
    assert {lease.id for lease in lived} <= world.live
    assert len(await judge.living(shop.connection, most=2)) == 2
    for lease in lived:
        await app.bank.advance.ask(AdvanceRequest(lease.id, Event.CANCEL))
    assert not {lease.id for lease in lived} & await judge.living(shop.connection)
    await world.step()
    assert [ban.end_user for ban in await bans.listed(shop.connection, world.account_id)] == ["u1"]


async def test_what_is_remembered_is_bounded_and_forgotten_at_the_end(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    world = World(app, shop, (await shop.customer())[0])
    await world.step()
    world.live = frozenset()
    lived = [await world.begin("u2") for _ in range(3)]
    await world.step(most_live=2)
    assert world.live == {lease.id for lease in lived[1:]}, "the newest have the longest to live"
    await world.step(most_live=2)
    assert world.live == {lease.id for lease in lived[1:]}
    for lease in lived:
        await app.bank.advance.ask(AdvanceRequest(lease.id, Event.CANCEL))
    await world.step()
    assert world.live == frozenset()
    [ban] = await bans.listed(shop.connection, world.account_id)
    assert ban.end_user == "u2"
    async with shop.connection.transaction():
        await bans.lift(shop.connection, ban.id)
    world.live = frozenset(lease.id for lease in lived)
    await world.step()
    assert await bans.listed(shop.connection, world.account_id) == [], "not again for the same leases"


async def test_one_of_two_nodes_bans_once_for_what_both_remember(bank: tuple[App, Shop]) -> None:
    app, shop = bank
    world = World(app, shop, (await shop.customer())[0])
    await world.step()
    lived = [await world.begin("u1") for _ in range(3)]
    await world.step()
    for lease in lived:
        await app.bank.advance.ask(AdvanceRequest(lease.id, Event.CANCEL))
    now, live = await app.bank.now(), world.live

    async def one_node() -> None:
        async with app.bank.pool.acquire() as connection, connection.transaction():
            await judge.step(connection, world.rules, now, live)

    await asyncio.gather(*(one_node() for _ in range(3)))
    await one_node()
    [ban] = await bans.listed(shop.connection, world.account_id)
    assert (ban.end_user, ban.until) == ("u1", now + timedelta(minutes=30))
