"""Numbers as operators' files hold them: one a line, with comments, and now and then a line that is none."""

from __future__ import annotations

import io
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec
import phonenumbers

from numbank.catalogue.model import Country
from numbank.cli import screen
from numbank.errors import OperatorError
from numbank.supply.e164 import parse_e164

MAX_LINE = 200
STDIN = "-"


class Read(msgspec.Struct):
    """What a file holds: numbers with their line, and the lines that are not one."""

    lines: list[tuple[int, int]] = []
    bad: list[tuple[int, str]] = []


def lines_of(file: str) -> Iterator[str]:
    """The lines of a file or of standard input; what is not UTF-8 becomes a line that is no number."""
    with opened(file, "numbers") as stream:
        yield from io.TextIOWrapper(stream, encoding="utf-8", errors="replace")


@contextmanager
def opened(file: str, what: str) -> Iterator[BinaryIO]:
    """A file or standard input, for reading bytes; `what` is asked for at a terminal."""
    if file == STDIN:
        if sys.stdin is None:
            raise OperatorError("there is no standard input: name a file")
        if sys.stdin.isatty():
            screen.say(f"reading {what} from standard input, one a line; Ctrl-D ends")
        yield sys.stdin.buffer
        return
    try:
        with Path(file).open("rb") as stream:
            yield stream
    except OSError as error:
        raise OperatorError(f"cannot read {file}: {error.strerror}") from None


def cut_lines(stream: BinaryIO, most: int) -> Iterator[tuple[bytes, int]]:
    """The lines of a stream, each with how many bytes it takes; of a longer one only the first `most` bytes, so that a file
    without line breaks does not fill the memory."""
    while line := stream.readline(most):
        size, end = len(line), line
        while not end.endswith(b"\n") and (end := stream.readline(most)):
            size += len(end)
        yield line, size


def read_numbers(lines: Iterable[str]) -> Read:
    """Numbers and bad lines; empty lines, lines that begin with # and what follows ` #` are skipped."""
    read = Read()
    for number, line in enumerate(lines, start=1):
        text = line.lstrip("\ufeff").replace("\t#", " #").partition(" #")[0].strip()
        if not text or text.startswith("#"):
            continue
        try:
            read.lines.append((number, parse_e164(text[:MAX_LINE])))
        except OperatorError as error:
            read.bad.append((number, str(error)))
    return read


def strangers(country: Country, e164s: Iterable[int]) -> list[str]:
    """One line for each dialling code that is not the country's, with how many numbers have it."""
    if not country.prefixes:
        return []
    codes = Counter(_dialling_code(e164) for e164 in e164s if not str(e164).startswith(country.prefixes))
    home = " or ".join(f"+{prefix}" for prefix in country.prefixes)
    return [
        f"{count} number{'' if count == 1 else 's'} of +{code} in country {country.id}, which has {home}: kept all the same"
        for code, count in sorted(codes.items())
    ]


def _dialling_code(e164: int) -> int:
    return phonenumbers.parse(f"+{e164}", None).country_code or 0
