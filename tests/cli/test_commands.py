"""The operator's commands as an operator runs them: results, helpful help, one clear line for every failure."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.server.live import command

COMMANDS = [
    ("serve",), ("demo",), ("migrate",), ("verify",), ("explain",), ("settings",),
    ("customer", "add"), ("customer", "topup"), ("customer", "list"), ("key", "revoke"),
    ("number", "add"), ("offer", "set"), ("agent", "add"), ("agent", "key"), ("agent", "revoke"),
    ("message", "deliver"), ("message", "unmatched"),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_helps(words: tuple[str, ...]) -> None:
    shown = command(*words, "--help").stdout
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
    assert "does not answer" in failure("customer", "list", "--database-url", "postgresql://127.0.0.1:1/none")
    assert "numbank serve" in failure("customer", "list", "--data", str(tmp_path / "nothing"))
    assert "HOST:PORT" in failure("serve", "--listen", "nonsense", *db)


@pytest.mark.slow
def test_numbers_are_added_line_by_line_and_bad_lines_are_reported(dsn: str) -> None:
    lines = "+7 910 400 00 01\n# a comment\n\nnot a number\n79104000002\n7910\n+7 (910) 400-00-01\n"
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
def test_a_customer_from_first_money_to_lost_key(dsn: str) -> None:
    db = ("--json", "--database-url", dsn)
    made = json.loads(command("customer", "add", "acme", "--balance", "12.5", *db).stdout)
    assert len(made["api_key"]) == 32
    topup = ("customer", "topup", str(made["id"]), "7.5", "--key", "invoice 7", *db)
    assert json.loads(command(*topup).stdout) == {"id": made["id"], "balance": "20.00"}
    assert json.loads(command(*topup).stdout) == {"id": made["id"], "balance": "20.00"}
    assert "another amount" in failure(
        "customer", "topup", str(made["id"]), "8", "--key", "invoice 7", "--database-url", dsn
    )
    (row,) = [one for one in json.loads(command("customer", "list", *db).stdout) if one["id"] == made["id"]]
    assert (row["name"], row["balance"], row["keys"]) == ("acme", "20.00", 1)
    assert json.loads(command("key", "revoke", made["api_key"], *db).stdout) == {"customer": made["id"], "revoked": 1}
    assert made["api_key"] not in command("customer", "list", *db).stdout


@pytest.mark.slow
def test_a_message_by_hand_and_the_unmatched_list(dsn: str) -> None:
    db = ("--json", "--database-url", dsn)
    sent = ("message", "deliver", "--to", "+49 151 23456789", "--from", "Bank", "--text", "hello", "--id", "7", *db)
    assert json.loads(command(*sent).stdout) == {"result": "stored"}
    assert json.loads(command(*sent).stdout) == {"result": "duplicate"}
    newest = json.loads(command("message", "unmatched", "--limit", "1", *db).stdout)[0]
    assert (newest["to"], newest["from"], newest["text"], newest["why"]) == (
        "4915123456789",
        "Bank",
        "hello",
        "no_number",
    )


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
