"""hook and secrets as an operator runs them, against a receiver on a real socket."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from standardwebhooks import Webhook

from tests.server.live import command

pytestmark = pytest.mark.slow


class Ears:
    """An HTTP server in a thread that remembers what it got."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        ears = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                ears.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(ears.status)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever)


@pytest.fixture
def ears() -> Iterator[Ears]:
    opened = Ears()
    opened.thread.start()
    yield opened
    opened.server.shutdown()
    opened.thread.join()
    opened.server.server_close()


@pytest.fixture
def run(dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A command on the test's bank; its JSON, or its one line when it fails."""
    monkeypatch.setenv("NUMBANK_SECRETS_FILE", str(tmp_path / "secrets.key"))
    monkeypatch.setenv("NUMBANK_HOOK_ALLOW", "127.0.0.0/8")
    monkeypatch.setenv("NUMBANK_HOOK_PORTS", "1-65535")

    def call(*words: object, fails: bool = False, plain: bool = False) -> Any:
        arguments = [str(word) for word in words]
        done = command(*arguments, "--database-url", dsn, *(() if plain else ("--json",)), check=False)
        assert (done.returncode != 0) == fails, done.stderr
        if fails and done.stderr:
            (line,) = done.stderr.strip().splitlines()
            return line
        return done.stdout if plain else json.loads(done.stdout)

    return call


def forget_all(dsn: str) -> None:
    import asyncio

    async def act() -> None:
        connection = await asyncpg.connect(dsn)
        await connection.execute("delete from hook; delete from seal_check")
        await connection.close()

    asyncio.run(act())


def test_an_operator_runs_a_webhook_from_first_to_last(run: Any, ears: Ears, dsn: str, tmp_path: Path) -> None:
    customer = run("customer", "add", "hooked")["id"]
    made = run("hook", "add", customer, ears.url)
    hook_id = made["id"]
    assert made["url"] == ears.url
    assert [(one["id"], one["enabled"]) for one in run("hook", "list", "--customer", customer)] == [(hook_id, True)]
    assert "secret" not in run("hook", "list")[0]

    tested = run("hook", "test", hook_id)
    assert tested["outcome"]["status"] == 200
    headers, body = ears.got[0]
    assert Webhook(made["secret"]).verify(body, headers)

    rotated = run("hook", "rotate", hook_id, "--overlap-hours", 1)
    assert run("hook", "test", hook_id)["outcome"]["error"] is None
    for secret in (made["secret"], rotated["secret"]):
        Webhook(secret).verify(ears.got[1][1], ears.got[1][0])

    ears.status = 500
    assert "HTTP 500" in run("hook", "test", hook_id, fails=True, plain=True) or ears.got
    log = run("hook", "log", hook_id)
    assert [one["state"] for one in log] == ["given_up", "delivered", "delivered"]
    assert [one["attempts"][0]["status"] for one in log] == [500, 200, 200]
    assert "HTTP 500" in run("hook", "log", hook_id, plain=True)
    assert set(log[0]) == {
        "id", "webhook_id", "hook_id", "event", "activation_id", "rent_id", "state", "tries", "created_at", "next_try_at",
        "ended_at", "attempts",
    }  # fmt: skip

    replayed = run("hook", "replay", log[0]["id"])
    assert (replayed["state"], replayed["tries"], replayed["hook_id"]) == ("pending", 0, hook_id)
    assert "still being sent" in run("hook", "replay", log[0]["id"], fails=True)

    off = run("hook", "disable", hook_id, "--reason", "unpaid bills")
    assert (off["enabled"], off["disabled_reason"], off["off_by_operator"]) == (False, "unpaid bills", True)
    assert "off: unpaid bills" in run("hook", "list", plain=True)
    assert "switched off" in run("hook", "replay", log[0]["id"], fails=True)
    on = run("hook", "enable", hook_id)
    assert (on["enabled"], on["off_by_operator"]) == (True, False)
    run("hook", "disable", hook_id)
    assert run("hook", "remove", hook_id)["removed"]
    assert "was removed" in run("hook", "enable", hook_id, plain=True)
    assert "no webhook" in run("hook", "enable", hook_id, fails=True)
    assert run("hook", "list", "--customer", customer) == []
    assert "no webhook" in run("hook", "log", hook_id, fails=True)
    forget_all(dsn)


def test_acts_are_in_the_audit_log_without_secrets(run: Any, dsn: str) -> None:
    customer = run("customer", "add", "audited")["id"]
    hook_id = run("hook", "add", customer, "https://a.example/in?token=geheim")["id"]
    run("hook", "rotate", hook_id)
    run("hook", "disable", hook_id)
    run("hook", "enable", hook_id)
    run("hook", "remove", hook_id)
    log = run("audit", "list")
    assert "https://a.example/in" in json.dumps(log)
    assert "geheim" not in json.dumps(log), "what receivers tell their senders by stands behind the question mark"
    acts = {(one["act"], one["subject"]) for one in log}
    subject = f"hook {hook_id} of customer {customer}"
    assert {(f"hook.{verb}", subject) for verb in ("add", "rotate", "disable", "enable", "remove")} <= acts
    forget_all(dsn)


def test_what_cannot_be_done_is_one_line(run: Any, dsn: str) -> None:
    customer = run("customer", "add", "strict")["id"]
    assert "no customer 99999" in run("hook", "add", 99999, "https://a.example/", fails=True)
    assert "must not reach" in run("hook", "add", customer, "http://10.0.0.1/", fails=True)
    assert "https:// or http://" in run("hook", "add", customer, "a.example", fails=True)
    for verb in ("remove", "rotate", "enable", "disable", "log", "test"):
        assert "no webhook 99999" in run("hook", verb, 99999, fails=True)
    assert "no delivery 99999" in run("hook", "replay", 99999, fails=True)
    forget_all(dsn)


def test_the_key_file_is_changed_in_its_steps(run: Any, dsn: str, tmp_path: Path) -> None:
    assert "nothing is sealed here yet" in run("secrets", "rotate", fails=True)
    assert not (tmp_path / "secrets.key").exists()
    customer = run("customer", "add", "sealed")["id"]
    run("hook", "add", customer, "https://a.example/")
    path = tmp_path / "secrets.key"
    before = path.read_text()
    assert run("secrets", "rotate", "--prepare") == {"sealed": 0, "dropped_keys": 0, "keys": 2}
    assert path.read_text().startswith(before)
    assert run("secrets", "rotate") == {"sealed": 1, "dropped_keys": 0, "keys": 2}
    assert run("secrets", "rotate", "--drop-old") == {"sealed": 1, "dropped_keys": 1, "keys": 1}
    assert run("secrets", "rotate") == {"sealed": 1, "dropped_keys": 0, "keys": 2}
    assert "either --prepare or" in run("secrets", "rotate", "--prepare", "--drop-old", fails=True)
    path.write_text(before)
    path.chmod(0o600)
    assert "not the one" in run("secrets", "rotate", fails=True)
    assert "not the one" in run("hook", "add", customer, "https://b.example/", fails=True)
    forget_all(dsn)
