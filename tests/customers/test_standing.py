"""What the operator sets for an account counts on every node within a second, and is written down."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import msgspec
import pytest

from numbank.customers import bans, ranks, standing
from numbank.customers.standing import AS_SET, Change, basis_points, percent, prefixes
from numbank.errors import OperatorError
from numbank.server.app import App
from tests.support import PRICE, Caller, Shop, open_bank, push, until


@pytest.fixture(scope="module")
async def bank(dsn: str) -> AsyncIterator[tuple[App, Shop]]:
    async with open_bank(dsn, early_cancel_s=0, cool_down_s=0, statistics_fold_s=0.02) as (app, shop):
        await shop.numbers(300)
        await shop.offer("tg")
        yield app, shop


@pytest.fixture
async def someone(bank: tuple[App, Shop]) -> tuple[int, Caller]:
    app, shop = bank
    customer_id, key = await shop.customer()
    return customer_id, Caller(app, key)


async def answers(caller: Caller, word: str, action: str = "getNumber", **params: object) -> None:
    """Wait until an action answers a word: key rings look for changes a few times a second."""

    async def said() -> bool:
        return (await caller.get(action, service="tg", **params)).startswith(word)

    await until(said)


async def change(shop: Shop, customer_id: int, wanted: Change) -> None:
    async with shop.connection.transaction():
        await standing.change(shop.connection, customer_id, "test.change", wanted)


async def test_an_inactive_account_buys_nothing_but_may_finish(
    bank: tuple[App, Shop], someone: tuple[int, Caller]
) -> None:
    _, shop = bank
    customer_id, caller = someone
    lease_id, _ = await caller.lease()
    await change(shop, customer_id, Change(active=False))
    await answers(caller, "ACCOUNT_INACTIVE")
    assert await caller.get("getStatus", id=lease_id) == "STATUS_WAIT_CODE"
    assert await caller.get("setStatus", id=lease_id, status=8) == "ACCESS_CANCEL"
    await change(shop, customer_id, Change(active=True))
    await answers(caller, "ACCESS_NUMBER")


async def test_a_blocked_account_is_told_channels_limit(bank: tuple[App, Shop], someone: tuple[int, Caller]) -> None:
    _, shop = bank
    customer_id, caller = someone
    await change(shop, customer_id, Change(blocked=True))
    await answers(caller, "CHANNELS_LIMIT")
    await change(shop, customer_id, Change(blocked=False))
    await answers(caller, "ACCESS_NUMBER")


async def test_more_parallel_leases_than_allowed(bank: tuple[App, Shop], someone: tuple[int, Caller]) -> None:
    _, shop = bank
    customer_id, caller = someone
    await change(shop, customer_id, Change(max_live=2))
    leases = []

    async def full() -> bool:
        answer = await caller.get("getNumber", service="tg")
        if answer == "CHANNELS_LIMIT":
            return True
        leases.append(answer.split(":")[1])
        return False

    await until(full)
    for lease_id in leases:
        assert await caller.get("setStatus", id=lease_id, status=8) == "ACCESS_CANCEL"
    assert [(await caller.get("getNumber", service="tg"))[:13] for _ in range(3)] == [
        "ACCESS_NUMBER", "ACCESS_NUMBER", "CHANNELS_LIMI",
    ]  # fmt: skip
    await change(shop, customer_id, Change(max_live=AS_SET))
    await answers(caller, "ACCESS_NUMBER")


async def test_the_prefixes_of_an_account_count_when_a_request_names_none(
    bank: tuple[App, Shop], someone: tuple[int, Caller]
) -> None:
    _, shop = bank
    customer_id, caller = someone
    await change(shop, customer_id, Change(phone_exception="7910"))
    await answers(caller, "NO_NUMBERS")
    await answers(caller, "ACCESS_NUMBER", phoneException="7999")
    await change(shop, customer_id, Change(phone_exception=""))
    await answers(caller, "ACCESS_NUMBER")


async def test_leases_per_minute(bank: tuple[App, Shop], someone: tuple[int, Caller]) -> None:
    _, shop = bank
    customer_id, caller = someone
    await change(shop, customer_id, Change(leases_per_min=2))
    await caller.lease()
    await caller.lease()
    await answers(caller, "TOO_MANY_REQUESTS")
    await change(shop, customer_id, Change(leases_per_min=AS_SET))
    await answers(caller, "ACCESS_NUMBER")


async def test_a_ban_counts_on_every_node(dsn: str, bank: tuple[App, Shop], someone: tuple[int, Caller]) -> None:
    _, shop = bank
    customer_id, caller = someone
    async with open_bank(dsn, early_cancel_s=0) as (other, _):
        elsewhere = Caller(other, caller.key)
        for one in (caller, elsewhere):
            await answers(one, "ACCESS_NUMBER")
        async with shop.connection.transaction():
            await bans.add(shop.connection, customer_id, until=None, for_=timedelta(hours=1), reason="both")
        for one in (caller, elsewhere):
            await answers(one, "BANNED:")


async def test_a_ban_says_its_end_and_can_be_lifted(bank: tuple[App, Shop], someone: tuple[int, Caller]) -> None:
    _, shop = bank
    customer_id, caller = someone
    async with shop.connection.transaction():
        ban_id, ends_at = await bans.add(
            shop.connection, customer_id, until=None, for_=timedelta(hours=3), reason="chargeback"
        )
    await answers(caller, f"BANNED:'{ends_at:%Y-%m-%d %H-%M-%S}'")
    [ban] = await bans.listed(shop.connection, customer_id)
    assert (ban.reason, ban.by_rule, ban.in_force) == ("chargeback", False, True)
    async with shop.connection.transaction():
        await bans.lift(shop.connection, ban_id)
    await answers(caller, "ACCESS_NUMBER")
    assert await bans.listed(shop.connection, customer_id) == []
    [ban] = await bans.listed(shop.connection, customer_id, all_=True)
    assert ban.lifted_at is not None
    with pytest.raises(OperatorError, match="no ban"):
        async with shop.connection.transaction():
            await bans.lift(shop.connection, ban_id)


async def test_a_ban_ends_by_itself(bank: tuple[App, Shop], someone: tuple[int, Caller]) -> None:
    _, shop = bank
    customer_id, caller = someone
    async with shop.connection.transaction():
        await bans.add(shop.connection, customer_id, until=None, for_=timedelta(seconds=1), reason="a short one")
    await answers(caller, "BANNED:")
    await answers(caller, "ACCESS_NUMBER")


async def test_the_ban_of_an_end_user_leaves_the_account_alone(
    bank: tuple[App, Shop], someone: tuple[int, Caller]
) -> None:
    _, shop = bank
    customer_id, caller = someone
    async with shop.connection.transaction():
        await bans.add(
            shop.connection, customer_id, until=None, for_=timedelta(hours=1), reason="cancels all", user="u 1"
        )
    await answers(caller, "BANNED:", userId="u 1")
    await answers(caller, "ACCESS_NUMBER", userId="u 2")
    await answers(caller, "ACCESS_NUMBER")
    [ban] = await bans.listed(shop.connection, customer_id)
    assert ban.end_user == "u 1"


@pytest.mark.parametrize(
    ("for_", "reason", "user"),
    [
        (timedelta(0), "x", None), (timedelta(days=36500), "x", None), (None, "x", None), (timedelta(1), " ", None),
        (timedelta(1), "x" * 501, None), (timedelta(1), "x", ""), (timedelta(1), "x", "u" * 256),
    ],
)  # fmt: skip
async def test_what_is_no_ban(
    bank: tuple[App, Shop], someone: tuple[int, Caller], for_: timedelta | None, reason: str, user: str | None
) -> None:
    _, shop = bank
    with pytest.raises(OperatorError):
        async with shop.connection.transaction():
            await bans.add(shop.connection, someone[0], until=None, for_=for_, reason=reason, user=user)


async def test_what_is_changed_is_written_down(bank: tuple[App, Shop], someone: tuple[int, Caller]) -> None:
    _, shop = bank
    customer_id, _ = someone
    await change(shop, customer_id, Change(phone_exception="7918", cashback_bp=100))
    [row] = await shop.connection.fetch("select act, details from audit where subject = $1", f"customer {customer_id}")
    assert row["act"] == "test.change"
    assert msgspec.json.decode(row["details"]) == {"phone_exception": "7918", "cashback_bp": 100}
    found = await standing.of(shop.connection, customer_id)
    assert (found.phone_exception, found.cashback_bp, found.max_live) == ("7918", 100, None)
    with pytest.raises(OperatorError, match="no customer"):
        await change(shop, 10**9, Change(active=True))


async def test_turnover_leads_to_a_rank_and_its_discount(bank: tuple[App, Shop], someone: tuple[int, Caller]) -> None:
    app, shop = bank
    customer_id, caller = someone
    lease_id, e164 = await caller.lease()
    async with shop.connection.transaction():
        await ranks.set_(shop.connection, ranks.Rank("silver", 2 * PRICE, 500))
    await push(app, e164, "Telegram code 12345")
    _, e164 = await caller.lease()
    await push(app, e164, "Telegram code 12345")

    async def cheaper() -> bool:
        row = await caller.json("getNumberV2", service="tg")
        return bool(row["activationCost"] == PRICE * 0.95 / 10_000)

    await until(cheaper)
    found = await standing.of(shop.connection, customer_id)
    assert (found.turnover, found.rank, found.discount_bp) == (2 * PRICE, "silver", 500)
    shown = [row["discount"] for row in (await caller.json("getActiveActivations"))["activeActivations"]]
    assert shown[0] == "0.05"
    assert shown[-1] == "0.00"
    with pytest.raises(OperatorError, match="begins at this turnover"):
        await ranks.set_(shop.connection, ranks.Rank("gold", 2 * PRICE, 900))
    [rank] = await ranks.everyone(shop.connection)
    assert rank.customers >= 1
    async with shop.connection.transaction():
        await ranks.remove(shop.connection, "silver")
    assert (await standing.of(shop.connection, customer_id)).rank is None
    assert await caller.get("getStatus", id=lease_id) == "STATUS_OK:12345"


async def test_the_fold_bumps_the_keys_only_when_a_rank_changes(
    bank: tuple[App, Shop], someone: tuple[int, Caller]
) -> None:
    _, shop = bank
    customer_id, _ = someone
    connection = shop.connection

    async def moved(amount: int) -> int:
        """Turn over, and see how many ranks changed."""
        async with connection.transaction():
            await ranks.set_(connection, ranks.Rank("bronze", 700, 100))
        version = "select value from version where topic = 'keys'"
        before: int = await connection.fetchval(version)
        await connection.execute("insert into turnover_move (account_id, amount) values ($1, $2)", customer_id, amount)

        async def folded() -> bool:
            return not await connection.fetchval("select exists (select from turnover_move)")

        await until(folded)
        after: int = await connection.fetchval(version)
        return after - before

    assert [await moved(600), await moved(200), await moved(200), await moved(-500)] == [0, 1, 0, 1]


@pytest.mark.parametrize(("text", "bp"), [("0", 0), ("2.5", 250), ("2.55", 255), ("100", 10_000), ("5 %", 500)])
def test_percentages(text: str, bp: int) -> None:
    assert basis_points(text) == bp
    assert basis_points(percent(bp)) == bp


@pytest.mark.parametrize("text", ["", "-1", "100.01", "2.555", "1000", "x", "٣", "."])
def test_what_is_no_percentage(text: str) -> None:
    with pytest.raises(OperatorError):
        basis_points(text)


def test_prefixes_are_kept_as_the_wire_takes_them() -> None:
    assert prefixes(" 7918, 7900 ,7918") == "7918,7900"
    assert prefixes("") == ""
    for wrong in ("791", "7918000000", "79a8", ",".join(f"{number}" for number in range(1000, 1021))):
        with pytest.raises(OperatorError):
            prefixes(wrong)


def test_a_balance_counts_cashback_only_when_it_is_spent() -> None:
    assert standing.Money(100, 5, spend_cashback=False).to_spend == 100
    assert standing.Money(100, 5, spend_cashback=True).to_spend == 105
