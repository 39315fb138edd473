"""The PostgreSQL that comes along: one supervisor starts, adopts and stops it on a folder; everybody else attaches.

The supervisor (`numbank serve`, or a command that finds no server) holds `serve.lock`. When it is killed, PostgreSQL
goes on, and the next supervisor adopts it. When PostgreSQL is killed, a supervisor that watches it starts it again on
the same address. Everything the operator has to know comes as one line of an EmbeddedError.
"""

import os
import shlex
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from numbank.db import pg_lock, unfinished
from numbank.db.pg_account import account_for
from numbank.db.pg_binaries import MAJOR, binaries
from numbank.db.pg_cluster import Folder, check_version, close_sockets, create
from numbank.db.pg_errors import (
    AlreadyServed,
    BeingStarted,
    EmbeddedError,
    NotPermitted,
    NotRunning,
    StartFailed,
    WrongVersion,
)
from numbank.db.pg_launch import adopt, check_identity, launch, prepare
from numbank.db.pg_process import Postmaster, accepts, command
from numbank.db.pg_wait import Say, is_gone, unfailing, wait_until

__all__ = [
    "AlreadyServed",
    "BeingStarted",
    "EmbeddedError",
    "EmbeddedServer",
    "NotPermitted",
    "NotRunning",
    "StartFailed",
    "WrongVersion",
    "attach",
    "binaries",
]

LOOK_EVERY_S = 0.25
RETRY_S = 5.0


class EmbeddedServer:
    """A running PostgreSQL under this process's care. Made by `start`; `stop` it, or use it in a `with`."""

    pid: int
    _gone: Callable[[], bool]

    def __init__(self, folder: Folder, lock: int, say: Say, *, shared_buffers: str, durable: bool) -> None:
        self.dsn = folder.dsn()
        self._folder = folder
        self._lock: int | None = lock
        self._say = say
        self._command = command(folder, shared_buffers=shared_buffers, durable=durable)
        self._stopping = threading.Event()
        self._watcher: threading.Thread | None = None

    @classmethod
    def start(cls, data_dir: Path, say: Say, *, shared_buffers: str = "256MB", durable: bool = True) -> Self:
        """Serve this folder: make the cluster if there is none, then adopt the PostgreSQL that runs on it or start one.

        `durable=False` is for the clusters of tests: no fsync anywhere, a power cut may destroy them.
        """
        folder, say = Folder.at(data_dir), unfailing(say)
        with _one_line(folder):
            # For root others must be able to pass (the service user does); nobody but the owner needs to list it.
            folder.data.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
            lock = pg_lock.take(folder)
            try:
                if not folder.home.exists():
                    unfinished.refuse_folder(folder.data)
                    account = account_for(folder.data, folder.home)
                    account.check_reach(folder.data)
                    create(folder, account, say, durable=durable)
                server = cls(folder, lock, say, shared_buffers=shared_buffers, durable=durable)
                server._bring_up()
            except BaseException:
                os.close(lock)
                raise
        return server

    def _bring_up(self) -> None:
        """Adopt the PostgreSQL that runs on the folder, or start one."""
        folder, say = self._folder, self._say
        account = account_for(folder.data, folder.home)
        account.check_reach(folder.data)
        check_version(folder)
        began = time.monotonic()
        adopted = adopt(folder, say)
        if adopted is not None:
            say(f"taking over the PostgreSQL that runs on {folder.data} (pid {adopted.pid})")
            prepare(folder)
            self.pid, self._gone = adopted.pid, lambda: is_gone(adopted)
            return
        child = launch(folder, account, self._command, say)
        say(f"PostgreSQL {MAJOR} is up after {time.monotonic() - began:.1f} s")
        self.pid, self._gone = child.pid, lambda: child.poll() is not None

    def running(self) -> bool:
        """Tell whether PostgreSQL still lives."""
        return not self._gone()

    def watch(self) -> None:
        """From now on start PostgreSQL again when it dies; the lock, the address and the data stay the same."""
        self._watcher = threading.Thread(target=self._watch, name="postgresql-watcher", daemon=True)
        self._watcher.start()

    def _watch(self) -> None:
        while not self._stopping.wait(LOOK_EVERY_S):
            if self.running():
                continue
            self._say(f"PostgreSQL (pid {self.pid}) died: starting it again")
            try:
                with _one_line(self._folder):
                    self._bring_up()
            except Exception as error:  # whatever it is: a watcher that ends watches nothing any more
                self._say(f"PostgreSQL does not start, next try in {RETRY_S:.0f} s: {error}")
                self._stopping.wait(RETRY_S)

    def stop(self) -> None:
        """Shut PostgreSQL down (fast: open transactions roll back), wait until it is gone, give the folder free."""
        if self._lock is None:
            return
        try:
            self._stopping.set()
            if self._watcher is not None:
                self._watcher.join()  # one that is just starting it finishes first, so that it is known what to stop
            if self.running():
                self._say("stopping PostgreSQL")
                with suppress(ProcessLookupError):  # it died by itself just now: what we want
                    os.kill(self.pid, signal.SIGINT)
                text = f"PostgreSQL is writing everything to disk (pid {self.pid})"
                wait_until(self._gone, self._say, lambda: text, whatever_comes=True)
                self._say("PostgreSQL has stopped")
            close_sockets(self._folder)
        finally:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def attach(data_dir: Path) -> str:
    """Return the address of the server that is running on this folder; NotRunning, or BeingStarted by its supervisor."""
    folder = Folder.at(data_dir)
    with _one_line(folder):
        answer = 2 if Postmaster.read(folder) is None else accepts(folder)
        if answer != 0:
            supervisor = pg_lock.holder(folder)
            if supervisor is not None:
                raise BeingStarted(
                    f"the database of {folder.data} is down; numbank (pid {supervisor}) is starting it again, or closes the"
                    " bank: try again in a moment"
                )
        if answer == 1:
            raise NotRunning(f"PostgreSQL on {folder.data} is just starting or stopping: try again in a moment")
        if answer != 0:
            raise NotRunning(
                f"no bank is open on {folder.data}: run `numbank serve --data {shlex.quote(str(data_dir))}`"
            )
        check_identity(folder)
    return folder.dsn()


@contextmanager
def _one_line(folder: Folder) -> Iterator[None]:
    """Turn what the system refuses (rights, a full disk, a file in the way) into a line for the operator."""
    try:
        yield
    except PermissionError as error:
        raise NotPermitted(
            f"{error.filename or folder.data}: {error.strerror}; run numbank as the owner of {folder.data} or as root"
        ) from error
    except (FileExistsError, NotADirectoryError) as error:
        raise EmbeddedError(f"{folder.data} is a file, not a folder, or lies in one") from error
    except OSError as error:
        raise EmbeddedError(f"{error.filename or folder.data}: {error.strerror}") from error
