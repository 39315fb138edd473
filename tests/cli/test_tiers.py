"""The operator's commands about prices: one price, tiers, terms; and what numbers can do."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import asyncpg
import pytest

from tests.cli.test_commands import failure
from tests.server.live import command

pytestmark = pytest.mark.slow

HERE = ("--country", "0", "--service", "tg")


def shown(dsn: str, *words: str) -> Any:
    """What a command prints for programs."""
    return json.loads(command(*words, "--json", "--database-url", dsn).stdout)


def tiers(dsn: str, *more: str) -> list[tuple[object, ...]]:
    """Kind, price, count and mark of what is listed."""
    return [
        (one["kind"], one["price"], one["count"], one["regular"]) for one in shown(dsn, "tier", "list", *HERE, *more)
    ]


def rows(dsn: str, query: str) -> list[tuple[Any, ...]]:
    """What is in the database."""

    async def read() -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(dsn)
        found = [tuple(row) for row in await connection.fetch(query)]
        await connection.close()
        return found

    return asyncio.run(read())


def test_tiers_are_added_changed_listed_and_removed_and_one_price_replaces_them(dsn: str) -> None:
    assert shown(dsn, "tier", "add", *HERE, "--price", "0.2", "--count", "5", "--regular") == {
        "country": 0, "service": "tg", "kind": 0, "operator": "any", "supplier": "pool", "price": "0.20", "count": 5,
        "regular": True,
    }  # fmt: skip
    shown(dsn, "tier", "add", *HERE, "--price", "0.1", "--count", "3")
    shown(dsn, "tier", "add", *HERE, "--price", "0.5", "--kind", "2")
    assert tiers(dsn) == [(0, "0.10", 3, False), (0, "0.20", 5, True), (2, "0.50", None, False)]
    shown(dsn, "tier", "add", *HERE, "--price", "0.1", "--regular")  # it takes the mark over, and has no limit now
    assert tiers(dsn, "--kind", "0") == [(0, "0.10", None, True), (0, "0.20", 5, False)]
    shown(dsn, "tier", "remove", *HERE, "--price", "0.1")
    assert tiers(dsn, "--kind", "0") == [(0, "0.20", 5, False)]
    db = ("--database-url", dsn)
    assert "no tier at 0.10" in failure("tier", "remove", *HERE, "--price", "0.1", *db)
    assert "any number at 0.30" in command("tier", "add", *HERE, "--price", "0.3", *db).stdout
    assert "regular" in command("tier", "list", "--country", "0", *db).stdout.splitlines()[0]
    shown(dsn, "offer", "set", *HERE, "--price", "0.2")
    assert tiers(dsn) == [(0, "0.20", None, False), (2, "0.50", None, False)]
    shown(dsn, "offer", "set", *HERE, "--price", "0.7", "--kind", "2")
    assert tiers(dsn, "--kind", "2") == [(2, "0.70", None, False)]
    acts = rows(dsn, "select act, details->>'price' from audit order by id")
    assert acts[:3] == [("tier.add", "0.20"), ("tier.add", "0.10"), ("tier.add", "0.50")]
    assert acts[-2:] == [("offer.set", "0.20"), ("offer.set", "0.70")]


def test_terms_are_set_kept_and_taken_away(dsn: str) -> None:
    place = ("offer", "terms", "--country", "0", "--service", "wa")
    expected = {"country": 0, "service": "wa", "surcharge": "0.05", "reactivation": None}
    assert shown(dsn, *place, "--surcharge", "0.05") == expected
    assert shown(dsn, *place, "--reactivation", "0") == expected | {"reactivation": "0.00"}
    assert shown(dsn, *place, "--surcharge", "-1") == expected | {"surcharge": None, "reactivation": "0.00"}
    assert (
        "forwarding as the settings say, reactivation 0.00"
        in command(*place, "--surcharge", "-1", "--database-url", dsn).stdout
    )
    assert "at least one of" in failure(*place, "--database-url", dsn)
    assert "is not an amount" in failure(*place, "--surcharge", "-2", "--database-url", dsn)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("tier", "add", "--country", "0", "--service", "nope", "--price", "1"), "no service 'nope'"),
        (("tier", "add", "--country", "9999", "--service", "tg", "--price", "1"), "no country 9999"),
        (("tier", "add", *HERE, "--price", "1", "--operator", "x"), "no operator 'x'"),
        (("tier", "add", *HERE, "--price", "1", "--supplier", "x"), "no supplier named 'x'"),
        (("tier", "add", *HERE, "--price", "-1"), "is not an amount"),
        (("tier", "list", "--country", "0", "--service", "full"), "no service 'full'"),
        (("offer", "terms", "--country", "0", "--service", "x", "--surcharge", "1"), "no service 'x'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_is_one_clear_line(dsn: str, words: tuple[str, ...], reason: str) -> None:
    assert reason in failure(*words, "--database-url", dsn)


def test_numbers_can_do_what_the_operator_says(dsn: str) -> None:
    place = ("number", "add", "--country", "0", "--operator", "any", "--database-url", dsn)
    command(*place, "--abilities", "sms, call", stdin="+79101112233\n")
    assert rows(dsn, "select p.abilities from number n join pool p on p.id = n.pool_id where e164 = 79101112233") == [
        (3,)
    ]
    for text in ("", "sms,talk", "rent", "forward"):
        assert "numbank: " in failure(*place, "--abilities", text, stdin="+79101112234\n")
    assert rows(dsn, "select details->>'added' from audit where act = 'number.add'") == [("1",)]
