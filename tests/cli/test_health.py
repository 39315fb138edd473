"""`numbank health`: exit code 0 for a bank that can serve, 1 with the reason for everything else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from typer.testing import CliRunner

from numbank.cli.main import app
from numbank.errors import OperatorError
from tests.server.live import free_port

pytestmark = pytest.mark.unit


class Bank(BaseHTTPRequestHandler):
    """Answers as it is told; the last answer stays."""

    answers: list[tuple[int, bytes]] = []  # noqa: RUF012  set by each test
    asked: list[str] = []  # noqa: RUF012

    def do_GET(self) -> None:
        self.asked.append(self.path)
        status, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the screen."""


@pytest.fixture
def bank() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Bank) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        Bank.asked = []
        yield f"0.0.0.0:{server.server_address[1]}"
        server.shutdown()


def asked(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["health", *words])
    if isinstance(done.exception, OperatorError):
        return 1, done.stdout, str(done.exception)
    return done.exit_code, done.stdout, ""


def test_a_bank_that_is_ready_is_healthy(bank: str) -> None:
    Bank.answers = [(200, b'{"status":"ready"}')]
    assert asked("--listen", bank)[0] == 0
    assert asked("--listen", bank, "--alive")[0] == 0
    assert json.loads(asked("--listen", bank, "--json")[1]) == {"status": "ready"}
    assert Bank.asked == ["/readyz", "/healthz", "/readyz"]


def test_a_bank_that_is_not_ready_says_why(bank: str) -> None:
    Bank.answers = [(503, b'{"status":"unready","reasons":["the database does not answer","the clock is off"]}')]
    assert asked("--listen", bank)[::2] == (1, "the database does not answer; the clock is off")


def test_it_waits_for_a_bank_that_still_opens(bank: str) -> None:
    Bank.answers = [(503, b'{"status":"unready","reasons":["not yet"]}'), (200, b'{"status":"ready"}')]
    assert asked("--listen", bank, "--wait", "20")[0] == 0
    assert len(Bank.asked) == 2


def test_nobody_there_or_somebody_else_is_not_healthy(bank: str) -> None:
    code, _, why = asked("--listen", f"127.0.0.1:{free_port()}")
    assert (code, "nobody answers" in why) == (1, True)
    Bank.answers = [(200, b"<html>")]
    assert "no numbank" in asked("--listen", bank)[2]


def test_the_settings_say_where_the_bank_is(bank: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBANK_LISTEN", bank)
    Bank.answers = [(200, b'{"status":"ready"}')]
    assert asked()[0] == 0
