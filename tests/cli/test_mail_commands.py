"""The operator's commands about mailboxes: domains, prices, sites, mails that nobody got."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from numbank.mailbox.model import ChangeRequest, Mailbox
from numbank.mailbox.states import Event
from tests.cli.test_commands import failure
from tests.mailbox.world import arrive, bought
from tests.server.live import command
from tests.support import open_bank

pytestmark = pytest.mark.slow


def shown(dsn: str, *words: str) -> Any:
    """What a command prints for programs."""
    return json.loads(command(*words, "--json", "--database-url", dsn).stdout)


def said(dsn: str, *words: str) -> str:
    """What a command prints for people."""
    return command(*words, "--database-url", dsn).stdout


def acts(dsn: str) -> list[tuple[Any, ...]]:
    """The audit log."""

    async def read() -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(dsn)
        found = [tuple(row) for row in await connection.fetch("select act, subject from audit order by id")]
        await connection.close()
        return found

    return asyncio.run(read())


def test_domains_are_added_loaded_listed_changed_and_switched(dsn: str, tmp_path: Path) -> None:
    assert shown(dsn, "domain", "add", "Mail.Example", "почта.рф", "mail.example.") == {
        "added": ["mail.example", "xn--80a1acny.xn--p1ai"], "known": [],
    }  # fmt: skip
    file = tmp_path / "domains.txt"
    file.write_text("# ours\na.box\nb.box  # second\n\nno domain\nA.BOX\nmail.example\n")
    loaded = command(
        "domain", "load", str(file), "--zone", "box", "--capacity", "7", "--json", "--database-url", dsn, check=False
    )
    assert loaded.returncode == 1
    found = json.loads(loaded.stdout)
    assert found["added"] == 2
    assert found["known"] == [{"line": 6, "domain": "a.box"}, {"line": 7, "domain": "mail.example"}]
    assert [one["line"] for one in found["bad"]] == [5]
    assert said(dsn, "domain", "add", "a.box").strip() == "a.box is known already"
    assert "is no domain" in failure("domain", "add", "not a domain", "--database-url", dsn)
    shown(dsn, "domain", "set", "a.box", "--popular", "--capacity", "9")
    shown(dsn, "domain", "off", "b.box")
    assert "nothing to change" in failure("domain", "set", "a.box", "--database-url", dsn)
    assert "there is no domain c.box" in failure("domain", "off", "c.box", "--database-url", dsn)
    assert shown(dsn, "domain", "list", "--zone", "box") == [
        {"domain": "a.box", "zone": "box", "popular": True, "sold": True, "live": 0, "capacity": 9},
        {"domain": "b.box", "zone": "box", "popular": False, "sold": False, "live": 0, "capacity": 7},
    ]
    shown(dsn, "domain", "on", "b.box")
    assert [one["sold"] for one in shown(dsn, "domain", "list", "--zone", "box")] == [True, True]
    assert len(shown(dsn, "domain", "list")) == 4
    assert ("domain.add", "b.box") in acts(dsn)
    assert ("domain.off", "b.box") in acts(dsn)


def test_prices_of_zones_and_domains(dsn: str) -> None:
    shown(dsn, "domain", "add", "price.test", "plain.test", "--zone", "cheap")
    assert shown(dsn, "domain", "price", "cheap", "0.05") == {
        "of": "zone cheap",
        "site": None,
        "price": "0.05",
        "count": None,
    }
    shown(dsn, "domain", "price", "cheap", "0.5", "--site", "https://www.Dear.example/x", "--count", "3")
    quiet = command("domain", "price", "price.test", "1", "--database-url", dsn)
    assert "not popular" in quiet.stderr
    rows = [
        one for one in shown(dsn, "domain", "prices") if "cheap" in str(one["zone"]) or one["domain"] == "price.test"
    ]
    assert rows == [
        {"zone": "cheap", "domain": None, "site": None, "price": "0.05", "left": None},
        {"zone": "cheap", "domain": None, "site": "dear.example", "price": "0.50", "left": 3},
        {"zone": None, "domain": "price.test", "site": None, "price": "1.00", "left": None},
    ]
    assert "every other one" in said(dsn, "domain", "prices")
    shown(dsn, "domain", "unprice", "cheap", "--site", "dear.example")
    assert "has no price" in failure("domain", "unprice", "cheap", "--site", "dear.example", "--database-url", dsn)
    assert "neither a domain nor a zone" in failure("domain", "price", "nothing", "1", "--database-url", dsn)
    assert "is no site" in failure("domain", "price", "cheap", "1", "--site", "no site", "--database-url", dsn)
    assert "is not an amount" in failure("domain", "price", "cheap", "free", "--database-url", dsn)


def test_sites_are_denied_and_allowed(dsn: str) -> None:
    assert shown(dsn, "site", "deny", "https://www.Bad.example/x", "--reason", "no") == [
        {"site": "bad.example", "denied": True, "changed": True}
    ]
    assert said(dsn, "site", "deny", "bad.example", "--reason", "no").strip() == "bad.example is denied, as it was"
    shown(dsn, "site", "allow", "good.bad.example", "--reason", "licensed")
    rows = shown(dsn, "site", "list")
    assert [(one["site"], one["denied"], one["reason"]) for one in rows] == [
        ("bad.example", True, "no"), ("good.bad.example", False, "licensed"),
    ]  # fmt: skip
    assert "a reason has" in failure("site", "deny", "x.example", "--reason", " ", "--database-url", dsn)
    assert "is no site" in failure("site", "deny", "x", "--reason", "y", "--database-url", dsn)


def test_mails_that_nobody_got_are_shown_and_those_of_customers_are_not_read(dsn: str) -> None:
    shown(dsn, "domain", "add", "mail.unmatched", "--zone", "unmatched")
    shown(dsn, "domain", "price", "unmatched", "0.1")

    async def fill() -> str:
        async with open_bank(dsn, mailbox_early_cancel_s=0) as (app, shop):
            customer = (await shop.customer())[0]
            box = await bought(app, customer, "unmatched")
            await arrive(app, box.email, text="of a customer 4711", code="4711")
            done = await app.bank.desks.mail.change(ChangeRequest(box.id, Event.CANCEL, customer))
            assert isinstance(done, Mailbox)
            await arrive(app, box.email, subject="Late\x1b[31m", text="too late 4712\nsecond line", code="4712")
        return box.email

    email = asyncio.run(fill())
    (row,) = shown(dsn, "mail", "unmatched")
    assert (row["to"], row["why"], row["from"]) == (email, "no_lease", "Site <no-reply@site.example>")
    nobodys = shown(dsn, "mail", "show", str(row["id"]))
    assert (nobodys["text"], nobodys["code"], nobodys["mailbox_id"]) == ("too late 4712\nsecond line", "4712", None)
    people = said(dsn, "mail", "show", str(row["id"]))
    assert "too late 4712\n  second line" in people
    assert "\x1b" not in people + said(dsn, "mail", "unmatched")
    customers = shown(dsn, "mail", "show", str(row["id"] - 1))
    assert customers["recipient"] == email
    assert "4711" not in json.dumps(customers)
    assert "there is no mail" in failure("mail", "show", "999999", "--database-url", dsn)
