"""How the supervisor opens and closes the bank: the port, the signals, the database that dies, several workers."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import asyncpg
import httpx
import pytest
import uvloop
from granian import _signals

from numbank.customers import register
from numbank.db.pg_cluster import Folder
from numbank.db.pg_process import Postmaster
from numbank.errors import OperatorError
from numbank.server import metrics, serve
from numbank.server.listening import listen_address, reserved
from numbank.server.opened import opened
from tests.server.live import NUMBANK, QUICK, Live, command, free_port, get, live
from tests.support import settings_for

SMALL = {"NUMBANK_SANDBOX_COUNTRIES": "0", "NUMBANK_SANDBOX_NUMBERS": "5"}


@pytest.fixture
def place() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="numbank-serving-"))
    folder.chmod(0o755)
    yield folder
    for pid_file in folder.glob("**/pg/cluster/postmaster.pid"):
        os.kill(int(pid_file.read_text().split()[0]), signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


def eventually(condition: Callable[[], bool], within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def alive(data: Path) -> bool:
    return Postmaster.read(Folder.at(data)) is not None


def refused(*arguments: str) -> str:
    done = command("serve", *arguments, check=False)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    return line


@pytest.mark.unit
@pytest.mark.parametrize(
    ("text", "host"),
    [("127.0.0.1:80", "127.0.0.1"), (":80", "0.0.0.0"), ("[::1]:80", "::1"), ("localhost:80", "127.0.0.1")],
)
def test_an_address_is_numeric_whatever_was_given(text: str, host: str) -> None:
    assert listen_address(text) == (host, 80)


@pytest.mark.unit
@pytest.mark.parametrize(
    "text", ["", "nonsense", "h:0", "h:70000", "h:²", "no.such.host.invalid:80", f"{'a' * 70}.b:80"]
)
def test_an_address_that_cannot_be_is_one_line(text: str) -> None:
    with pytest.raises(OperatorError) as error:
        listen_address(text)
    assert "\n" not in str(error.value)


@pytest.mark.unit
def test_a_reserved_port_lets_only_our_workers_in() -> None:
    port = free_port()
    with reserved(f"127.0.0.1:{port}"):
        with pytest.raises(OperatorError, match="another program serves there"), reserved(f"127.0.0.1:{port}"):
            pass
        with socket.socket() as worker:
            worker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            worker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            worker.bind(("127.0.0.1", port))
            worker.listen()
    with reserved(f"127.0.0.1:{port}"):
        pass


@pytest.mark.unit
def test_supervisor_and_workers_mean_the_same_variables() -> None:
    assert metrics.MULTIPROCESS == serve.MULTIPROCESS


@pytest.mark.unit
def test_the_supervisor_loads_no_prometheus_before_it_knows_how_many_workers_there_are() -> None:
    code = "import sys, numbank.cli.main, numbank.server.serve; print('prometheus_client' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


@pytest.mark.slow
def test_a_second_server_on_the_port_is_refused_before_its_database_is_touched(dsn: str, place: Path) -> None:
    with live(["--database-url", dsn]) as server:
        line = refused("--listen", f"127.0.0.1:{server.port}", "--data", str(place / "data"))
        assert "another program serves there" in line
        assert f"0.0.0.0:{server.port}" in refused("--listen", f"0.0.0.0:{server.port}", "--data", str(place / "data"))
        assert not (place / "data").exists()


@pytest.mark.slow
def test_a_stopped_server_can_be_started_again_at_once(dsn: str) -> None:
    with live(["--database-url", dsn]) as server:
        for _ in range(2):
            with httpx.Client() as client:  # its open connection keeps the port in TIME_WAIT
                assert client.get(f"http://127.0.0.1:{server.port}/healthz").status_code == 200
                assert server.stop() == 0
                server.start()


@pytest.mark.slow
def test_addresses_that_cannot_be_had_are_one_line(place: Path) -> None:
    data = ("--data", str(place / "data"))
    assert "no host" in refused("--listen", "no.such.host.invalid:8080", *data)
    assert "cannot listen" in refused("--listen", "192.0.2.1:8080", *data)
    assert not (place / "data").exists()


@pytest.mark.slow
def test_a_data_folder_that_is_a_file_is_one_line(place: Path) -> None:
    (place / "file").touch()
    listen = f"127.0.0.1:{free_port()}"
    assert "is a file, not a folder" in refused("--data", str(place / "file"), "--listen", listen)


@pytest.mark.slow
def test_a_database_that_does_not_exist_is_one_line(dsn: str) -> None:
    nowhere = re.sub(r"@/\w+", "@/nowhere", dsn)
    assert 'database "nowhere" does not exist' in refused(
        "--database-url", nowhere, "--listen", f"127.0.0.1:{free_port()}"
    )


@pytest.mark.slow
def test_metrics_are_those_of_all_workers(dsn: str) -> None:
    with live(["--database-url", dsn, "--workers", "2"]) as server:
        for _ in range(40):  # each on a connection of its own, which the kernel deals out
            assert server.get("getBalance", "0" * 32) == "BAD_KEY"
        url = f"http://127.0.0.1:{server.port}/metrics"
        counted = re.compile(r'^numbank_requests_total\{action="getBalance",refused="BAD_KEY"\} 40\.0$', re.MULTILINE)
        eventually(lambda: counted.search(get(url).text) is not None, 5)


@pytest.mark.slow
def test_a_postgres_that_is_killed_is_started_again_under_the_server(place: Path) -> None:
    data = place / "data"
    with live(["--data", str(data)]) as server:
        made = json.loads(command("customer", "add", "x", "--balance", "5", "--json", "--data", str(data)).stdout)
        assert server.get("getBalance", made["api_key"]) == "ACCESS_BALANCE:5.00"
        first = Postmaster.read(Folder.at(data))
        assert first is not None
        os.kill(first.pid, signal.SIGKILL)
        killed_at = time.monotonic()
        eventually(lambda: server.get("getBalance", made["api_key"]) == "ACCESS_BALANCE:5.00", 10)
        eventually(lambda: Postmaster.read(Folder.at(data)) not in (None, first), 10)
        eventually(lambda: get(f"http://127.0.0.1:{server.port}/readyz").status_code == 200, 10)
        assert time.monotonic() - killed_at < 10
        assert command("verify", "--data", str(data), check=False).returncode == 0
        assert server.stop() == 0
    assert not alive(data)


def start_demo(data: Path, redirect: str = "") -> subprocess.Popen[bytes]:
    line = f"{NUMBANK} demo --data {data} --listen 127.0.0.1:{free_port()} {redirect}"
    return subprocess.Popen(["sh", "-c", line], env=os.environ | QUICK | SMALL, start_new_session=True)


@pytest.mark.slow
def test_a_reader_that_goes_away_leaves_no_postgres(place: Path) -> None:
    data = place / "data"
    assert start_demo(data, "2>&1 | head -3 > /dev/null").wait(60) is not None
    assert (data / "pg" / "cluster").is_dir()
    assert not alive(data)


@pytest.mark.slow
@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGHUP])
def test_a_demo_that_nobody_reads_stops_in_good_order(place: Path, sign: signal.Signals) -> None:
    data = place / "data"
    # Standard error ends after the first line: whatever is said while the bank closes cannot be written.
    demo = start_demo(data, "2>&1 >/dev/null | head -1 > /dev/null")
    eventually(lambda: command("customer", "list", "--data", str(data), check=False).stdout.count("demo") == 1, 60)
    os.killpg(demo.pid, sign)
    demo.wait(30)
    eventually(lambda: not alive(data))


@pytest.mark.unit
@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_between_start_up_and_serving_is_not_lost(monkeypatch: pytest.MonkeyPatch, sign: signal.Signals) -> None:
    """granian runs the loop once to start up and once to serve; a signal may come in between."""
    monkeypatch.setattr(_signals, "set_loop_signals", None)  # put back at the end
    monkeypatch.setattr(serve, "WorkerSignal", HeardSignal)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    opened.set()
    loop = uvloop.new_event_loop()
    try:
        serve.end_while_opening()
        heard: HeardSignal = _signals.set_loop_signals(loop)  # type: ignore[no-untyped-call]
        loop.run_until_complete(asyncio.sleep(0))
        os.kill(os.getpid(), sign)
        loop.run_until_complete(asyncio.sleep(0))
        assert heard.times == 1
    finally:
        opened.clear()
        loop.close()
        for number, handler in before.items():
            signal.signal(number, handler)


@pytest.mark.slow
def test_a_stop_in_the_moment_a_worker_is_made_is_not_lost() -> None:
    """Without holding signals back 19 of 20 do not hear of it."""
    made = subprocess.run([sys.executable, "-m", "tests.server.told_at_birth"], capture_output=True, check=True)
    assert made.stdout == b"0\n"


class HeardSignal:
    """granian's signal to its server, counted."""

    def __init__(self) -> None:
        self.times = 0

    def set(self) -> None:
        """Somebody told the worker to end."""
        self.times += 1


@pytest.mark.slow
def test_a_terminal_that_is_closed_ends_the_bank_in_good_order(place: Path) -> None:
    data = place / "data"
    environment = os.environ | QUICK | SMALL
    arguments = [NUMBANK, "demo", "--data", str(data), "--listen", f"127.0.0.1:{free_port()}"]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(NUMBANK, arguments, environment)
    shown = b""
    while b"Stop it with" not in shown:
        shown += os.read(terminal, 4096)
    assert alive(data)
    os.close(terminal)
    os.waitpid(pid, 0)
    assert not alive(data)


@pytest.mark.slow
@pytest.mark.parametrize("after_s", [0.0, 0.05, 0.2, 0.6, 1.2])
def test_a_signal_while_the_bank_opens_leaves_no_postgres(place: Path, after_s: float) -> None:
    data = place / "data"
    server = Live(["--data", str(data), "--sandbox"])
    with subprocess.Popen(server.arguments, env=os.environ | QUICK, stderr=subprocess.PIPE) as opening:
        eventually(lambda: alive(data))
        time.sleep(after_s)
        opening.send_signal(signal.SIGHUP)  # a closed terminal hangs up twice: kernel and shell
        opening.send_signal(signal.SIGHUP)
        opening.send_signal(signal.SIGTERM)
        said = opening.communicate(timeout=30)[1]
    assert opening.returncode in (0, 128 + signal.SIGHUP)
    assert b"Traceback" not in said
    assert not alive(data)


@pytest.mark.slow
def test_a_second_demo_has_the_same_customer_with_a_fresh_key(place: Path) -> None:
    data = place / "data"
    keys = []
    for _ in range(2):
        line = [NUMBANK, "demo", "--data", str(data), "--listen", f"127.0.0.1:{free_port()}"]
        with subprocess.Popen(
            line, env=os.environ | QUICK | SMALL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as demo:
            assert demo.stdout is not None
            shown = ""
            while "Stop it with" not in shown:
                shown += demo.stdout.readline()
            assert "\x1b" not in shown
            key, url = re.search(r"API key +(\w{32})", shown), re.search(r"URL +(\S+)", shown)
            assert key is not None
            assert url is not None
            keys.append(key[1])
            eventually(partial(answers, url[1], key[1], "ACCESS_BALANCE:100.00"))
            assert len(keys) == 1 or answers(url[1], keys[0], "BAD_KEY")
            demo.terminate()
    (customer,) = json.loads(command("customer", "list", "--json", "--data", str(data)).stdout)
    assert (customer["name"], customer["keys"]) == ("demo", 1)


def answers(url: str, key: str, word: str) -> bool:
    try:
        return get(url, params={"api_key": key, "action": "getBalance"}).text == word
    except httpx.TransportError:
        return False


def silent(_line: str) -> None:
    """What nobody needs to read."""


async def test_only_opening_the_bank_switches_the_simulator(empty_dsn: str) -> None:
    small: dict[str, object] = {"sandbox_countries": "0", "sandbox_numbers": 5}
    state = "select s.active, v.value from supplier s, version v where s.name = 'simulator' and v.topic = 'catalogue'"

    async def looked_up() -> tuple[bool, int]:
        connection = await asyncpg.connect(empty_dsn)
        try:
            ((active, version),) = await connection.fetch(state)
        finally:
            await connection.close()
        return active, version

    await serve.prepare(settings_for(empty_dsn, sandbox=True, **small), silent)
    active, version = await looked_up()
    assert active
    await serve.upgrade(settings_for(empty_dsn), silent)
    active, newer = await looked_up()
    assert active
    assert newer > version
    await serve.prepare(settings_for(empty_dsn), silent)
    assert not (await looked_up())[0]


async def test_a_bank_with_accounts_in_another_currency_is_not_opened(empty_dsn: str) -> None:
    await serve.prepare(settings_for(empty_dsn, currency=643), silent)
    connection = await asyncpg.connect(empty_dsn)
    try:
        async with connection.transaction():
            await register.add(connection, "x", currency=643, balance=0)
    finally:
        await connection.close()
    await serve.prepare(settings_for(empty_dsn, currency=643), silent)
    with pytest.raises(OperatorError, match="NUMBANK_CURRENCY=840: this bank has accounts in currency 643"):
        await serve.prepare(settings_for(empty_dsn, currency=840), silent)


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        (
            "transcriber",
            "nosuchprogram -q",
            "NUMBANK_TRANSCRIBER='nosuchprogram -q': there is no program 'nosuchprogram'",
        ),
        ("recording_ports", "nonsense", "NUMBANK_RECORDING_PORTS='nonsense': expected ports"),
        ("recording_allow", "nonsense", "NUMBANK_RECORDING_ALLOW='nonsense': expected networks"),
        ("hook_ports", "nonsense", "NUMBANK_HOOK_PORTS='nonsense'"),
        ("hook_allow", "nonsense", "NUMBANK_HOOK_ALLOW='nonsense'"),
    ],
)
async def test_a_setting_that_no_worker_could_use_is_said_before_they_start(
    empty_dsn: str, setting: str, value: str, said: str
) -> None:
    with pytest.raises(OperatorError, match=said):
        await serve.prepare(settings_for(empty_dsn, **{setting: value}), silent)


@pytest.mark.unit
def test_a_worker_that_shall_end_before_it_began_ends_at_once() -> None:
    server = serve.granian_for("numbank.server.app:create", settings_for("postgresql:///nowhere"))
    worker = os.fork()
    if worker == 0:
        server.signal_handler_interrupt(signal.SIGTERM, None)  # type: ignore[no-untyped-call]
        os._exit(0)  # granian's own handler would have come here, and the worker would have gone on
    assert os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]) == 128 + signal.SIGTERM


@pytest.mark.unit
def test_a_worker_that_is_told_to_end_while_it_opens_ends_at_once() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.server.never_opens", str(free_port())],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as bank:
        assert bank.stdout is not None
        assert bank.stdout.readline() == "opening\n"
        os.killpg(bank.pid, signal.SIGTERM)
        begin = time.monotonic()
        bank.wait(timeout=30)
        assert time.monotonic() - begin < 5  # the supervisor kills a worker that hangs only after 20 s
