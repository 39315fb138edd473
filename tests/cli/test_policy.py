"""The operator's policy at the command line: services, regions, addresses, erasing."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from numbank.policy import denied
from tests.policy import mmdb
from tests.server.live import command
from tests.support import Caller, open_bank, push

run: Callable[..., subprocess.CompletedProcess[str]] = partial(command, check=False)


def shown(*words: str, **environ: str) -> Any:
    """What a command that must succeed prints as JSON."""
    done = run(*words, "--json", **environ)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def failure(*words: str, **environ: str) -> str:
    """The one line of a command that must fail."""
    done = run(*words, **environ)
    assert done.returncode == 1, done
    (line,) = done.stderr.strip().splitlines()
    return line


@pytest.mark.slow
def test_services_are_lifted_and_denied_with_a_reason(dsn: str) -> None:
    db = ("--database-url", dsn)
    listed = shown("policy", "list", *db)
    assert len(listed) == len(denied.defaults())
    assert all(row["denied"] and row["reason"] for row in listed)
    offer = ("offer", "set", "--country", "0", "--price", "0.1", "--service")
    assert "md is denied for sale" in run(*offer, "md", *db).stderr
    assert run(*offer, "tg", *db).stderr == ""
    assert "Missing option '--reason'" in run("policy", "allow", "aaa", *db).stderr
    assert "a reason has" in failure("policy", "allow", "aaa", "--reason", " ", *db)
    assert "no service 'nope'" in failure("policy", "allow", "aaa", "nope", "--reason", "x", *db)
    lifted = shown("policy", "allow", "aaa", "ts", "--reason", "we are licensed", *db)
    assert lifted == [
        {"service": "aaa", "denied": False, "changed": True}, {"service": "ts", "denied": False, "changed": True}
    ]  # fmt: skip
    assert shown("policy", "allow", "aaa", "--reason", "again", *db)[0]["changed"] is False
    rows = shown("policy", "list", "--lifted", *db)
    assert [(row["code"], row["reason"]) for row in rows] == [("aaa", "we are licensed"), ("ts", "we are licensed")]
    assert run("policy", "deny", "tg", "--reason", "own choice", *db).stdout == "tg is denied for sale\n"
    assert run("policy", "deny", "tg", "--reason", "own choice", *db).stdout == "tg is denied for sale, as it was\n"
    shown("policy", "allow", "tg", "--reason", "changed our mind", *db)
    acts = shown("audit", "list", "--act", "policy", *db)
    assert {(act["act"], act["subject"]) for act in acts} >= {("policy.allow", "aaa"), ("policy.deny", "tg")}


@pytest.mark.slow
def test_regions_and_what_they_mean_for_an_address(dsn: str, tmp_path: Path) -> None:
    db = ("--database-url", dsn)
    file = tmp_path / "countries.mmdb"
    mmdb.write(file, {"198.51.100.0/24": mmdb.country("BR")})
    where = {"NUMBANK_REGION_DATABASE": str(file)}
    assert run("policy", "check", "198.51.100.7", *db).stdout == "198.51.100.7 is served for no rule says otherwise\n"
    shown("policy", "region", "deny", "all", "--reason", "Brazil only", *db)
    shown("policy", "region", "allow", "br", "10.0.0.0/8", *db)
    assert "ZZ is no country" in run("policy", "region", "allow", "ZZ", *db).stderr
    told = run("policy", "check", "198.51.100.7", *db, **where).stdout
    assert told == "198.51.100.7 (country BR) is served by the rule for BR\n"
    assert shown("policy", "check", "::ffff:10.1.2.3", *db, **where) == {
        "address": "10.1.2.3", "served": True, "rule": "10.0.0.0/8", "country": None,
    }  # fmt: skip
    assert shown("policy", "check", "192.0.2.1", *db, **where)["served"] is False
    # Without the database nobody is in Brazil.
    assert shown("policy", "check", "198.51.100.7", *db)["rule"] == "all"
    assert [row["region"] for row in shown("policy", "region", "list", *db)] == ["10.0.0.0/8", "BR", "ZZ", "all"]
    assert shown("policy", "region", "remove", "ALL", *db) == [{"region": "all", "removed": True}]
    assert "no rule for all" in failure("policy", "region", "remove", "all", *db)
    assert "is no network" in failure("policy", "region", "deny", "everywhere", *db)
    assert "is no address" in failure("policy", "check", "localhost", *db)
    assert "No such file" in failure("policy", "check", "192.0.2.1", *db, NUMBANK_REGION_DATABASE="/nowhere.mmdb")
    assert "is no network" in failure("policy", "check", "192.0.2.1", *db, NUMBANK_TRUSTED_PROXIES="proxy.example")


@pytest.mark.slow
def test_erasing_is_shown_tried_and_done(dsn: str) -> None:
    async def fill() -> None:
        async with open_bank(dsn, early_cancel_s=0, retention_days=0) as (app, shop):
            _, key = await shop.customer()
            await shop.numbers(2)
            await shop.offer("tg")
            for _ in range(2):
                lease_id, e164 = await Caller(app, key).lease()
                await push(app, e164, "Telegram code 48213")
                await Caller(app, key).get("setStatus", id=lease_id, status=6)
            back = timedelta(days=40)
            await shop.connection.execute("update message set received_at = received_at - $1::interval", back)
            await shop.connection.execute("update activation set created_at = created_at - $1::interval", back)

    asyncio.run(fill())
    db = ("--database-url", dsn)
    due = {row["table"]: row["due"] for row in shown("retention", "show", *db)["tables"]}
    assert (due["message"], due["activation"]) == (2, 2)
    assert shown("retention", "run", "--dry-run", *db)["tables"][0]["due"] == 2
    assert "0 days" in failure("retention", "run", "--days", "0", *db)
    assert shown("retention", "run", "--days", "50", *db)["erased"]["message"] == 0
    assert shown("retention", "run", *db) == {
        "days": 30.0,
        "erased": {"activation": 2, "message": 2, "errand": 0, "simulated_errand": 0, "mailbox": 0, "mail": 0},
    }  # fmt: skip
    assert {row["due"] for row in shown("retention", "show", *db)["tables"]} == {0}
    assert asyncio.run(_texts(dsn)) == 0
    assert run("retention", "show", *db).stdout.splitlines()[-1].endswith("erased after 30 days")
    (act,) = shown("audit", "list", "--act", "retention.run", "--limit", "1", *db)
    assert act["details"]["due"]["message"] == 2


async def _texts(dsn: str) -> int:
    connection = await asyncpg.connect(dsn)
    try:
        return int(await connection.fetchval("select count(*) from message where text <> ''"))
    finally:
        await connection.close()
