"""The operator's commands about rentals: terms, a preview, what is rented, and the rates that prices are shown by."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from numbank.supply.numbers import RENT, SMS
from tests.cli.test_commands import failure
from tests.cli.test_tiers import rows, shown
from tests.server.live import NUMBANK, command
from tests.support import Caller, Shop, open_bank, push

pytestmark = pytest.mark.slow

HERE = ("--country", "0", "--service", "tg")


def prices(dsn: str, *more: str) -> list[tuple[Any, ...]]:
    """Hours and prices of a preview."""
    return [(row["hours"], row["price"]) for row in shown(dsn, "rent", "preview", *HERE, *more)]


def sheet(folder: Path, *lines: str) -> str:
    file = folder / "sheet.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(file)


def complaints(*words: str) -> str:
    """What a command that must fail says about several lines."""
    done = command(*words, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def test_terms_are_set_previewed_listed_and_removed(own_dsn: str) -> None:
    dsn, db = own_dsn, ("--database-url", own_dsn)
    assert "not rented there" in failure("rent", "preview", *HERE, *db)
    assert shown(dsn, "rent", "term", "set", *HERE, "--hours", "24", "--price", "5.00") == {
        "country": 0, "service": "tg", "hours": 24, "price": "5.00",
    }  # fmt: skip
    shown(dsn, "rent", "term", "set", *HERE, "--hours", "4", "--price", "1")
    assert prices(dsn, "--hours", "4", "--hours", "14", "--hours", "24", "--hours", "48", "--hours", "3") == [
        (3, None), (4, "1.00"), (14, "3.00"), (24, "5.00"), (48, "10.00"),
    ]  # fmt: skip
    usual = {row["hours"]: row["from"] for row in shown(dsn, "rent", "preview", *HERE)}
    assert (usual[4], usual[12], usual[1_344]) == ("its row", "between 4 h and 24 h", "24 h, per hour")
    assert shown(dsn, "rent", "term", "list", "--country", "0") == [
        {"country": 0, "service": "tg", "hours": 4, "price": "1.00"},
        {"country": 0, "service": "tg", "hours": 24, "price": "5.00"},
    ]  # fmt: skip
    assert shown(dsn, "rent", "term", "list", "--service", "wa") == []
    # A longer term is never cheaper, and what is there stays.
    told = failure("rent", "term", "set", *HERE, "--hours", "48", "--price", "4.99", *db)
    assert "tg in country 0: 48 h would cost less than 24 h" in told
    assert len(shown(dsn, "rent", "term", "list")) == 2
    assert "no country 9999" in failure("rent", "term", "set", "--country", "9999", "--service", "tg", "--hours", "4",
                                        "--price", "1", *db)  # fmt: skip
    assert "no service 'nope'" in failure("rent", "preview", "--country", "0", "--service", "nope", *db)
    assert shown(dsn, "rent", "term", "remove", *HERE, "--hours", "4")["removed"] == 1
    assert "no such term" in failure("rent", "term", "remove", *HERE, "--hours", "4", *db)
    assert "removed 1 term of tg" in command("rent", "term", "remove", *HERE, *db).stdout


def test_the_first_term_opens_the_country(own_dsn: str) -> None:
    closed = rows(own_dsn, "update country set rent = false where id = 0 returning id")
    assert closed == [(0,)]
    shown(own_dsn, "rent", "term", "set", *HERE, "--hours", "24", "--price", "5.00")
    assert rows(own_dsn, "select rent from country where id = 0") == [(True,)]


def test_a_denied_service_is_warned_of(own_dsn: str) -> None:
    [(code,)] = rows(
        own_dsn, "select s.code from denied_service d join service s on s.id = d.service_id where d.denied limit 1"
    )
    done = command("rent", "term", "set", "--country", "0", "--service", code, "--hours", "4", "--price", "1",
                   "--database-url", own_dsn)  # fmt: skip
    assert "denied for sale" in done.stderr


def test_a_file_of_terms_is_loaded_whole_or_not_at_all(own_dsn: str, tmp_path: Path) -> None:
    dsn, db = own_dsn, ("--database-url", own_dsn)
    head = "service,hours,price,country"  # in any order
    good = [
        f"{code},{hours},{hours / 10},{country}"
        for country in (0, 2)
        for code in ("tg", "full")
        for hours in (4, 24, 168)
    ]
    assert shown(dsn, "rent", "term", "load", sheet(tmp_path, head, *good)) == {"terms": 12, "tables": 4}
    assert len(shown(dsn, "rent", "term", "list", "--country", "2")) == 6
    bad = [
        "nope,4,1,0", "tg,0,1,0", "tg,1345,1,0", "tg,x,1,0", "tg,5,-1,0", "tg,6,1,nowhere", "tg,7,1,0", "tg,7,1,0",
        "tg,8,x,0",
    ]  # fmt: skip
    told = complaints("rent", "term", "load", sheet(tmp_path, head, "vk,4,1,0", "", *bad), *db)
    lines = [line for line in told.splitlines() if line.startswith("line ")]
    assert [int(line.split()[1][:-1]) for line in lines] == [4, 5, 6, 7, 8, 9, 11, 12]
    assert "nothing was loaded: 8 lines are wrong" in told
    cheaper = failure("rent", "term", "load", sheet(tmp_path, head, "vk,4,1,0", "tg,500,0.1,2"), *db)
    assert "tg in country 2: 500 h would cost less" in cheaper
    assert "price is missing" in failure("rent", "term", "load", sheet(tmp_path, "service,hours,country"), *db)
    assert "nothing in it" in failure("rent", "term", "load", sheet(tmp_path, ""), *db)
    assert "expected country,service,hours,price" in failure("rent", "term", "load", sheet(tmp_path, head, "vk,4"), *db)
    assert "cannot read" in failure("rent", "term", "load", str(tmp_path / "none.csv"), *db)
    assert shown(dsn, "rent", "term", "list", "--service", "vk") == []
    piped = subprocess.run([NUMBANK, "rent", "term", "load", "--json", *db], input=f"\ufeff{head}\nvk,4,1,0\n",
                           capture_output=True, check=True, text=True)  # fmt: skip
    assert json.loads(piped.stdout) == {"terms": 1, "tables": 1}


def test_ten_thousand_terms_are_loaded(own_dsn: str, tmp_path: Path) -> None:
    codes = [row[0] for row in rows(own_dsn, "select code from service order by id limit 500")]
    lines = [
        f"{country},{code},{hours},{hours}"
        for country in (0, 1, 2, 3, 4)
        for code in codes
        for hours in (4, 24, 48, 96)
    ]
    done = shown(own_dsn, "rent", "term", "load", sheet(tmp_path, "country,service,hours,price", *lines))
    assert done == {"terms": 10_000, "tables": 2_500}
    assert rows(own_dsn, "select count(*) from rent_term") == [(10_000,)]


def test_rates_are_set_loaded_listed_and_removed(own_dsn: str, tmp_path: Path) -> None:
    dsn, db = own_dsn, ("--database-url", own_dsn)
    assert shown(dsn, "rate", "set", "eur", "0.92") == {"currency": "EUR", "number": 978, "rate": "0.92"}
    loaded = sheet(tmp_path, "currency,rate", "643,91.25", "CNY,7.1", "036,1.5")
    assert shown(dsn, "rate", "load", loaded) == {"loaded": 3}
    found = [(one["currency"], one["number"], one["rate"]) for one in shown(dsn, "rate", "list")]
    assert found == [("AUD", 36, "1.5"), ("CNY", 156, "7.1"), ("EUR", 978, "0.92"), ("RUB", 643, "91.25")]
    told = complaints(
        "rate", "load", sheet(tmp_path, "currency,rate", "EUR,1", "978,2", "xyz,1", "GBP,0", "GBP,nan"), *db
    )
    assert "nothing was loaded: 4 lines are wrong" in told
    for text in ("0", "-1", "x", "inf", "1e99", "1e999999999", "0.0000000000001"):
        assert "is no rate" in failure("rate", "set", *db, "--", "GBP", text)
    assert "the bank's own" in failure("rate", "set", "USD", "2", *db)
    assert "is no currency" in failure("rate", "set", "nope", "2", *db)
    shown(dsn, "rent", "term", "set", *HERE, "--hours", "4", "--price", "1")
    assert shown(dsn, "rent", "preview", *HERE, "--hours", "4", "--currency", "RUB") == [
        {"hours": 4, "price": "1.00", "from": "its row", "RUB": "91.25"}
    ]  # fmt: skip
    assert "no rate of GBP" in failure("rent", "preview", *HERE, "--currency", "GBP", *db)
    assert shown(dsn, "rate", "remove", "RUB") == {"removed": "RUB"}
    assert "there is no rate" in failure("rate", "remove", "RUB", *db)


async def rented(dsn: str) -> tuple[int, int]:
    """A rental with a message and an extension, and one that was cancelled; the id of the first, and the customer."""
    async with open_bank(dsn) as (app, shop):
        customer_id, key = await shop.customer()
        await shop.numbers(3, abilities=SMS | RENT)
        await shop.counted()
        caller = Caller(app, key)
        first = (await caller.json("getRentNumber", service="tg"))["phone"]
        await push(app, int(first["number"]), "Telegram code 48213")
        assert (await caller.json("continueRentNumber", id=first["id"], rent_time=20))["status"] == "success"
        other = (await caller.json("getRentNumber", service="tg"))["phone"]
        assert await caller.get("setRentStatus", id=other["id"], status=2) == '{"status":"success"}'
        return first["id"], customer_id


async def test_rentals_are_listed_and_shown(own_dsn: str) -> None:
    dsn = own_dsn
    shown(dsn, "rent", "term", "set", *HERE, "--hours", "4", "--price", "1")
    shown(dsn, "rent", "term", "set", *HERE, "--hours", "24", "--price", "3")
    rent_id, customer_id = await rented(dsn)
    [live] = shown(dsn, "rent", "list")
    assert (live["id"], live["customer"], live["state"], live["hours"], live["price"], live["messages"]) == (
        rent_id, customer_id, "firm", 24, "3.00", 1,
    )  # fmt: skip
    assert [one["state"] for one in shown(dsn, "rent", "list", "--ended", "--customer", str(customer_id))] == [
        "cancelled", "firm",
    ]  # fmt: skip
    assert shown(dsn, "rent", "list", "--customer", "99999") == []
    one = shown(dsn, "rent", "show", str(rent_id))
    assert [(charge["hours"], charge["price"], charge["hold"]) for charge in one["charges"]] == [
        (4, "1.00", "posted"), (20, "2.00", "posted"),
    ]  # fmt: skip
    assert "48213" not in command("rent", "show", str(rent_id), "--database-url", dsn).stdout
    assert "there is no rental 5" in failure("rent", "show", "5", "--database-url", dsn)


async def test_numbers_are_added_that_can_be_rented(own_dsn: str, tmp_path: Path) -> None:
    file = tmp_path / "numbers.txt"
    file.write_text("+79109990001\n")
    command("number", "add", "--country", "0", "--operator", "any", "--abilities", "sms,rent", str(file),
            "--database-url", own_dsn)  # fmt: skip
    async with open_bank(own_dsn) as (_, shop):
        assert isinstance(shop, Shop)
        assert await shop.connection.fetchval("select abilities from pool") == SMS | RENT
