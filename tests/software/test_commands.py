"""The shop as an operator runs it: products, long loads, what is sold, another seal, resellers who are verified."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

import asyncpg
import pytest

from numbank import secrets
from numbank.ledger import journal
from numbank.secrets import KeyFile
from tests.server.live import command
from tests.software.world import key_in, shop_open, verify
from tests.support import Caller, Shop, open_bank, until

pytestmark = pytest.mark.slow

T = TypeVar("T")


@pytest.fixture
def dsn(own_dsn: str) -> str:
    """A bank of its own for each test, as each has a key file of its own."""
    return own_dsn


@pytest.fixture
def run(dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A command on the test's bank; its JSON, or its one line when it fails."""
    monkeypatch.setenv("NUMBANK_SECRETS_FILE", str(tmp_path / "secrets.key"))

    def started(*words: object, fails: bool = False, stdin: str = "") -> Any:
        done = command(*map(str, words), "--json", "--database-url", dsn, check=not fails, stdin=stdin)
        assert (done.returncode != 0) is fails, done.stderr
        return done.stderr if fails and not done.stdout else json.loads(done.stdout)

    return started


def on_database(dsn: str, ask: Callable[[Shop], Awaitable[T]]) -> T:
    async def asked() -> T:
        connection = await asyncpg.connect(dsn)
        try:
            return await ask(Shop(connection))
        finally:
            await connection.close()

    return asyncio.run(asked())


def test_20000_keys_are_loaded_with_every_other_line_accounted_for(run: Any, tmp_path: Path) -> None:
    product = run("product", "add", "antivirus", "--price", "2.5", "--manual", "Install it.")["product"]
    lines = ["# keys of November", ""]
    lines += [f"KEY-{turn:05d}-ABCDE" for turn in range(20_000)]
    lines += ["KEY-00007-ABCDE", "  KEY-00008-ABCDE  ", "tab\tkey", "x" * 1_001]
    file = tmp_path / "keys.txt"
    file.write_bytes("\r\n".join(lines).encode() + b"\n\xff\xfe\n")
    started = monotonic()
    done = run("product", "load", product, file, fails=True)
    assert monotonic() - started < 20
    assert done["added"] == 20_000
    assert done["repeated"] == [20_003, 20_004]
    assert done["known"] == []
    assert done["bad"] == [
        {"line": 20_005, "reason": "a character in it that does not print"},
        {"line": 20_006, "reason": "longer than 1000 characters"},
        {"line": 20_007, "reason": "not UTF-8"},
    ]
    # Once more, as after a load that was cut short: what is there is not loaded twice.
    file.write_text("NEW-1\n" + "\n".join(lines[2:12_002]) + "\nNEW-2\n")
    again = run("product", "load", product, file)
    assert (again["added"], len(again["known"]), again["repeated"], again["bad"]) == (2, 12_000, [], [])
    assert again["known"][0] == 2
    assert run("product", "keys", product)["stock"] == 20_002
    [shown] = [one for one in run("product", "list") if one["product"] == product]
    assert (shown["stock"], shown["price"], shown["manual"], shown["active"]) == (20_002, "2.50", "Install it.", True)
    rows = run("audit", "list", "--act", "product.load")
    assert sum(one["details"]["added"] for one in rows) == 20_002
    assert not any("KEY-" in json.dumps(one) for one in run("audit", "list"))


def test_keys_come_from_a_pipe_and_a_load_says_what_is_wrong_in_one_line(run: Any, tmp_path: Path) -> None:
    product = run("product", "add", "piped", "--price", "1")["product"]
    assert run("product", "load", product, stdin="P-1\nP-2\n")["added"] == 2
    assert "there is no product 9999" in run("product", "load", 9999, stdin="P-3\n", fails=True)
    assert "cannot read" in run("product", "load", product, tmp_path / "missing", fails=True)


def test_a_chunk_is_loaded_whole_or_not_at_all(run: Any, dsn: str, tmp_path: Path, monkeypatch: Any) -> None:
    product = run("product", "add", "chunks", "--price", "1")["product"]
    file = tmp_path / "keys.txt"
    file.write_text("".join(f"C-{turn}\n" for turn in range(25_000)))

    async def refuse_the_second(shop: Shop) -> None:
        await shop.connection.execute(
            "create function full_up() returns trigger language plpgsql as $$ begin"
            " if (select count(*) from licence_key) > 12000 then raise exception 'full'; end if; return null; end $$;"
            "create trigger full_up after insert on licence_key for each statement execute function full_up()"
        )

    on_database(dsn, refuse_the_second)
    assert "full" in run("product", "load", product, file, fails=True)
    assert run("product", "keys", product)["stock"] == 10_000
    on_database(dsn, lambda shop: shop.connection.execute("drop function full_up cascade"))
    assert run("product", "load", product, file)["added"] == 15_000


def test_products_are_changed_and_switched(run: Any, tmp_path: Path) -> None:
    manual = tmp_path / "manual.txt"
    manual.write_text("Step 1\nStep 2\n")
    product = run("product", "add", "office", "--price", "10", "--manual-file", manual)["product"]
    run("product", "set", product, "--price", "12.5", "--name", "office 2")
    run("product", "off", product)
    [shown] = [one for one in run("product", "list") if one["product"] == product]
    assert shown == {
        "product": product, "name": "office 2", "price": "12.50", "active": False, "stock": 0, "manual": "Step 1\nStep 2",
    }  # fmt: skip
    run("product", "on", product)
    assert "already" in run("product", "add", "office 2", "--price", "1", fails=True)
    other = run("product", "add", "office 3", "--price", "1")["product"]
    assert "already" in run("product", "set", other, "--name", "office 2", fails=True)
    assert "give --name" in run("product", "set", product, fails=True)
    assert "either --manual" in run("product", "set", product, "--manual", "x", "--manual-file", manual, fails=True)
    assert "there is no product 9999" in run("product", "off", 9999, fails=True)
    assert "there is no product 9999" in run("product", "keys", 9999, fails=True)
    assert "is not an amount" in run("product", "add", "cheap", "--price", "-1", fails=True)


def test_a_file_that_holds_no_keys_does_not_flood_the_terminal(run: Any, dsn: str, tmp_path: Path) -> None:
    product = run("product", "add", "binary", "--price", "1")["product"]
    file = tmp_path / "keys.bin"
    file.write_bytes(b"GOOD-1\n" + b"\xff\xfe\n" * 5_000 + b"GOOD-1\n" * 30 + b"GOOD-2")
    done = command("product", "load", str(product), str(file), "--database-url", dsn, check=False)
    assert done.returncode == 1
    assert done.stdout == "added 2, twice in the file 30, known already 0, bad 5000\n"
    lines = done.stderr.splitlines()
    assert lines.count("and 4980 lines more of this") == lines.count("and 10 lines more of this") == 1
    assert (lines[0], len(lines)) == ("line 2: not UTF-8", 42)
    assert "GOOD" not in done.stderr
    # A program gets all of them.
    assert len(run("product", "load", product, file, fails=True)["bad"]) == 5_000


def test_a_rotation_that_was_cut_short_goes_on_with_the_new_key(run: Any, dsn: str, tmp_path: Path) -> None:
    path = tmp_path / "secrets.key"
    product = run("product", "add", "cut short", "--price", "1")["product"]
    run("product", "load", product, stdin="\n".join(f"SHORT-{turn}" for turn in range(700)))
    old = KeyFile.read(path)

    async def break_the_last(shop: Shop) -> None:
        await shop.connection.execute(
            "create table spare as select id, sealed from licence_key order by id desc limit 1;"
            "update licence_key l set sealed = 'nonsense' from spare s where l.id = s.id"
        )

    async def mend_it(shop: Shop) -> None:
        await shop.connection.execute(
            "update licence_key l set sealed = s.sealed from spare s where l.id = s.id; drop table spare"
        )

    on_database(dsn, break_the_last)
    last = on_database(dsn, lambda shop: shop.connection.fetchval("select max(id) from licence_key"))
    assert f"licence key {last} " in run("secrets", "rotate", fails=True)
    new = KeyFile.read(path).seal("new")
    on_database(dsn, mend_it)
    assert run("secrets", "rotate") == {"sealed": 700, "dropped_keys": 0, "keys": 2}
    assert KeyFile.read(path).open(new) == "new"
    with pytest.raises(Exception, match="not the one"):
        old.open(KeyFile.read(path).seal("the new key still seals"))
    assert run("secrets", "rotate", "--drop-old") == {"sealed": 700, "dropped_keys": 1, "keys": 1}
    assert KeyFile.read(path).open(new) == "new"


async def sell(dsn: str, path: Path, product: int, customer_id: int, key: str) -> tuple[str, list[str]]:
    """Buy a key; it, and all that the customer's history shows."""
    async with open_bank(dsn, secrets_file=str(path)) as (app, shop):
        await verify((app,), shop, customer_id, key)
        bought = key_in(await Caller(app, key).get("buyPartnerProduct", productId=product))
        assert bought is not None
        desks = app.bank.desks.software
        purchases = await desks.bought(customer_id, 1, 100)
        assert not isinstance(purchases, Exception)
        return bought, [desks.open_key(one.sealed_key) for one in purchases]


def test_the_key_file_is_changed_under_the_shop(run: Any, dsn: str, tmp_path: Path) -> None:
    path = tmp_path / "secrets.key"
    product = run("product", "add", "sealed", "--price", "1")["product"]
    keys = [f"SEALED-{turn}" for turn in range(1_200)]
    assert run("product", "load", product, stdin="\n".join(keys))["added"] == 1_200
    made = run("customer", "add", "reseller", "--balance", "10")
    assert asyncio.run(sell(dsn, path, product, made["id"], made["api_key"])) == (keys[0], keys[:1])
    old = KeyFile.read(path)
    assert run("secrets", "rotate", "--prepare") == {"sealed": 0, "dropped_keys": 0, "keys": 2}
    assert run("secrets", "rotate")["sealed"] == 1_200
    done = run("secrets", "rotate", "--drop-old")
    assert done == {"sealed": 1_200, "dropped_keys": 1, "keys": 1}

    async def seals(shop: Shop) -> list[bytes]:
        rows = await shop.connection.fetch(
            "select sealed from licence_key union all select sealed from software_pepper"
        )
        return [row[0] for row in rows]

    kept = on_database(dsn, seals)
    assert len(kept) == 1_201
    for sealed in kept:
        with pytest.raises(Exception, match="not the one"):
            old.open(sealed)
    # Sold and unsold ones open with the new file, and the pepper still knows every key.
    assert asyncio.run(sell(dsn, path, product, made["id"], made["api_key"])) == (keys[1], [keys[1], keys[0]])
    assert run("product", "load", product, stdin=f"{keys[0]}\n{keys[5]}\n")["known"] == [1, 2]
    assert run("product", "keys", product)["sold"] == 2
    [second, first] = run("product", "sold", "--customer", made["id"])
    assert (second["name"], second["price"], second["customer"]) == ("sealed", "1.00", made["id"])
    assert second["purchase"] > first["purchase"]
    assert "SEALED" not in json.dumps([first, second])
    assert run("product", "sold", "--product", 999) == []


def test_a_reseller_loses_the_shop_within_a_second(run: Any, dsn: str, tmp_path: Path) -> None:
    product = run("product", "add", "verified", "--price", "1")["product"]
    run("product", "load", product, stdin="V-1\nV-2\n")
    made = run("customer", "add", "reseller", "--balance", "10")

    async def story() -> None:
        async with shop_open(dsn, secrets_file=str(tmp_path / "secrets.key"), version_poll_s=0.25) as (app, _):
            caller = Caller(app, made["api_key"])

            async def answers(word: str) -> bool:
                return await caller.get("buyPartnerProduct", productId="none") == word

            assert await caller.get("buyPartnerProduct", productId=product) == "BAD_ACTION"
            await asyncio.to_thread(run, "customer", "verify", made["id"])
            await until(lambda: answers("BAD_DATA"), tries=100)
            assert key_in(await caller.get("buyPartnerProduct", productId=product)) == "V-1"
            assert (await asyncio.to_thread(run, "customer", "show", made["id"]))["verified"] is True
            await asyncio.to_thread(run, "customer", "unverify", made["id"])
            await until(lambda: answers("BAD_ACTION"), tries=100)

    asyncio.run(story())


def test_a_key_that_nobody_can_open_is_taken_out_so_that_a_rotation_goes_on(run: Any, dsn: str) -> None:
    run("product", "add", "drops", "--price", "1")
    [product_id] = [row["product"] for row in run("product", "list") if row["name"] == "drops"]
    run("product", "load", product_id, "-", stdin="".join(f"DROP-{turn}\n" for turn in range(4)))

    async def ids(shop: Shop) -> list[int]:
        rows = await shop.connection.fetch("select id from licence_key where product_id = $1 order by id", product_id)
        return [row[0] for row in rows]

    stocked, sold, whole, _ = on_database(dsn, ids)

    async def harm(shop: Shop) -> int:
        """One in stock and one that was sold cannot be opened any more."""
        customer_id, _ = await shop.customer()
        async with shop.connection.transaction():
            hold_id: int = await shop.connection.fetchval("select nextval('hold_id')")
            await journal.place_holds(shop.connection, [journal.Hold(hold_id, customer_id, 10_000, 0, 840)])
            await journal.post_holds(shop.connection, [hold_id])
            await shop.connection.execute(
                "insert into purchase select nextval('purchase_id'), $1, $2, $3, $4, 10000, 840, now()",
                customer_id, product_id, sold, hold_id,
            )  # fmt: skip
            await shop.connection.execute(
                "update licence_key set purchase_id = (select max(id) from purchase) where id = $1", sold
            )
            await shop.connection.execute(
                "update licence_key set sealed = 'nonsense' where id = any($1::bigint[])", [stocked, sold]
            )
        return customer_id

    customer_id = on_database(dsn, harm)
    assert f"numbank product drop {stocked}" in run("secrets", "rotate", fails=True)
    assert "can be opened" in run("product", "drop", whole, fails=True)
    assert "no licence key 999999" in run("product", "drop", 999_999, fails=True)
    dropped = run("product", "drop", stocked, "--reason", "disk")
    assert dropped == {"key": stocked, "product": product_id, "purchase": None, "customer": None}
    assert run("product", "drop", sold)["customer"] == customer_id
    assert run("secrets", "rotate")["sealed"] == 3
    assert run("product", "keys", product_id)["stock"] == 2
    assert run("verify")["clean"]


def test_with_a_foreign_key_file_no_key_is_taken_out(run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    run("product", "add", "kept", "--price", "1")
    [product_id] = [row["product"] for row in run("product", "list") if row["name"] == "kept"]
    run("product", "load", product_id, "-", stdin="KEPT-1\n")
    secrets.create(tmp_path / "foreign.key")
    monkeypatch.setenv("NUMBANK_SECRETS_FILE", str(tmp_path / "foreign.key"))
    assert "is not the one that sealed" in run("product", "drop", 1, fails=True)
    monkeypatch.setenv("NUMBANK_SECRETS_FILE", str(tmp_path / "secrets.key"))
    assert run("product", "keys", product_id)["stock"] == 1
