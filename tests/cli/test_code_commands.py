"""`numbank code` and `numbank message list` at the command line."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.server.live import NUMBANK
from tests.support import open_bank, push


def run(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [NUMBANK, *words], capture_output=True, check=False, text=True, env=os.environ | environ, timeout=60
    )


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
    for piece in ("482913", "wa, WhatsApp", "99887", "for wa", "why", "candidate"):
        assert piece in done.stdout
    assert "no bank is open" in done.stderr
    assert not (tmp_path / "none").exists()


def test_operators_teach_a_bank_and_see_why(dsn: str) -> None:
    async def fill() -> None:
        async with open_bank(dsn) as (app, shop):
            await shop.numbers(1)
            await push(app, 79_999_999_999, "Hello Ann 59204")

    asyncio.run(fill())
    db = ("--database-url", dsn)
    pattern = ("code", "template", "add", "frobnicate {code} now", "--service", "wa")
    assert shown(*pattern, "--country", "0", *db) == {
        "service": "wa", "kind": "template", "country": "RU", "text": "frobnicate {code} now", "changed": True,
    }  # fmt: skip
    assert "was already" in run(*pattern, "--country", "0", *db).stdout
    (row,) = shown("code", "template", "list", *db)
    assert (row["service"], row["country"]) == ("wa", "RU")
    here = ("code", "explain", "Frobnicate 59204 now", "--country", "0", *db)
    found = shown(*here)
    assert (found["code"], found["service"]["code"]) == ("59204", "wa")
    assert found["templates"] == [{"service": "wa", "pattern": "frobnicate {code} now"}]
    told = run(*here).stdout
    assert "of wa: frobnicate {code} now" in told
    assert "a template says where the code stands" in told
    assert shown("code", "explain", "Frobnicate 59204 now", "--country", "1", *db)["templates"] == []
    assert "does not compile" in failure("code", "template", "add", "re:(", "--service", "wa", *db)
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
