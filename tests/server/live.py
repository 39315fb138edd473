"""A real server in processes of its own, as an operator starts it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.server import forked

NUMBANK = str(Path(sys.executable).parent / "numbank")
QUICK = {
    "NUMBANK_SWEEP_EVERY_S": "0.05", "NUMBANK_STOCK_FOLD_S": "0.05", "NUMBANK_VERSION_POLL_S": "0.05",
    "NUMBANK_LOG_LEVEL": "warning", "NUMBANK_ACCESS_LOG": "none",
}  # fmt: skip


def get(url: str, **more: Any) -> httpx.Response:
    """One GET over a connection of its own. No certificates are loaded for it: that takes 20 ms of every call's time."""
    return httpx.get(url, verify=False, **more)


def free_port() -> int:
    """A port of this machine that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Live:
    """A running `numbank serve`."""

    def __init__(self, arguments: list[str], **environment: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/stubs/handler_api.php"
        self.arguments = [NUMBANK, "serve", "--listen", f"127.0.0.1:{self.port}", *arguments]
        self._environment = os.environ | QUICK | environment
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, timeout_s: float = 60.0) -> None:
        """Start and wait until it is ready."""
        self.process = subprocess.Popen(self.arguments, env=self._environment, start_new_session=True)
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}")
            try:
                if get(f"http://127.0.0.1:{self.port}/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.02)
        raise AssertionError("the server never became ready")

    def workers(self) -> list[psutil.Process]:
        """The worker processes."""
        assert self.process is not None
        children = psutil.Process(self.process.pid).children()
        return [child for child in children if "postgres" not in child.name()]

    def get(self, action: str, key: str, **params: str) -> str:
        """One call of the wire."""
        return get(self.url, params={"api_key": key, "action": action} | params).text

    def stop(self, sign: int = signal.SIGTERM) -> int:
        """Stop in good order and give the exit code."""
        assert self.process is not None
        self.process.send_signal(sign)
        return self.process.wait(60)

    def kill(self) -> None:
        """kill -9 of the supervisor and its workers, at once."""
        assert self.process is not None
        victims = [self.process.pid, *(worker.pid for worker in self.workers())]
        for pid in victims:
            os.kill(pid, signal.SIGKILL)
        self.process.wait(60)


@contextmanager
def live(arguments: list[str], **environment: str) -> Iterator[Live]:
    """A server for as long as this lasts."""
    server = Live(arguments, **environment)
    server.start()
    try:
        yield server
    finally:
        if server.process is not None and server.process.poll() is None:
            server.stop()


def command(
    *arguments: str | Path, check: bool = True, stdin: str | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a numbank command."""
    line = [NUMBANK, *map(str, arguments)]
    done = forked.run(line, os.environ | QUICK | environment, stdin=stdin or "", timeout_s=120)
    assert not check or done.returncode == 0, done.stderr + done.stdout
    return done
