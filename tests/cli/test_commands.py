"""The operator's commands as an operator runs them: results, helpful help, one clear line for every failure."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.server.live import NUMBANK, command
from tests.support import Caller, open_bank


@pytest.mark.slow
def test_a_command_helps() -> None:
    """One as a process of its own; `test_every_command` asks all of them."""
    shown = command("policy", "region", "deny", "--help").stdout
    assert "Usage: numbank" in shown
    assert "--help" in shown


def failure(*arguments: str, stdin: str | None = None) -> str:
    """What a command that must fail says on stderr: exactly one line."""
    done = command(*arguments, check=False, stdin=stdin)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


@pytest.mark.slow
def test_failures_are_one_clear_line(dsn: str, tmp_path: Path) -> None:
    db = ("--database-url", dsn)
    assert "is not an amount" in failure("customer", "add", "x", "--balance", "1.23456", *db)
    assert "1 to 200 characters" in failure("customer", "add", " ", *db)
    assert "no customer 99999" in failure("customer", "topup", "99999", "5", *db)
    assert "is not an amount" in failure("customer", "topup", "1", "0", *db)
    assert "no country 9999" in failure(
        "number", "add", "--country", "9999", "--operator", "x", *db, stdin="+79101234567"
    )
    assert "cannot read" in failure("number", "add", "--country", "0", "--operator", "x", "/nowhere", *db)
    assert "no supplier" in failure(
        "number", "add", "--country", "0", "--operator", "x", "--agent", "nobody", *db, stdin="+79101234567"
    )
    assert "no service" in failure("offer", "set", "--country", "0", "--service", "nope", "--price", "1", *db)
    assert "no operator" in failure(
        "offer", "set", "--country", "0", "--service", "tg", "--price", "1", "--operator", "x", *db
    )
    assert "not a live key" in failure("key", "revoke", "0" * 32, *db)
    assert "either a key or" in failure("key", "revoke", *db)
    assert "telephone number" in failure("message", "deliver", "--to", "abc", "--from", "x", "--text", "y", *db)
    assert "no action" in failure("explain", "getMoney")
    assert "the text is empty" in failure(
        "message", "deliver", "--to", "79101234567", "--from", "x", "--text", " ", *db
    )
    assert "is no agent but of kind pool" in failure(
        "number", "add", "--country", "0", "--operator", "x", "--agent", "pool", *db, stdin="+79101234567"
    )
    assert "not valid UTF-8" in failure("customer", "add", "\udcff", *db)
    assert "numbank serve" in failure("customer", "list", "--data", str(tmp_path / "nothing"))
    assert "HOST:PORT" in failure("serve", "--listen", "nonsense", *db)


@pytest.mark.slow
@pytest.mark.parametrize("words", [("customer", "list"), ("migrate",)], ids=" ".join)
def test_a_database_that_cannot_be_reached_is_one_clear_line(words: tuple[str, ...], dsn: str) -> None:
    def said(url: str) -> str:
        return failure(*words, "--database-url", url)

    assert "does not answer" in said("postgresql://127.0.0.1:1/none")
    assert 'database "nowhere" does not exist' in said(re.sub(r"@/\w+", "@/nowhere", dsn))
    assert "cannot be used" in said("nonsense")
    wrong = said("postgresql://me:hunter2@host:port/db")
    assert "cannot be used" in wrong
    assert "hunter2" not in wrong
    assert "refuses" in said(re.sub("//numbank@", "//nobody@", dsn))


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ("customer", "topup", "99999999999999999999", "1"), ("customer", "topup", "0", "1"),
        ("key", "revoke", "--customer", "99999999999999999999"),
        ("number", "add", "--country", "99999999999", "--operator", "x"),
        ("offer", "set", "--country", "99999999999", "--service", "tg", "--price", "1"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_absurd_ids_are_refused_without_a_traceback(words: tuple[str, ...], dsn: str) -> None:
    done = command(*words, "--database-url", dsn, check=False, stdin="")
    assert done.returncode == 2
    assert "Invalid value for" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_numbers_are_added_line_by_line_and_bad_lines_are_reported(dsn: str) -> None:
    lines = "+7 910 400 00 01\n# a comment\n\nnot a number\n79104000002 # SIM 2\n7910\n+7 (910) 400-00-01\n"
    where = ("--country", "0", "--operator", "mts", "--database-url", dsn)
    done = command("number", "add", *where, "--json", stdin=lines, check=False)
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["added"] == 2
    assert [bad["line"] for bad in report["bad"]] == [4, 6]
    assert report["known"] == [{"line": 7, "number": "79104000001"}]
    again = json.loads(command("number", "add", *where, "--json", stdin="79104000002\n").stdout)
    assert (again["added"], len(again["known"])) == (0, 1)


@pytest.mark.slow
def test_what_looks_like_a_slip_is_said_and_done_all_the_same(dsn: str) -> None:
    where = ("--country", "0", "--operator", "nosuch", "--database-url", dsn)
    done = command("number", "add", *where, stdin="447700900123\n447700900124\n491512345678\n79104000055\n")
    assert done.stdout == "added 4, known already 0, bad 0\n"
    assert done.stderr.splitlines() == [
        "operator nosuch is new in country 0",
        "2 numbers of +44 in country 0, which has +7: kept all the same",
        "1 number of +49 in country 0, which has +7: kept all the same",
    ]
    assert command("number", "add", *where, stdin="79104000056\n").stderr == ""


@pytest.mark.slow
def test_a_terminal_is_told_what_is_read_from_it(dsn: str) -> None:
    keyboard, terminal = pty.openpty()
    line = [NUMBANK, "number", "add", "--country", "0", "--operator", "mts", "--database-url", dsn]
    with subprocess.Popen(line, stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as adding:
        os.write(keyboard, b"79104000077\n\x04")
        said, told = adding.communicate(timeout=60)
    assert told == "reading numbers from standard input, one a line; Ctrl-D ends\n"
    assert said == "added 1, known already 0, bad 0\n"


@pytest.mark.slow
def test_two_overlapping_adds_share_the_numbers(dsn: str) -> None:
    lines = "\n".join(str(79_400_000_000 + turn) for turn in range(20_000))

    def add(operator: str) -> int:
        where = ("--country", "0", "--operator", operator, "--json", "--database-url", dsn)
        return int(json.loads(command("number", "add", *where, stdin=lines).stdout)["added"])

    with ThreadPoolExecutor() as both:
        assert sum(both.map(add, ["mts", "beeline", "megafon"])) == 20_000


@pytest.mark.slow
def test_a_customer_from_first_money_to_lost_key(dsn: str) -> None:
    db = ("--json", "--database-url", dsn)
    made = json.loads(command("customer", "add", "acme", "--balance", "12.5", *db).stdout)
    assert len(made["api_key"]) == 32
    topup = ("customer", "topup", str(made["id"]), "7.5", "--key", "invoice 7", *db)
    assert json.loads(command(*topup).stdout) == {"id": made["id"], "balance": "20.00", "key": "invoice 7"}
    assert json.loads(command(*topup).stdout) == {"id": made["id"], "balance": "20.00", "key": "invoice 7"}
    assert "another amount" in failure(
        "customer", "topup", str(made["id"]), "8", "--key", "invoice 7", "--database-url", dsn
    )
    (row,) = [one for one in json.loads(command("customer", "list", *db).stdout) if one["id"] == made["id"]]
    assert (row["name"], row["balance"], row["keys"]) == ("acme", "20.00", 1)
    assert json.loads(command("key", "revoke", made["api_key"], *db).stdout) == {"customer": made["id"], "revoked": 1}
    assert made["api_key"] not in command("customer", "list", *db).stdout


@pytest.mark.slow
def test_a_topup_can_be_repeated_under_the_key_that_was_made_up(dsn: str) -> None:
    db = ("--database-url", dsn)
    customer = str(json.loads(command("customer", "add", "again", "--json", *db).stdout)["id"])
    first = json.loads(command("customer", "topup", customer, "5", "--json", *db).stdout)
    again = json.loads(command("customer", "topup", customer, "5", "--key", first["key"], "--json", *db).stdout)
    assert (first["balance"], again["balance"]) == ("5.00", "5.00")
    broken = failure("customer", "topup", customer, "5", "--database-url", "postgresql://127.0.0.1:1/none")
    assert re.search(r"repeat with --key [0-9a-f]{32}$", broken)


@pytest.mark.slow
def test_a_message_by_hand_and_the_unmatched_list(dsn: str) -> None:
    db = ("--database-url", dsn)
    sent = (
        "message",
        "deliver",
        "--to",
        "+49 151 23456789",
        "--from",
        "Bank",
        "--text",
        "hello\nyou",
        "--id",
        "7",
        *db,
    )
    fate = {"fate": "no_number", "activation": None, "rental": None, "code": None, "withheld": None}
    assert json.loads(command(*sent, "--json").stdout) == {"result": "stored"} | fate
    assert json.loads(command(*sent, "--json").stdout) == {"result": "duplicate"} | fate
    assert command(*sent).stdout == "already known, nothing changed: stored, but nobody gets it: no_number\n"
    newest = json.loads(command("message", "unmatched", "--limit", "1", "--json", *db).stdout)[0]
    assert (newest["to"], newest["from"], newest["text"], newest["why"]) == (
        "4915123456789",
        "Bank",
        "hello\nyou",
        "no_number",
    )
    assert command("message", "unmatched", "--limit", "1", *db).stdout.splitlines()[1].endswith("no_number  hello you")


@pytest.mark.slow
async def test_a_message_by_hand_says_who_got_it(dsn: str) -> None:
    async def deliver(to: int, text: str, *more: str) -> str:
        words = ("message", "deliver", "--to", str(to), "--from", "x", "--text", text, *more, "--database-url", dsn)
        return (await asyncio.to_thread(command, *words)).stdout

    async with open_bank(dsn) as (app, shop):
        _, key = await shop.customer()
        _, idle = await shop.numbers(2, operator="tele2")
        await shop.offer("tg")
        lease_id, e164 = await Caller(app, key).lease()
        assert await deliver(e164, "WhatsApp code 11223") == "stored, but nobody gets it: other_service\n"
        told = await deliver(e164, "Telegram code 48213")
        assert told == f"attached to activation {lease_id}, code 48213\n"
        told = await deliver(e164, "Telegram says hello")
        assert told == f"attached to activation {lease_id}, no code recognised\n"
        other = idle if idle != e164 else e164 - 1
        assert json.loads(await deliver(other, "Telegram code 5566", "--json"))["fate"] == "no_lease"


@pytest.mark.slow
def test_a_row_is_one_whole_line_where_no_terminal_is(dsn: str) -> None:
    name = "a very long name [bold] " + "x" * 150 + "\x1b[31m end"
    command("customer", "add", name, "--database-url", dsn)
    done = subprocess.run(
        [NUMBANK, "customer", "list", "--database-url", dsn],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"FORCE_COLOR": "1", "COLUMNS": "40"},
    )
    assert name.replace("\x1b", " ") in done.stdout
    assert (
        len({line.index(word) for line in done.stdout.splitlines() for word in ("active", "True") if word in line}) == 1
    )


@pytest.mark.slow
def test_nothing_is_coloured_where_no_terminal_is(dsn: str) -> None:
    lines = (
        ["--help"],
        ["customer", "list"],
        ["customer", "topup", "99", "1"],
        ["settings"],
        ["no", "such"],
        ["verify"],
    )
    for words in lines:
        done = subprocess.run(
            [NUMBANK, *words],
            capture_output=True,
            check=False,
            env=os.environ | {"FORCE_COLOR": "1", "GITHUB_ACTIONS": "true", "NUMBANK_DATABASE_URL": dsn},
        )
        assert b"\x1b" not in done.stdout + done.stderr, words


@pytest.mark.slow
def test_verify_says_one_line_per_check(dsn: str) -> None:
    done = command("verify", "--database-url", dsn)
    head, *lines, last = done.stdout.splitlines()
    assert head.split() == ["check", "looked", "at", "differences", "seconds"]
    assert all(re.fullmatch(r"\w+\.\w+ +\d+ +0 +\d+\.\d\d", line) for line in lines)
    assert last == f"{len(lines)} checks, 0 differences"
    checks = json.loads(command("verify", "--json", "--database-url", dsn).stdout)["checks"]
    assert all(check["sentence"] for check in checks)


@pytest.mark.slow
def test_a_message_of_another_service_is_not_handed_over_by_hand_either(dsn: str) -> None:
    db = ("--json", "--database-url", dsn)
    where = ("--country", "6", "--operator", "any")
    command("number", "add", *where, *db, stdin="6281200000001\n")
    command("offer", "set", "--country", "6", "--service", "tg", "--price", "0.1", *db)

    async def lease() -> None:
        async with open_bank(dsn) as (app, shop):
            _, key = await shop.customer()
            await Caller(app, key).lease("tg", country=6)

    asyncio.run(lease())
    sent = (
        "message",
        "deliver",
        "--to",
        "6281200000001",
        "--from",
        "Instagram",
        "--text",
        "123456 is your Instagram code",
    )
    assert json.loads(command(*sent, *db).stdout)["fate"] == "other_service"


@pytest.mark.slow
def test_agents_get_a_key_once_and_own_their_numbers(dsn: str) -> None:
    db = ("--json", "--database-url", dsn)
    made = json.loads(command("agent", "add", "bank1", *db).stdout)
    assert len(made["key"]) == 32
    assert "already" in failure("agent", "add", "bank1", "--database-url", dsn)
    second = json.loads(command("agent", "key", "bank1", *db).stdout)["key"]
    assert json.loads(command("agent", "revoke", made["key"], *db).stdout) == {"agent": "bank1", "revoked": 1}
    assert "not a live key" in failure("agent", "revoke", made["key"], "--database-url", dsn)
    assert second != made["key"]
    where = ("--country", "0", "--operator", "mts", "--agent", "bank1")
    assert json.loads(command("number", "add", *where, *db, stdin="79104000099\n").stdout)["added"] == 1
    priced = command("offer", "set", "--country", "0", "--service", "tg", "--price", "0.2", "--supplier", "bank1", *db)
    assert json.loads(priced.stdout)["supplier"] == "bank1"


def test_settings_and_explain_print_json() -> None:
    listed = json.loads(command("settings", "--json").stdout)
    assert {"name", "value", "source", "doc"} == set(listed[0])
    stops = json.loads(command("explain", "getNumber", "--json").stdout)
    assert stops[0]["kind"] == "wire"


def test_the_version_is_told() -> None:
    assert command("--version").stdout == f"numbank {version('numbank')}\n"


def test_a_variable_that_is_no_setting_is_warned_of() -> None:
    done = subprocess.run(
        [NUMBANK, "settings"], capture_output=True, text=True, check=True, env=os.environ | {"NUMBANK_LISTN": "x"}
    )
    assert done.stderr == "NUMBANK_LISTN is no setting and has no effect; did you mean NUMBANK_LISTEN?\n"


@pytest.mark.slow
def test_abilities_of_known_numbers_stay_and_the_result_says_so(dsn: str) -> None:
    where = ("--country", "0", "--operator", "mts", "--database-url", dsn)
    command("number", "add", *where, stdin="79104000091\n")
    again = command("number", "add", *where, "--abilities", "sms,call", stdin="79104000091\n79104000092\n")
    assert again.stdout == "added 1, known already 1 with the abilities that they had, bad 0\n"
    plain = command("number", "add", *where, stdin="79104000091\n")
    assert plain.stdout == "added 0, known already 1, bad 0\n"
    new = command("number", "add", *where, "--abilities", "call", stdin="79104000093\n")
    assert new.stdout == "added 1, known already 0, bad 0\n"
