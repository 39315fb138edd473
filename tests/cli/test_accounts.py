"""The operator's commands about accounts: bans, limits, cashback, ranks, partners, refunds, as an operator runs them."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from tests.server.live import command
from tests.support import Caller, open_bank, push

pytestmark = pytest.mark.slow

NEXT_YEAR = f"{datetime.now(UTC).year + 1}-12-31"


class Operator:
    """Runs commands on one bank."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn

    def json(self, *words: str) -> Any:
        """What a command answers to a program."""
        return json.loads(command(*words, "--json", "--database-url", self.dsn).stdout)

    def says(self, *words: str) -> str:
        """What it answers to a person."""
        return command(*words, "--database-url", self.dsn).stdout.strip()

    def fails(self, *words: str) -> str:
        """The one line of a failure."""
        done = command(*words, "--database-url", self.dsn, check=False)
        assert done.returncode != 0
        assert "Traceback" not in done.stderr
        [line] = done.stderr.strip().splitlines()
        return line


@pytest.fixture(scope="module")
def operator(dsn: str) -> Operator:
    return Operator(dsn)


@pytest.fixture(scope="module")
def customer(operator: Operator) -> str:
    return str(operator.json("customer", "add", "panel", "--balance", "10")["id"])


def acts(dsn: str) -> list[str]:
    async def read() -> list[str]:
        connection = await asyncpg.connect(dsn)
        rows = await connection.fetch("select act from audit order by id")
        await connection.close()
        return [row["act"] for row in rows]

    return asyncio.run(read())


def test_bans_are_set_seen_and_lifted(operator: Operator, customer: str) -> None:
    whole = operator.json("ban", "add", customer, "--for", "7d", "--reason", "chargeback")
    user = operator.json("ban", "add", customer, "--until", NEXT_YEAR, "--reason", "x", "--user", "u 1")
    assert user["until"] == f"{NEXT_YEAR}T00:00:00+00:00"
    rows = operator.json("ban", "list")
    assert [(row["ban"], row["user"], row["by"], row["state"]) for row in rows] == [
        (user["ban"], "u 1", "operator", "in force"), (whole["ban"], None, "operator", "in force"),
    ]  # fmt: skip
    assert "chargeback" in operator.says("ban", "list", "--customer", customer)
    assert "is lifted" in operator.says("ban", "lift", str(whole["ban"]))
    assert [row["ban"] for row in operator.json("ban", "list")] == [user["ban"]]
    states = {row["ban"]: row["state"] for row in operator.json("ban", "list", "--all")}
    assert states == {user["ban"]: "in force", whole["ban"]: "lifted"}
    assert acts(operator.dsn)[-3:] == ["ban.add", "ban.add", "ban.lift"]


def test_limits(operator: Operator, customer: str) -> None:
    operator.says("limit", "set", customer, "--live", "7", "--requests-per-second", "5")
    operator.says("limit", "set", customer, "--leases-per-minute", "3", "--requests-per-second", "-1")
    assert operator.json("limit", "show", customer) == {
        "customer": int(customer), "live": 7, "requests_per_second": None, "leases_per_minute": 3,
    }  # fmt: skip
    assert operator.says("limit", "show", customer).splitlines()[1].split() == [customer, "7", "3"]


def test_switches_and_terms_show(operator: Operator, customer: str) -> None:
    for words in (
        ("customer", "deactivate", customer), ("customer", "block", customer), ("cashback", "on", customer),
        ("cashback", "rate", customer, "2.5"), ("customer", "phone-exception", customer, "7918, 7900"),
    ):  # fmt: skip
        assert operator.says(*words).startswith(f"customer {customer} ")
    shown = operator.json("customer", "show", customer)
    assert {name: shown[name] for name in ("active", "blocked", "spends_cashback", "cashback_rate", "phone_exception")} == {
        "active": False, "blocked": True, "spends_cashback": True, "cashback_rate": "2.5 %", "phone_exception": "7918,7900",
    }  # fmt: skip
    for words in (
        ("customer", "activate", customer), ("customer", "unblock", customer), ("cashback", "off", customer),
        ("cashback", "rate", customer, "setting"), ("customer", "phone-exception", customer, ""),
    ):  # fmt: skip
        operator.says(*words)
    shown = operator.json("customer", "show", customer)
    assert (shown["active"], shown["blocked"], shown["spends_cashback"], shown["cashback_rate"]) == (
        True, False, False, None,
    )  # fmt: skip
    assert shown["balance"] == "10.00"
    lines = operator.says("customer", "show", customer).splitlines()
    assert "balance             10.00" in lines
    assert "active              yes" in lines


def test_ranks(operator: Operator) -> None:
    operator.says("rank", "set", "silver", "--turnover", "100", "--discount", "5")
    operator.says("rank", "set", "gold", "--turnover", "1000", "--discount", "7.5")
    operator.says("rank", "set", "silver", "--turnover", "200", "--discount", "5")
    assert operator.json("rank", "list") == [
        {"rank": "silver", "turnover": "200.00", "discount": "5 %", "customers": 0},
        {"rank": "gold", "turnover": "1000.00", "discount": "7.5 %", "customers": 0},
    ]
    assert "begins at this turnover" in operator.fails("rank", "set", "x", "--turnover", "200", "--discount", "1")
    operator.says("rank", "remove", "gold")
    assert [row["rank"] for row in operator.json("rank", "list")] == ["silver"]
    assert "no rank" in operator.fails("rank", "remove", "gold")


def test_a_refund_and_the_report_of_partners(operator: Operator) -> None:
    async def sell() -> tuple[int, int]:
        async with open_bank(operator.dsn, cashback_bp=1_000) as (app, shop):
            await shop.numbers(10)
            await shop.offer("tg")
            customer_id, key = await shop.customer()
            caller = Caller(app, key)
            lease_id = 0
            for _ in range(2):
                lease_id, e164 = await caller.lease(ref="affiliate")
                await push(app, e164, "Telegram code 12345")
                await caller.get("setStatus", id=lease_id, status=6)
            return customer_id, lease_id

    customer_id, lease_id = asyncio.run(sell())
    row = {"ref": "affiliate", "customer": customer_id, "leases": 2, "delivered": 2, "charged": "0.20"}
    assert operator.json("partner", "report") == [row]
    assert operator.json("activation", "refund", str(lease_id), "--reason", "dead number") == {
        "activation": lease_id, "customer": customer_id, "cash": "0.10", "cashback": "0.00", "taken_cash": "0.00",
        "taken_cashback": "0.01",
    }  # fmt: skip
    assert operator.json("partner", "report", "--days", "5") == [row | {"charged": "0.10"}]
    assert "refunded before" in operator.fails("activation", "refund", str(lease_id), "--reason", "again")
    assert operator.json("verify")["clean"]


def test_failures_are_one_clear_line(operator: Operator, customer: str) -> None:
    assert "no customer 99999" in operator.fails("ban", "add", "99999", "--for", "1h", "--reason", "x")
    assert "either --for or --until" in operator.fails("ban", "add", customer, "--reason", "x")
    assert "is no time" in operator.fails("ban", "add", customer, "--for", "soon", "--reason", "x")
    assert "is no date" in operator.fails("ban", "add", customer, "--until", "soon", "--reason", "x")
    assert "ends in the future" in operator.fails("ban", "add", customer, "--until", "2020-01-01", "--reason", "x")
    assert "no ban 99999" in operator.fails("ban", "lift", "99999")
    assert "at least one of" in operator.fails("limit", "set", customer)
    assert "is a block" in operator.fails("limit", "set", customer, "--live", "0")
    assert "no percentage" in operator.fails("cashback", "rate", customer, "101")
    assert "no customer 99999" in operator.fails("customer", "show", "99999")
    assert "no customer 99999" in operator.fails("customer", "block", "99999")
    assert "prefixes of 4 to 9 digits" in operator.fails("customer", "phone-exception", customer, "79")
    assert "no activation 5" in operator.fails("activation", "refund", "5", "--reason", "x")
    assert "needs a reason" in operator.fails("activation", "refund", "5", "--reason", " ")
