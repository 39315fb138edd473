"""What a backup says of itself: what it is of, what it must hold, and whether this numbank can take it. No I/O."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from numbank.errors import OperatorError

NAME = "manifest.json"
DUMP = "dump"
FORMAT = 1
# The field with the digest of all others.
DIGEST = "sha256"
# From this version on the programs of PostgreSQL set `transaction_timeout`, which older servers refuse.
TIMEOUT_SINCE = 17
# From this version on pg_dump knows several ways to compress.
METHODS_SINCE = 16


class BadBackup(OperatorError):  # noqa: N818  the name says the case
    """A backup that is damaged, not finished, or not for this numbank."""


class File(msgspec.Struct, frozen=True):
    """A file of the dump: its size and the SHA-256 of its bytes, in hex."""

    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of a backup.

    `as_of` is the moment that it shows: what was committed before is in it. `oldest_code` is the newest migration that code
    must know to use it. `rows` has every table that is no partition. `role_settings` are those of the bank's role in its
    database (`name=value`). `seal` is the SHA-256 of the check value that the key file opens; empty: nothing is sealed.
    """

    format: int = FORMAT
    numbank: str
    as_of: datetime
    finished_at: datetime
    server: int
    tool: int
    migration: int
    oldest_code: int
    rows: dict[str, int]
    files: dict[str, File]
    role_settings: list[str]
    seal: str

    @property
    def bytes(self) -> int:
        """How large the dump is."""
        return sum(file.size for file in self.files.values())


def encode(manifest: Manifest) -> bytes:
    """The text of a manifest, with a digest of what it says: proof of damage, not of forgery, for anybody can make one."""
    told = msgspec.to_builtins(manifest)
    return msgspec.json.format(msgspec.json.encode(told | {DIGEST: _digest(told)})) + b"\n"


def _digest(told: Mapping[str, object]) -> str:
    """SHA-256 of all fields, also of those that only another numbank knows, in hex."""
    return hashlib.sha256(msgspec.json.encode(told, order="sorted")).hexdigest()


def decode(text: bytes) -> Manifest:
    """Read a manifest; BadBackup when it is none, or one of a later form."""
    try:
        told = msgspec.json.decode(text, type=dict[str, Any])
        form, digest = told.get("format"), told.pop(DIGEST, None)
        if isinstance(form, int) and form > FORMAT:
            raise BadBackup("the backup was made by a newer numbank, in a form that this one does not know")
        if digest != _digest(told):
            raise BadBackup(f"{NAME} of the backup is damaged: its checksum differs")
        return msgspec.convert(told, Manifest)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
        raise BadBackup(f"{NAME} of the backup is damaged") from None


def check_code(manifest: Manifest, newest: int) -> None:
    """Refuse a backup that this code is too old for; `newest` is the newest migration that it knows."""
    if manifest.oldest_code > newest:
        raise BadBackup(
            f"the backup is at migration {manifest.migration} (numbank {manifest.numbank}) and needs code that knows at"
            f" least migration {manifest.oldest_code}; this numbank knows {newest}: install a newer numbank"
        )


def check_server(manifest: Manifest, server: int) -> None:
    """Refuse a server that is older than the one that the backup is of."""
    if server < manifest.server:
        raise BadBackup(
            f"the backup is of PostgreSQL {manifest.server}, and the server is {server}:"
            f" restore it into {manifest.server} or newer"
        )


def fits(tool: int, server: int, dumped_by: int = 0) -> bool:
    """Whether pg_restore of one major version can fill a server with what `dumped_by` wrote; 0: pg_dump itself."""
    if not dumped_by:
        return tool >= server
    return tool >= dumped_by and (server >= TIMEOUT_SINCE or tool < TIMEOUT_SINCE)


def compression(wanted: str, tool: int) -> str:
    """How a pg_dump of this version is told to compress; before METHODS_SINCE it knows gzip only, by its level."""
    if tool >= METHODS_SINCE:
        return wanted
    method, _, level = wanted.partition(":")
    if method not in ("gzip", "none") or (level and not level.isdigit()):
        raise OperatorError(f"pg_dump {tool} compresses by gzip only, not by {wanted!r}")
    return "0" if method == "none" else level or "6"


def differences(expected: Mapping[str, int], found: Mapping[str, int]) -> list[str]:
    """In words where the rows of tables differ."""
    return [
        f"{table} has {found.get(table, 0):,} rows, expected {expected.get(table, 0):,}"
        for table in sorted({*expected, *found})
        if expected.get(table, 0) != found.get(table, 0)
    ]


def missing_or_changed(expected: Mapping[str, File], found: Mapping[str, File]) -> str | None:
    """In words the first thing that is wrong with the files of a dump; None when nothing is."""
    for name, file in sorted(expected.items()):
        there = found.get(name)
        if there is None:
            return f"{name} is missing"
        if there.size != file.size:
            return f"{name} has {there.size:,} bytes, expected {file.size:,}"
        if there.sha256 != file.sha256:
            return f"{name} is damaged: its checksum differs"
    more: Sequence[str] = sorted(set(found) - set(expected))
    return f"{more[0]} does not belong to it" if more else None
