"""kill -9 and good stops of a real server with its own database: nothing acknowledged is lost, the books are right."""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.server.live import Live, command

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="numbank-crash-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


class Load:
    """Clients that lease as fast as they can and remember what they were told."""

    def __init__(self, server: Live, key: str) -> None:
        self._server = server
        self._key = key
        self._stop = threading.Event()
        self.leases: list[tuple[int, int]] = []
        self.other: list[str] = []
        self.enough = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(8)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        with httpx.Client(timeout=20) as client:
            while not self._stop.is_set():
                try:
                    answer = client.get(
                        self._server.url, params={"api_key": self._key, "action": "getNumber", "service": "tg"}
                    ).text
                except httpx.TransportError:
                    return  # the server is gone: what was not answered was not promised
                word, _, rest = answer.partition(":")
                if word == "ACCESS_NUMBER":
                    lease_id, e164 = rest.split(":")
                    self.leases.append((int(lease_id), int(e164)))
                    if len(self.leases) >= 300:
                        self.enough.set()
                else:
                    self.other.append(answer)


@pytest.fixture(scope="module")
def key(data: Path) -> Iterator[tuple[Live, str]]:
    server = Live(["--data", str(data)], NUMBANK_EARLY_CANCEL_S="0")
    server.start()
    lines = "\n".join(str(79_300_000_000 + turn) for turn in range(30_000))
    command("number", "add", "--country", "0", "--operator", "any", "--data", str(data), stdin=lines)
    command("offer", "set", "--country", "0", "--service", "tg", "--price", "0.1", "--data", str(data))
    made = command("customer", "add", "crash", "--balance", "10000", "--json", "--data", str(data))
    yield server, json.loads(made.stdout)["api_key"]
    if server.process is not None and server.process.poll() is None:
        server.stop()


def check_books(server: Live, key: str, data: Path, promised: list[tuple[int, int]]) -> None:
    """Every promised lease is there, no number was promised twice, and verify is clean."""
    numbers = [e164 for _, e164 in promised]
    assert len(set(numbers)) == len(numbers)
    with httpx.Client() as client:
        for lease_id, _ in promised:
            answer = client.get(server.url, params={"api_key": key, "action": "getStatus", "id": lease_id}).text
            assert answer == "STATUS_WAIT_CODE"
    verified = command("verify", "--data", str(data), check=False)
    assert verified.returncode == 0, verified.stdout


def test_kill_9_in_the_middle_of_load_loses_nothing(key: tuple[Live, str], data: Path) -> None:
    server, api_key = key
    promised: list[tuple[int, int]] = []
    for _ in range(3):
        load = Load(server, api_key)
        load.start()
        assert load.enough.wait(30)
        server.kill()
        load.stop()
        promised += load.leases
        server.start()
    check_books(server, api_key, data, promised)


def test_a_good_stop_answers_everything_that_was_accepted(key: tuple[Live, str], data: Path) -> None:
    server, api_key = key
    load = Load(server, api_key)
    load.start()
    assert load.enough.wait(30)
    assert server.stop() == 0
    load.stop()
    assert load.other == []
    server.start()
    check_books(server, api_key, data, load.leases)


def test_commands_work_on_a_closed_bank_too(key: tuple[Live, str], data: Path) -> None:
    server, _ = key
    assert server.stop() == 0
    assert command("verify", "--data", str(data), check=False).returncode == 0
    assert json.loads(command("customer", "list", "--json", "--data", str(data)).stdout)[0]["name"] == "crash"
    server.start()


def test_a_worker_whose_supervisor_was_killed_ends_itself(key: tuple[Live, str], data: Path) -> None:
    server, api_key = key
    workers = server.workers()
    assert workers
    assert server.process is not None
    server.process.kill()
    server.process.wait(30)
    for worker in workers:
        worker.wait(30)
    server.start()
    assert server.get("getBalance", api_key).startswith("ACCESS_BALANCE:")
