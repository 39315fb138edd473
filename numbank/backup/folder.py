"""The folder of a backup: written under another name, checked, made safe on the disk, and only then given its own."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from numbank.backup.manifest import DUMP, NAME, BadBackup, File, Manifest, decode
from numbank.errors import OperatorError

# What a backup is called until it is whole.
UNFINISHED = ".unfinished"
LOCK = "lock"
CHUNK = 1 << 20

Counted = Callable[[int], None]


class Unfinished:
    """A backup that is being written; its lock is inherited by pg_dump, so that it lasts as long as somebody writes."""

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self.lock = lock

    @property
    def dump(self) -> Path:
        """Where pg_dump writes; it makes this folder itself."""
        return self.path / DUMP

    def size(self) -> int:
        """Bytes written so far."""
        total = 0
        for entry in os.scandir(self.dump) if self.dump.is_dir() else ():
            total += entry.stat().st_size
        return total

    def finish(self, manifest: bytes, final: Path) -> None:
        """Everything onto the disk, the manifest last, and then the name."""
        with (self.path / NAME).open("wb") as file:
            file.write(manifest)
        (self.path / LOCK).unlink()
        for path in (*self.dump.iterdir(), self.dump, self.path / NAME, self.path):
            _sync(path)
        refuse_taken(final)
        self.path.rename(final)
        _sync(final.parent)


def refuse_taken(final: Path) -> None:
    """Never write over anything."""
    if final.is_symlink() or final.exists():
        raise OperatorError(f"{final} is there already: a backup never overwrites anything, give another name")


@contextmanager
def unfinished(final: Path, say: Callable[[str], None]) -> Iterator[Unfinished]:
    """A folder beside the final one, locked; removed again when what is done in it fails."""
    refuse_taken(final)
    path = final.with_name(final.name + UNFINISHED)
    try:
        if not final.parent.is_dir():  # made now, it would fill the disk on which the right one is not mounted
            raise OperatorError(f"there is no folder {final.parent}: is its disk mounted? no backup was made")
        if path.exists():
            with _locked(path):
                say(f"removing {path}, which a backup left that was cut short")
                shutil.rmtree(path)
        path.mkdir(mode=0o700)
    except OSError as error:
        raise OperatorError(f"{error.filename or final}: {error.strerror}: no backup was made") from None
    with _locked(path) as lock:
        try:
            yield Unfinished(path, lock)
        except BaseException as error:
            shutil.rmtree(path, ignore_errors=True)
            if isinstance(error, OSError) and not isinstance(error, ConnectionError | TimeoutError):
                raise OperatorError(f"{error.filename or final}: {error.strerror}: no backup was made") from None
            raise


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    handle = os.open(path / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OperatorError(
                f"{path} is being written by another backup: wait for it, or give another name"
            ) from None
        yield handle
    finally:
        os.close(handle)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a backup; BadBackup when there is none."""
    if folder.name.endswith(UNFINISHED):
        raise BadBackup(f"{folder} is a backup that was never finished")
    try:
        return decode((folder / NAME).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise BadBackup(f"{folder} is no backup of numbank: there is no {NAME} in it") from None


def files_of(folder: Path, counted: Counted) -> dict[str, File]:
    """The files of a dump with their checksums; `counted` is told how many bytes were read."""
    dump = folder / DUMP
    found = {}
    for path in sorted(dump.iterdir()) if dump.is_dir() else ():
        digest, size = hashlib.sha256(), 0
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
                counted(len(chunk))
        found[path.name] = File(size, digest.hexdigest())
    return found


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
