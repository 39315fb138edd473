"""The PostgreSQL that comes along: one supervisor starts, adopts and stops it on a folder; everybody else attaches.

The supervisor (`numbank serve`, or a command that finds no server) holds `serve.lock`. When it is killed, PostgreSQL
goes on, and the next supervisor adopts it. Everything the operator has to know comes as one line of an EmbeddedError.
"""

import fcntl
import os
import shlex
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from numbank.db.pg_account import account_for
from numbank.db.pg_binaries import MAJOR, binaries
from numbank.db.pg_cluster import Folder, check_version, close_sockets, create
from numbank.db.pg_errors import AlreadyServed, EmbeddedError, NotPermitted, NotRunning, StartFailed, WrongVersion
from numbank.db.pg_launch import adopt, check_identity, launch, prepare
from numbank.db.pg_process import Postmaster, accepts, command
from numbank.db.pg_wait import Say, is_gone, wait_until

__all__ = [
    "AlreadyServed",
    "EmbeddedError",
    "EmbeddedServer",
    "NotPermitted",
    "NotRunning",
    "StartFailed",
    "WrongVersion",
    "attach",
    "binaries",
]


class EmbeddedServer:
    """A running PostgreSQL under this process's care. Made by `start`; `stop` it, or use it in a `with`."""

    def __init__(self, folder: Folder, pid: int, gone: Callable[[], bool], lock: int, say: Say) -> None:
        self.dsn = folder.dsn()
        self.pid = pid
        self._folder = folder
        self._gone = gone
        self._lock: int | None = lock
        self._say = say

    @classmethod
    def start(cls, data_dir: Path, say: Say, *, shared_buffers: str = "256MB", durable: bool = True) -> Self:
        """Serve this folder: make the cluster if there is none, then adopt the PostgreSQL that runs on it or start one.

        `durable=False` is for the clusters of tests: no fsync anywhere, a power cut may destroy them.
        """
        folder = Folder.at(data_dir)
        with _one_line(folder):
            # For root others must be able to pass (the service user does); nobody but the owner needs to list it.
            folder.data.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
            lock = _take_lock(folder)
            try:
                account = account_for(folder.data, folder.home)
                account.check_reach(folder.data)
                if not folder.home.exists():
                    create(folder, account, say, durable=durable)
                check_version(folder)
                began = time.monotonic()
                adopted = adopt(folder, say)
                if adopted is not None:
                    say(f"taking over the PostgreSQL that runs on {folder.data} (pid {adopted.pid})")
                    prepare(folder)
                    return cls(folder, adopted.pid, lambda: is_gone(adopted), lock, say)
                argv = command(folder, shared_buffers=shared_buffers, durable=durable)
                child = launch(folder, account, argv, say)
                say(f"PostgreSQL {MAJOR} is up after {time.monotonic() - began:.1f} s")
                return cls(folder, child.pid, lambda: child.poll() is not None, lock, say)
            except BaseException:
                os.close(lock)
                raise

    def running(self) -> bool:
        """Tell whether PostgreSQL still lives; a supervisor that sees it dead stops, and starts again."""
        return not self._gone()

    def stop(self) -> None:
        """Shut PostgreSQL down (fast: open transactions roll back), wait until it is gone, give the folder free."""
        if self._lock is None:
            return
        try:
            if self.running():
                self._say("stopping PostgreSQL")
                with suppress(ProcessLookupError):  # it died by itself just now: what we want
                    os.kill(self.pid, signal.SIGINT)
                wait_until(self._gone, self._say, lambda: f"PostgreSQL is writing everything to disk (pid {self.pid})")
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
    """Return the address of the server that is running on this folder, or raise NotRunning."""
    folder = Folder.at(data_dir)
    with _one_line(folder):
        answer = 2 if Postmaster.read(folder) is None else accepts(folder)
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
    except OSError as error:
        raise EmbeddedError(f"{error.filename or folder.data}: {error.strerror}") from error


def _take_lock(folder: Folder) -> int:
    """Take the supervisor's lock. The kernel frees it with the process and those it forked; the pid is for people."""
    path = folder.data / "serve.lock"
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.read(lock, 20).decode("ascii", "replace").strip() or "unknown"
        os.close(lock)
        raise AlreadyServed(f"{folder.data} is already served by another numbank (pid {pid})") from None
    if os.geteuid() == 0:  # root once must not lock the folder's owner out for ever
        os.fchown(lock, folder.data.stat().st_uid, -1)
    os.ftruncate(lock, 0)
    os.write(lock, f"{os.getpid()}\n".encode())
    return lock
