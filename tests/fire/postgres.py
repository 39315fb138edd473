"""A PostgreSQL of our own beside the bank's: made by initdb of the wheel or of Debian, killed, promoted, filled up."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import asyncpg
import psutil

from numbank.db.pg_account import Account, account_for
from numbank.db.pg_binaries import binaries
from tests.server.live import free_port

HOST = "127.0.0.1"
USER = "postgres"
SETTINGS = {
    "listen_addresses": HOST, "max_connections": 200, "shared_buffers": "64MB", "jit": "off", "log_statement": "none",
    "wal_level": "replica", "max_wal_senders": 8, "hot_standby": "on", "log_error_verbosity": "terse",
    "log_min_error_statement": "panic", "wal_sender_timeout": "2s", "wal_receiver_timeout": "2s",
    "wal_retrieve_retry_interval": "200ms",
}  # fmt: skip


def own_folder(prefix: str) -> Path:
    """A fresh folder under /tmp that the service user may pass."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    folder.chmod(0o755)
    return folder


def signal_tree(pid: int, sign: int) -> None:
    """A signal for a process and its descendants, the parent first, so that it starts nobody anew."""
    parent = psutil.Process(pid)
    for process in [parent, *parent.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(sign)


class Cluster:
    """One PostgreSQL on a TCP port. `folder` is where its data is; it belongs to the user who runs it."""

    def __init__(self, folder: Path, port: int | None = None, **settings: object) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.port = port or free_port()
        self.settings = SETTINGS | settings
        self._account: Account = account_for(folder, folder / "none")
        self._process: subprocess.Popen[bytes] | None = None
        if self._account.switch:
            os.chown(folder, self._account.uid, self._account.gid)

    @property
    def dsn(self) -> str:
        """The address of the bank's database."""
        return f"postgresql://{USER}@{HOST}:{self.port}/bank"

    def _run(self, *argv: str | Path) -> None:
        with self._account.popen(argv, subprocess.PIPE) as running:
            said = running.communicate()[0]
        if running.returncode:
            raise AssertionError(f"{argv[0]} failed: {said.decode(errors='replace')}")

    def create(self) -> None:
        """initdb, start, and the bank's database."""
        locale = ["--encoding", "UTF8", "--no-locale", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"]
        self._run(binaries() / "initdb", "-D", self.data, "-U", USER, "--auth", "trust", "--no-sync", *locale)
        with (self.data / "pg_hba.conf").open("a") as hba:
            hba.write(f"host replication all {HOST}/32 trust\n")
        self.start()
        self._run(binaries() / "psql", "-h", HOST, "-p", str(self.port), "-U", USER, "-c", "create database bank")

    def copy_of(self, primary: Cluster, name: str) -> None:
        """Become a standby of `primary` (pg_basebackup of the wheel), streaming under this name."""
        source = f"host={HOST} port={primary.port} user={USER} application_name={name}"
        self._run(binaries() / "pg_basebackup", "-D", self.data, "-d", source, "-R", "-X", "stream", "-c", "fast")
        self.start()

    def start(self, timeout_s: float = 60.0) -> None:
        """Start and wait until it answers, through recovery if need be."""
        options = [f"{name}={value}" for name, value in (self.settings | {"port": self.port}).items()]
        sockets = ["-c", f"unix_socket_directories={self.folder}"]
        argv: list[str | Path] = [
            binaries() / "postgres",
            "-D",
            self.data,
            *sockets,
            *(word for one in options for word in ("-c", one)),
        ]
        with (self.folder / "log").open("ab") as log:
            self._process = self._account.popen(argv, log, new_session=True)
        deadline = time.monotonic() + timeout_s
        while not self.answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"PostgreSQL did not start: {self.last_words()}")
            time.sleep(0.02)

    def answers(self) -> bool:
        """Whether it accepts connections."""
        probe: list[str | Path] = [binaries() / "pg_isready", "-q", "-h", HOST, "-p", str(self.port)]
        return subprocess.run(probe, check=False).returncode == 0

    def last_words(self) -> str:
        """The end of its log."""
        return (self.folder / "log").read_text(errors="replace")[-800:]

    def send(self, sign: int) -> None:
        """A signal for the postmaster."""
        assert self._process is not None
        self._process.send_signal(sign)

    def stop(self, sign: int = signal.SIGINT) -> None:
        """Stop (SIGINT: fast, SIGQUIT: immediate) and wait until it is gone."""
        if self._process is not None:
            self._process.send_signal(sign)
            self._process.wait(60)
            self._process = None

    def kill(self) -> None:
        """kill -9 of the postmaster and of all its processes, as a power cut would do it."""
        assert self._process is not None
        self.everybody(signal.SIGKILL)
        self._process.wait(60)
        self._process = None

    def everybody(self, sign: int) -> None:
        """A signal for every process of this server; each has a session of its own."""
        assert self._process is not None
        signal_tree(self._process.pid, sign)

    def promote(self) -> None:
        """From now on this is the primary."""
        self._run(binaries() / "pg_ctl", "promote", "-D", self.data, "-w")

    @property
    def runs(self) -> bool:
        """Whether the postmaster lives."""
        return self._process is not None and self._process.poll() is None

    def ask(self, sql: str) -> object:
        """One value, asked as superuser."""

        async def once() -> object:
            connection = await asyncpg.connect(self.dsn, timeout=10)
            try:
                return await connection.fetchval(sql)
            finally:
                await connection.close()

        return asyncio.run(once())

    def remove(self) -> None:
        """Stop it at once and remove everything."""
        if self.runs:
            self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)
