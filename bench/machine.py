"""The machine of a run: temporary folders, a durable cluster, and the servers under test on 127.0.0.1."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import msgspec
import psutil

from bench.harness import BenchError, until
from numbank.db.embedded import EmbeddedServer
from numbank.settings import PREFIX

HOST = "127.0.0.1"
START_LIMIT_S = 60
STOP_LIMIT_S = 30
REPOSITORY = Path(__file__).resolve().parent.parent


class Server(msgspec.Struct):
    """A server process: the supervisor, and the port its one worker serves on."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def worker(self) -> psutil.Process:
        """The worker: the child that is no PostgreSQL."""
        children = psutil.Process(self.process.pid).children()
        workers = [child for child in children if child.name() != "postgres"]
        if len(workers) != 1:
            raise BenchError(f"expected one worker process, found {[child.cmdline() for child in children]}")
        return workers[0]

    def last_word(self) -> str:
        """The last line that it logged."""
        return "".join(self.log.read_text("utf-8", "replace").splitlines()[-1:])


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder that is gone afterwards. As root the database runs as a service user, who has to be able to pass."""
    folder = Path(tempfile.mkdtemp(prefix="numbank-bench-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def cluster(folder: Path) -> Iterator[EmbeddedServer]:
    """The embedded PostgreSQL with its ordinary settings: fsync and synchronous_commit are on."""
    with EmbeddedServer.start(folder / "data", lambda _: None, durable=True) as server:
        yield server


@contextmanager
def serving(what: str, folder: Path, ready: str, **settings: str) -> Iterator[Server]:
    """Run `bench.entry WHAT` with only these settings until the path `ready` answers 200; stop it afterwards."""
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    environment |= {PREFIX + name.upper(): value for name, value in settings.items()}
    environment[f"{PREFIX}LISTEN"] = f"{HOST}:{port}"
    log = folder / f"{what}.log"
    with open(log, "ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.entry", what],
            env=environment, cwd=REPOSITORY, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    server = Server(process, port, log)
    try:
        until(f"the start of {what}", lambda: _answers(server, ready), START_LIMIT_S)
        yield server
    finally:
        _stop(process)


def get(port: int, path: str) -> tuple[int, bytes]:
    """One GET; status and body."""
    connection = HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _answers(server: Server, path: str) -> bool:
    if server.process.poll() is not None:
        raise BenchError(f"{server.log.stem} ended with exit {server.process.returncode}: {server.last_word()}")
    with suppress(OSError, HTTPException):
        return get(server.port, path)[0] == 200
    return False


def free_port() -> int:
    """A port of this machine that nobody uses now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask the supervisor to stop; when it does not, end it and its worker."""
    with suppress(psutil.NoSuchProcess):
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            for child in children:
                with suppress(psutil.NoSuchProcess):
                    child.send_signal(signal.SIGINT if child.name() == "postgres" else signal.SIGKILL)
