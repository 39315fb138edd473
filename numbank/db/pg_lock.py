"""The supervisor's lock on a data folder: one PostgreSQL on a folder has one numbank that cares for it."""

import fcntl
import os
import time

from numbank.db.pg_cluster import Folder
from numbank.db.pg_errors import AlreadyServed

# A killed supervisor's workers hold the lock until they notice, and `holder` holds it for an instant.
PATIENCE_S = 2.0


def take(folder: Folder) -> int:
    """Take the lock. The kernel frees it with the process and those it forked; the pid in the file is for people."""
    lock = os.open(_path(folder), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() < deadline:
                time.sleep(0.05)
                continue
            pid = _pid(lock)
            os.close(lock)
            raise AlreadyServed(f"{folder.data} is already served by another numbank (pid {pid})") from None
    if os.geteuid() == 0:  # root once must not lock the folder's owner out for ever
        os.fchown(lock, folder.data.stat().st_uid, -1)
    os.ftruncate(lock, 0)
    os.write(lock, f"{os.getpid()}\n".encode())
    return lock


def holder(folder: Folder) -> str | None:
    """The pid of the numbank that holds the lock, None when nobody does."""
    try:
        lock = os.open(_path(folder), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _pid(lock)
    finally:
        os.close(lock)
    return None


def _path(folder: Folder) -> str:
    return os.fspath(folder.data / "serve.lock")


def _pid(lock: int) -> str:
    return os.read(lock, 20).decode("ascii", "replace").strip() or "unknown"
