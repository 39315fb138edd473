"""The key file: seals secrets that must be sent again, so that a copy of the database alone gives none away.

The file holds one key per line; the first seals, all of them open. So a key is changed without a pause: a new one that only
opens, then it comes first and everything is sealed again, then the old ones go (`numbank secrets rotate`). Keys that have
sealed before stand under a line that says so: none of them is taken for a new one when a rotation is run again.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from numbank.errors import OperatorError

FILE_NAME = "secrets.key"
HEADER = (
    "# Seals the secrets in numbank's database. Keep a copy apart from the database's; every node needs the same.\n"
)
OLD_KEYS = "# The keys below sealed before this one: `numbank secrets rotate --drop-old` takes them out.\n"


class WrongSeal(OperatorError):  # noqa: N818  an expected "no"
    """A secret was sealed with a key that is not in the key file."""


class KeyFile:
    """Seals and opens with the keys of a file."""

    def __init__(self, path: Path, keys: list[Fernet], read_at_ns: int) -> None:
        self.path = path
        self._each = keys
        self._keys = MultiFernet(keys)
        self._read_at_ns = read_at_ns
        self.count = len(keys)

    @classmethod
    def read(cls, path: Path) -> KeyFile:
        """Read a key file; OperatorError when it is missing, open to others, or holds no key."""
        try:
            with path.open("r", encoding="ascii") as file:
                status = os.fstat(file.fileno())
                lines = [line.strip() for line in file]
        except FileNotFoundError:
            raise OperatorError(f"the key file {path} is missing: copy it from another node or a backup") from None
        except (OSError, UnicodeDecodeError) as error:
            raise OperatorError(f"the key file {path} cannot be read ({type(error).__name__})") from None
        if stat.S_IMODE(status.st_mode) & 0o077:
            raise OperatorError(f"the key file {path} is open to others: chmod 600 it")
        try:
            keys = [Fernet(line) for line in lines if line and not line.startswith("#")]
        except ValueError:
            raise OperatorError(f"the key file {path} has a line that is no key") from None
        if not keys:
            raise OperatorError(f"the key file {path} holds no key")
        return cls(path, keys, status.st_mtime_ns)

    @property
    def stale(self) -> bool:
        """Whether the file changed since it was read."""
        try:
            return self.path.stat().st_mtime_ns != self._read_at_ns
        except OSError:
            return False

    def seal(self, text: str) -> bytes:
        """A text that only this file's keys open."""
        return self._keys.encrypt(text.encode())

    def open(self, sealed: bytes) -> str:
        """The text; WrongSeal when none of the keys is the one that sealed it."""
        try:
            return self._keys.decrypt(sealed).decode()
        except InvalidToken:
            raise self._wrong() from None

    def like(self, sealed: bytes) -> KeyFile:
        """These keys with the one first that sealed this; WrongSeal when none of them did."""
        for one in self._each:
            with suppress(InvalidToken):
                one.decrypt(sealed)
                return KeyFile(self.path, [one, *(other for other in self._each if other is not one)], self._read_at_ns)
        raise self._wrong()

    def _wrong(self) -> WrongSeal:
        return WrongSeal(f"the key file {self.path} is not the one that sealed this bank's secrets")


def create(path: Path) -> None:
    """A new key file, for its owner only; one that is there already stays as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = _written(path, [Fernet.generate_key().decode()])
    try:
        _give(fresh, path.parent)
        os.link(fresh, path)  # whole or not at all, and never over another one
    except FileExistsError:
        return
    finally:
        fresh.unlink()


def append_key(path: Path) -> None:
    """Put a new key behind the others: it opens, and seals nothing yet. Then the file can be copied to every node."""
    _rewrite(path, lambda keys, old: ([*keys, Fernet.generate_key().decode()], old))


def promote_key(path: Path) -> None:
    """Let the key that was prepared last seal from now on, the others still open; without one all stays as it is."""
    _rewrite(path, lambda keys, old: (keys[-1:], [*keys[:-1], *old]))


def drop_old_keys(path: Path) -> int:
    """Take all keys but the first out; gives how many. Only after everything was sealed again."""
    dropped = 0

    def first(keys: list[str], old: list[str]) -> tuple[list[str], list[str]]:
        nonlocal dropped
        dropped = len(keys) + len(old) - 1
        return keys[:1], []

    _rewrite(path, first)
    return dropped


def _rewrite(path: Path, change: Callable[[list[str], list[str]], tuple[list[str], list[str]]]) -> None:
    """Replace the file in one step: a crash leaves the old one or the new one, never half of one. `change` is given, and
    gives, the sealing key with those that are prepared, and the old ones."""
    above, _, below = path.read_text("ascii").partition(OLD_KEYS)
    keys, old = _keys(above), _keys(below)
    if not keys:  # moved about by hand: the first key seals, wherever it stands
        keys, old = old, []
    fresh = _written(path, *change(keys, old))
    _give(fresh, path)
    fresh.replace(path)


def _keys(text: str) -> list[str]:
    return [key for line in text.splitlines() if (key := line.strip()) and not key.startswith("#")]


def _give(fresh: Path, to_owner_of: Path) -> None:
    """What root makes belongs to whose files these are: the bank runs as somebody else."""
    if os.geteuid() == 0:
        status = to_owner_of.stat()
        os.chown(fresh, status.st_uid, status.st_gid)


def _written(path: Path, keys: list[str], old: Sequence[str] = ()) -> Path:
    """A file beside `path` with these keys, safe on the disk."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(HEADER + "".join(key + "\n" for key in keys))
        if old:
            file.write(OLD_KEYS + "".join(key + "\n" for key in old))
        file.flush()
        os.fsync(file.fileno())
    return fresh
