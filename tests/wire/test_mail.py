"""Version 1 of the mail actions as customers and their clients see them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from numbank.customers import bans
from numbank.db.checks import Session, prove_all
from numbank.mailbox.model import ChangeRequest, Mailbox
from numbank.mailbox.states import Event
from numbank.server.app import App
from numbank.wire.dialects import DIALECTS
from tests.mailbox.world import arrive, deny, domain
from tests.support import Caller, Shop, open_bank
from tests.verify.used_bank import ALL_CHECKS, broken
from tests.wire.mail_clients import FirstClient, Refused, SecondClient, Waiting

Bank = tuple[App, Shop]
PRICE = 1_000
SITE = "telegram.com"
TEXT = "Your code is 123456"


@pytest.fixture(scope="module")
async def bank(dsn: str) -> AsyncIterator[Bank]:
    async with open_bank(dsn, mailbox_early_cancel_s=0, mailbox_life_s=3600) as (app, shop):
        await domain(shop.connection, "a.example")
        await domain(shop.connection, "b.example")
        await domain(shop.connection, "mail.popular", popular=True, price=2_500)
        await domain(shop.connection, "small.one", popular=True, price=500, capacity=1)
        await deny(shop.connection, "blocked.site")
        yield app, shop
        assert broken(await prove_all(Session(shop.connection, 1000), ALL_CHECKS)) == {}


async def customer(bank: Bank, balance: int = 1_000_000) -> tuple[Caller, int]:
    app, shop = bank
    customer_id, key = await shop.customer(balance)
    return Caller(app, key), customer_id


def error(word: str) -> dict[str, str]:
    return {"status": "error", "error": word}


async def test_domains_are_zones_and_popular_ones_with_prices_and_counts(bank: Bank) -> None:
    caller, _ = await customer(bank)
    answer = await caller.json("getDomains", site=f"https://www.{SITE}/signup")
    assert answer["status"] == "OK"
    assert {"name": "example", "cost": 0.1} in answer["response"]["zones"]
    popular = {one["name"]: one for one in answer["response"]["popular"]}
    assert popular["mail.popular"] == {"name": "mail.popular", "cost": 0.25, "count": popular["mail.popular"]["count"]}
    assert popular["mail.popular"]["count"] > 900
    found = await FirstClient(caller).domains(SITE)
    assert found["example"] == (0.1, None)
    assert await caller.json("getDomains") == error("BAD_SITE")
    assert await caller.json("getDomains", site="nonsense") == error("BAD_SITE")


async def test_a_mailbox_is_bought_read_and_shown_in_the_history(bank: Bank) -> None:
    app, shop = bank
    caller, customer_id = await customer(bank)
    first, second = FirstClient(caller), SecondClient(caller)
    email, mailbox_id = await second.buy(SITE, "example", 1)
    assert email.partition("@")[2] in ("a.example", "b.example")
    assert await caller.json("checkMailActivation", id=mailbox_id) == error("WAIT_LINK")
    with pytest.raises(Waiting):
        await first.check(mailbox_id)
    [row] = await first.history()
    assert row == {
        "id": mailbox_id, "email": email, "site": SITE, "status": 3, "value": None, "cost": 0.1, "date": row["date"],
        "full_message": None,
    }  # fmt: skip
    await arrive(app, email, text=TEXT)
    shown = await caller.json("checkMailActivation", id=mailbox_id)
    assert shown == {"status": "OK", "response": {"value": "123456", "full_message": shown["response"]["full_message"]}}
    assert TEXT in shown["response"]["full_message"]
    assert await second.check(mailbox_id) == "123456"
    assert TEXT in str(await first.check(mailbox_id))
    [row] = await first.history()
    assert (row["status"], row["value"]) == (5, "123456")
    assert TEXT in row["full_message"]
    assert await shop.cash(customer_id) == 1_000_000 - PRICE
    assert await second.cancel(mailbox_id) is True
    assert (await first.history())[0]["status"] == 6
    assert await shop.cash(customer_id) == 1_000_000 - PRICE
    assert await second.check(mailbox_id) == "123456"


async def test_the_value_is_the_link_else_the_text_and_never_empty_after_a_mail(bank: Bank) -> None:
    app, _ = bank
    caller, _ = await customer(bank)
    second = SecondClient(caller)
    for given, value in (
        ({"code": None, "link": "https://t.example/x", "text": "Confirm"}, "https://t.example/x"),
        ({"code": None, "text": "Hello, Ann"}, "Hello, Ann"),
        ({"code": "777111", "text": "", "subject": "777111"}, "777111"),
    ):
        email, mailbox_id = await second.buy(SITE, "example", 1)
        await arrive(app, email, **given)
        assert value in str(await second.check(mailbox_id))
        assert await FirstClient(caller).check(mailbox_id)


async def test_a_popular_domain_is_bought_by_type_2_and_a_zone_by_type_1(bank: Bank) -> None:
    caller, _ = await customer(bank)
    second = SecondClient(caller)
    email, _ = await second.buy(SITE, "Mail.Popular", 2)
    assert email.endswith("@mail.popular")
    for params in (
        {"mail_type": 1, "mail_domain": "mail.popular"}, {"mail_type": 2, "mail_domain": "example"},
        {"mail_type": 3, "mail_domain": "example"}, {"mail_type": "", "mail_domain": "example"},
        {"mail_domain": "example"}, {"mail_type": 1}, {"mail_type": 1, "mail_domain": "nowhere"},
        {"mail_type": 1, "mail_domain": "exa\0mple"}, {"mail_type": 1, "mail_domain": "x" * 3_000},
    ):  # fmt: skip
        assert await caller.json("buyMailActivation", site=SITE, **params) == error("MAIL_TYPE_ERROR"), params


async def test_every_other_refusal_of_a_purchase_has_its_word(bank: Bank) -> None:
    _, shop = bank
    caller, _ = await customer(bank)
    zone = {"mail_type": 1, "mail_domain": "example"}
    assert await caller.json("buyMailActivation", **zone) == error("BAD_SITE")
    assert await caller.json("buyMailActivation", site="10.0.0.1", **zone) == error("BAD_SITE")
    assert await caller.json("buyMailActivation", site="shop.blocked.site", **zone) == error("BLOCKED_SITE")
    poor, _ = await customer(bank, PRICE - 1)
    assert await poor.json("buyMailActivation", site=SITE, **zone) == error("BAD_BALANCE")
    _, mailbox_id = await SecondClient(caller).buy(SITE, "small.one", 2)
    sold_out = {"mail_type": 2, "mail_domain": "small.one"}
    assert await caller.json("buyMailActivation", site=SITE, **sold_out) == error("MAIL_TYPE_ERROR")
    assert "small.one" not in await FirstClient(caller).domains(SITE)
    limited, limited_id = await customer(bank)
    await shop.connection.execute("update customer set max_live = 1 where id = $1", limited_id)
    await SecondClient(limited).buy(SITE, "example", 1)
    assert await limited.json("buyMailActivation", site=SITE, **zone) == error("CHANNELS_LIMIT")
    assert await SecondClient(caller).cancel(mailbox_id)


@pytest.mark.parametrize(
    ("column", "word"), [("active = false", "ACCOUNT_INACTIVE"), ("blocked = true", "CHANNELS_LIMIT"), ("", "BANNED")]
)
async def test_accounts_that_may_not_buy_are_told_in_the_envelope_and_still_read(
    bank: Bank, column: str, word: str
) -> None:
    app, shop = bank
    caller, customer_id = await customer(bank)
    _, mailbox_id = await SecondClient(caller).buy(SITE, "example", 1)
    stranger, key = await shop.customer()
    await shop.connection.execute("update mailbox set account_id = $1 where id = $2", stranger, mailbox_id)
    if column:
        await shop.connection.execute(f"update customer set {column} where id = $1", stranger)
    else:
        async with shop.connection.transaction():
            await bans.add(shop.connection, stranger, until=None, for_=timedelta(days=1), reason="test")
    fresh = Caller(app, key)
    zone = {"site": SITE, "mail_type": 1, "mail_domain": "example"}
    for answer in (
        await fresh.json("buyMailActivation", **zone),
        await fresh.json("reorderMailActivation", id=mailbox_id),
    ):
        assert answer["status"] == "error"
        assert answer["error"].startswith(word)
    assert await fresh.json("checkMailActivation", id=mailbox_id) == error("WAIT_LINK")
    assert (await fresh.json("getMailHistory"))["response"]["total"] == 1
    await shop.connection.execute("update mailbox set account_id = $1 where id = $2", customer_id, mailbox_id)


async def test_a_cancel_gives_the_money_back_and_is_truthy(bank: Bank) -> None:
    _, shop = bank
    caller, customer_id = await customer(bank)
    second = SecondClient(caller)
    _, mailbox_id = await second.buy(SITE, "example", 1)
    assert await shop.cash(customer_id) == 1_000_000 - PRICE
    answer = await caller.json("cancelMailActivation", id=mailbox_id)
    assert answer == {"status": "OK", "response": {"id": mailbox_id, "status": 4}}
    assert await second.cancel(mailbox_id) is True, "a repeat is the same success"
    assert await shop.cash(customer_id) == 1_000_000
    assert await caller.json("checkMailActivation", id=mailbox_id) == error("ACTIVATION_NOT_FOUND")
    assert (await FirstClient(caller).history())[0]["status"] == 4


async def test_an_address_is_leased_again_under_a_new_id(bank: Bank) -> None:
    _, shop = bank
    caller, _ = await customer(bank)
    second = SecondClient(caller)
    email, mailbox_id = await second.buy(SITE, "example", 1)
    await second.cancel(mailbox_id)
    again = await caller.json("reorderMailActivation", id=mailbox_id)
    assert again == {"status": "OK", "response": {"email": email, "id": again["response"]["id"]}}
    assert again["response"]["id"] != mailbox_id
    await second.cancel(again["response"]["id"])
    async with shop.connection.transaction():
        await shop.connection.execute("insert into denied_site (host, denied, reason) values ($1, true, 'test')", SITE)
    assert await caller.json("reorderMailActivation", id=mailbox_id) == error("BLOCKED_SITE")
    await shop.connection.execute("delete from denied_site where host = $1", SITE)


async def test_a_reorder_without_money_is_refused(bank: Bank) -> None:
    caller, _ = await customer(bank, PRICE)
    second = SecondClient(caller)
    _, mailbox_id = await second.buy(SITE, "example", 1)
    await second.cancel(mailbox_id)
    await second.buy(SITE, "example", 1)
    assert await caller.json("reorderMailActivation", id=mailbox_id) == error("BAD_BALANCE")


async def test_a_reorder_counts_for_the_limits_of_the_account(bank: Bank) -> None:
    _, shop = bank
    caller, customer_id = await customer(bank)
    await shop.connection.execute("update customer set max_live = 1 where id = $1", customer_id)
    second = SecondClient(caller)
    _, mailbox_id = await second.buy(SITE, "example", 1)
    await second.cancel(mailbox_id)
    _, other = await second.buy(SITE, "example", 1)
    assert await caller.json("reorderMailActivation", id=mailbox_id) == error("CHANNELS_LIMIT")
    await second.cancel(other)
    assert (await caller.json("reorderMailActivation", id=mailbox_id))["status"] == "OK"


@pytest.mark.parametrize("action", ["reorderMailActivation", "cancelMailActivation", "checkMailActivation"])
async def test_what_is_no_id_or_somebody_elses_is_not_found(bank: Bank, action: str) -> None:
    caller, _ = await customer(bank)
    other, _ = await customer(bank)
    _, foreign = await SecondClient(other).buy(SITE, "example", 1)
    for mailbox_id in ("", "abc", "-1", "999999999", "9" * 40, foreign):
        assert await caller.json(action, id=mailbox_id) == error("ACTIVATION_NOT_FOUND"), mailbox_id
    assert await caller.json(action) == error("ACTIVATION_NOT_FOUND")
    assert await SecondClient(other).cancel(foreign)


async def test_the_history_is_paged_searched_and_sorted(bank: Bank) -> None:
    caller, _ = await customer(bank)
    second = SecondClient(caller)
    ids = [(await second.buy(f"site{turn}.example", "example", 1))[1] for turn in range(5)]
    first = FirstClient(caller)
    assert [row["id"] for row in await first.history()] == ids[::-1]
    assert [row["id"] for row in await first.history(sort="asc")] == ids
    assert [row["id"] for row in await first.history(per_page=2, page=2)] == ids[::-1][2:4]
    assert [row["id"] for row in await first.history(per_page=2, page=9)] == []
    assert [row["id"] for row in await first.history(search="site3")] == [ids[3]]
    assert [row["id"] for row in await first.history(search="\0%_")] == []
    answer = await caller.json("getMailHistory", per_page=2, page=2)
    response = answer["response"]
    assert {name: response[name] for name in ("page", "per_page", "pages", "total")} == {
        "page": 2, "per_page": 2, "pages": 3, "total": 5,
    }  # fmt: skip
    assert (await caller.json("getMailHistory", per_page="9" * 40))["response"]["per_page"] == 100
    for nonsense in (
        {"page": "x"},
        {"page": "-3"},
        {"page": "0"},
        {"per_page": "0"},
        {"per_page": "9" * 40},
        {"sort": "x"},
    ):
        assert [row["id"] for row in await first.history(**nonsense)] == ids[::-1], nonsense
    for mailbox_id in ids:
        await second.cancel(mailbox_id)


async def test_a_cancel_in_the_first_two_minutes_is_denied(dsn: str, bank: Bank) -> None:
    async with open_bank(dsn) as (app, shop):
        customer_id, key = await shop.customer()
        caller = Caller(app, key)
        _, mailbox_id = await SecondClient(caller).buy(SITE, "example", 1)
        assert await caller.json("cancelMailActivation", id=mailbox_id) == error("EARLY_CANCEL_DENIED")
        await shop.connection.execute("update mailbox set due_at = created_at where id = $1", mailbox_id)
        ended = await app.bank.desks.mail.change(ChangeRequest(mailbox_id, Event.EXPIRE))
        assert isinstance(ended, Mailbox)
        assert await shop.cash(customer_id) == 1_000_000


async def test_a_setting_answers_an_empty_success_while_nothing_came(dsn: str, bank: Bank) -> None:
    async with open_bank(dsn, mail_empty_while_waiting=True, mailbox_early_cancel_s=0) as (app, shop):
        _, key = await shop.customer()
        caller = Caller(app, key)
        first, second = FirstClient(caller), SecondClient(caller)
        email, mailbox_id = await second.buy(SITE, "example", 1)
        assert await caller.json("checkMailActivation", id=mailbox_id) == {"status": "OK", "response": {}}
        # Both clients poll on.
        assert await first.check(mailbox_id) is None
        assert await second.check(mailbox_id) is None
        await arrive(app, email)
        assert await second.check(mailbox_id) == "123456"


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda one: one.name)
@pytest.mark.parametrize(
    "action",
    [
        "getDomains", "buyMailActivation", "reorderMailActivation", "getMailHistory", "cancelMailActivation",
        "checkMailActivation",
    ],
)  # fmt: skip
async def test_even_a_wrong_key_is_json_for_these_actions(bank: Bank, dialect: object, action: str) -> None:
    app, _ = bank
    path = dialect.paths[0]  # type: ignore[attr-defined]
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bank")  # type: ignore[arg-type]
    for key in ("", "0" * 32):
        answer = await client.get(path, params={"api_key": key, "action": action, "site": SITE})
        word = "NO_KEY" if not key and dialect.name == "sms_activate" else "BAD_KEY"  # type: ignore[attr-defined]
        assert answer.json() == error(word)
        assert answer.headers["content-type"] == "application/json"


async def test_a_refusal_is_raised_with_its_word_by_a_client(bank: Bank) -> None:
    caller, _ = await customer(bank)
    with pytest.raises(Refused, match="MAIL_TYPE_ERROR"):
        await SecondClient(caller).buy(SITE, "nowhere", 1)
