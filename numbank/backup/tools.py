"""The programs of PostgreSQL that fit a server, and the way they reach it: no password ever stands in a command line."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode

import msgspec

from numbank.db.pg_binaries import MAJOR, binaries, environment
from numbank.errors import OperatorError

# Where packagers put the programs of several versions side by side.
SIDE_BY_SIDE = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")
VERSION = re.compile(rb"\(PostgreSQL\) (\d+)")


class Tool(msgspec.Struct, frozen=True):
    """A program and its major version."""

    path: Path
    major: int


class Target(msgspec.Struct, frozen=True):
    """A database as libpq is told of it: an address without a password, and the environment that has it."""

    address: str
    environment: Mapping[str, str]

    @classmethod
    def of(cls, url: str) -> Target:
        """Take a URL apart. What the operator's environment says of PostgreSQL counts too, as it does for the bank."""
        inherited = {name: value for name, value in os.environ.items() if name.startswith("PG") and name != "PGOPTIONS"}
        head, at, tail = url.rpartition("@")
        secret = ""
        if at:
            scheme, slashes, credentials = head.partition("://")
            user, _, secret = credentials.partition(":")
            url = f"{scheme}{slashes}{user}@{tail}"
        address, _, options = url.partition("?")
        kept = parse_qsl(options, keep_blank_values=True)
        secret = next((value for name, value in kept if name == "password"), unquote(secret))
        if "," in address + options and not any(name == "target_session_attrs" for name, _ in kept):
            kept.append(
                ("target_session_attrs", "read-write")
            )  # as the bank itself: of several servers the one that writes
        asked = urlencode([pair for pair in kept if pair[0] != "password"], quote_via=quote, safe="/,")
        given = {"PGPASSWORD": secret} if secret else {}
        return cls(address + (asked and "?" + asked), environment() | inherited | given)


def find(program: str, wanted: Callable[[int], bool], prefer: int, hint: str) -> Tool:
    """The program whose version is `wanted`, best the preferred one, else the oldest; OperatorError when there is none."""
    found = sorted(
        (tool for tool in _known(program) if wanted(tool.major)), key=lambda tool: (tool.major != prefer, tool.major)
    )
    if not found:
        have = sorted({tool.major for tool in _known(program)})
        raise OperatorError(
            f"there is no {program} that fits: {hint}; found {', '.join(map(str, have)) or 'none'} on PATH and with numbank"
        )
    return found[0]


def _known(program: str) -> Iterator[Tool]:
    """All there are: with numbank, on PATH, side by side."""
    yield Tool(binaries() / program, MAJOR)
    on_path = shutil.which(program)
    if on_path is not None and (major := _major(Path(on_path))):
        yield Tool(Path(on_path), major)
    for pattern in SIDE_BY_SIDE:
        for path in sorted(Path("/").glob(f"{pattern[1:]}/{program}")):
            if major := _major(path):
                yield Tool(path, major)


@cache
def _major(path: Path) -> int:
    """The major version of a program; 0 when it does not say."""
    try:
        said = subprocess.run([path, "--version"], capture_output=True, check=False, timeout=20).stdout
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = VERSION.search(said)
    return int(found[1]) if found else 0
