"""`numbank code` and `numbank message list` at the command line."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from numbank.catalogue import hints
from numbank.codes.services import HintKind
from tests.server.live import NUMBANK, command
from tests.support import Caller, open_bank, push

run: Callable[..., subprocess.CompletedProcess[str]] = partial(command, check=False)


def shown(*words: str) -> Any:
    """What a command that must succeed prints as JSON."""
    done = run(*words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def failure(*words: str) -> str:
    """The one line of a command that must fail."""
    done = run(*words)
    assert done.returncode == 1, done
    (line,) = done.stderr.strip().splitlines()
    return line


def test_a_text_is_explained_without_a_bank(tmp_path: Path) -> None:
    words = ("code", "explain", "WhatsApp code 482-913, ref 99887", "--service", "wa", "--country", "6")
    done = run(*words, "--data", str(tmp_path / "none"))
    assert done.returncode == 0, done.stderr
    for piece in ("482913", "wa, WhatsApp", "99887", "handed over: yes", "usual look: 6 digits", "why", "candidate"):
        assert piece in done.stdout
    assert "no bank is open" in done.stderr
    assert not (tmp_path / "none").exists()


def explained(*words: str, stdin: str | None = None) -> str:
    """What explain prints of a new bank."""
    done = subprocess.run(
        [NUMBANK, "code", "explain", *words, "--data", "/nowhere/at/all"],
        capture_output=True, text=True, check=True, timeout=60, input=stdin,
    )  # fmt: skip
    return done.stdout


def test_it_is_told_that_a_lease_of_another_service_gets_nothing() -> None:
    told = explained("Your WhatsApp code is 482913", "--service", "tg")
    assert "handed over: no, it names wa (kept as other_service)" in told
    assert "names     wa, WhatsApp" in told


def test_the_steps_of_the_prior_are_told() -> None:
    told = explained("Hello Ann 592044", "--sender", "WhatsApp", "--service", "wa")
    assert "0.04 (known sender)" in told
    assert "0.08 (usual look)" in told
    assert "code: 592044 (0.6" in told


def test_a_call_is_shown_as_it_was_heard() -> None:
    told = explained("Your Telegram code is four eight two one three", "--kind", "voice")
    assert "heard:    Your Telegram code is 48213" in told


def test_the_links_of_a_mail_are_shown_with_what_speaks_against_them() -> None:
    mail = (
        "Subject: Confirm your address\n\nPlease confirm: https://acme.example/verify?token=abcdef0123456789\n"
        "News: https://acme.example/news\nhttps://acme.example/unsubscribe?u=1"
    )
    told = explained("-", "--kind", "email", stdin=mail)
    assert "link      https://acme.example/verify?token=abcdef0123456789" in told
    (*_, last) = told.split("\n\n")
    lines = {line.split()[0]: line for line in last.splitlines()}
    assert "its address is that of another link" in lines["https://acme.example/unsubscribe?u=1"]
    assert "the link of the mail" in lines["https://acme.example/verify?token=abcdef0123456789"]


def test_a_wrong_kind_is_one_line() -> None:
    assert "--kind is sms, email or voice, not 'fax'" in failure("code", "explain", "x", "--kind", "fax")


def test_a_mail_has_no_lease_whose_habits_count() -> None:
    assert "--service is for sms and voice" in failure("code", "explain", "x", "--kind", "email", "--service", "wa")


def test_a_withheld_code_is_told_and_the_list_says_whose_message_it_was(own_dsn: str) -> None:
    async def fill() -> tuple[int, int]:
        async with open_bank(own_dsn) as (app, shop):
            await shop.numbers(1)
            await shop.offer("tg")
            _, key = await shop.customer()
            return await Caller(app, key).lease()

    lease_id, e164 = asyncio.run(fill())
    db = ("--database-url", own_dsn)
    deliver = ("message", "deliver", "--to", str(e164), "--from", "Ann", "--text", "Hello Ann 59204", "--id", "1", *db)
    told = run(*deliver).stdout
    assert f"attached to activation {lease_id}, a code is withheld (0.5" in told
    again = shown(*deliver)
    assert (again["result"], again["code"]) == ("duplicate", None)
    assert 0.45 <= again["withheld"] < 0.6
    (row,) = shown("message", "list", *db)
    assert (row["activation"], row["rental"], row["service"]) == (lease_id, None, "tg")
    assert row["customer"] > 0


def test_operators_teach_a_bank_and_see_why(dsn: str) -> None:
    async def fill() -> None:
        async with open_bank(dsn) as (app, shop):
            await shop.numbers(1)
            await push(app, 79_999_999_999, "Hello Ann 59204")
            bad = hints.typed("wa", HintKind.TEMPLATE, "re:(", "")  # an older release may have taken it
            async with shop.connection.transaction():
                await hints.add(shop.connection, app.bank.catalogue.by_code["wa"].id, bad)

    asyncio.run(fill())
    db = ("--database-url", dsn)
    assert shown("code", "template", "remove", "re:(", "--service", "wa", *db)["changed"]
    pattern = ("code", "template", "add", "frobnicate {code} now", "--service", "wa")
    assert shown(*pattern, "--country", "0", *db) == {
        "service": "wa", "kind": "template", "country": "RU", "text": "frobnicate {code} now", "changed": True,
    }  # fmt: skip
    assert "was already" in run(*pattern, "--country", "0", *db).stdout
    (row,) = shown("code", "template", "list", *db)
    assert (row["service"], row["country"], row["country_ids"]) == ("wa", "RU", [0])
    twin = ("code", "template", "add", "Frobnicate  {code} NOW", "--service", "wa", "--country", "ru", *db)
    assert "frobnicate {code} now was already a template of wa in RU" in run(*twin).stdout
    here = ("code", "explain", "Frobnicate 59204 now", "--country", "0", *db)
    found = shown(*here)
    assert (found["code"], found["service"]["code"]) == ("59204", "wa")
    assert found["templates"] == [{"service": "wa", "template": "frobnicate {code} now"}]
    told = run(*here).stdout
    assert "of wa: frobnicate {code} now" in told
    assert "a template says where the code stands" in told
    assert shown("code", "explain", "Frobnicate 59204 now", "--country", "1", *db)["templates"] == []
    assert run("code", "template", "remove", *twin[3:]).returncode == 0  # as recognition compares it
    assert shown("code", "template", "list", *db) == []
    assert "does not compile" in failure("code", "template", "add", "re:(", "--service", "wa", *db)
    assert "only words" in failure("code", "template", "add", "{code} ist Ihr Code", "--service", "wa", *db)
    assert "a word of many" in failure("code", "name", "add", "your", "--service", "wa", *db)
    assert "no service of its own" in failure("code", "name", "add", "Zorbex", "--service", "full", *db)
    assert "no country 'XX'" in failure("code", "name", "add", "Zorbex", "--service", "wa", "--country", "XX", *db)
    taken = run("code", "name", "add", "Telegram", "--service", "wa", *db)
    assert (taken.returncode, taken.stdout.strip()) == (0, "Telegram is now a name of wa")
    assert "tg (Telegram)" in taken.stderr
    assert "now of wa only" in taken.stderr
    assert "1 to 500" in failure("code", "template", "add", "x" * 501, "--service", "wa", *db)
    assert "no service 'nope'" in failure("code", "name", "add", "Acme", "--service", "nope", *db)
    assert "no country 99999" in failure("code", "name", "add", "Acme", "--service", "wa", "--country", "99999", *db)
    assert "no such sender" in failure("code", "sender", "remove", "Acme", "--service", "wa", *db)
    (message,) = shown("message", "list", *db)
    assert (message["code_is"], message["code"]) == ("withheld", None)
    assert message["guess"] == "59204"


@pytest.mark.parametrize("words", [("--help",), ("code", "--help"), ("settings",)])
def test_no_word_of_any_language_is_loaded_where_none_is_needed(words: tuple[str, ...]) -> None:
    script = (
        "import sys; from numbank.cli.main import app\n"
        f"sys.argv = ['numbank', *{words!r}]\n"
        "try:\n    app()\nexcept SystemExit:\n    pass\n"
        "from numbank.codes.lexicon import lexicon\nfrom numbank.codes.services.knowledge import knowledge\n"
        "print('loaded', lexicon.cache_info().currsize, knowledge.cache_info().currsize, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr.strip().splitlines()[-1] == "loaded 0 0"
