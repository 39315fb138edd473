"""`python -m numbank.codes FILE.jsonl`: reads messages, one JSON object a line, and writes what it found in each."""

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator
from typing import IO

import msgspec

from numbank.codes.rates import Rates
from numbank.codes.rows import Row, answer

BAD_INPUT = 2
_BOM = b"\xef\xbb\xbf"


def main() -> int:
    """Read, answer, measure; 2 when a line or the file cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m numbank.codes", description=__doc__, allow_abbrev=False)
    parser.add_argument("file", metavar="FILE", help="JSON lines: text, kind (sms, email, voice), sender; - is stdin")
    parser.add_argument("--measure", action="store_true", help="print rates on stderr: needs expected, link, service")
    parser.add_argument(
        "--prior", action="store_true", help="read each line as for a lease of its service, where it has one"
    )
    options = parser.parse_args()
    rates = Rates() if options.measure else None
    try:
        if options.file == "-":
            good = _work(sys.stdin.buffer, rates, leased=options.prior)
        else:
            with open(options.file, "rb") as file:
                good = _work(file, rates, leased=options.prior)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing that is buffered may raise at the exit
        return 141
    except OSError as error:
        _complain(f"{options.file}: {error.strerror or error}")
        return BAD_INPUT
    for line in rates.lines() if rates else ():
        _complain(line)
    return 0 if good else BAD_INPUT


def _work(lines: IO[bytes], rates: Rates | None, *, leased: bool) -> bool:
    """Answer every line at once, so that a pipe can be talked to; gives whether all could be read."""
    good = True
    encoder = msgspec.json.Encoder()
    for number, row in _rows(lines):
        if isinstance(row, str):
            good = False
            _complain(f"line {number}: {row}")
            continue
        found = answer(row, leased=leased)
        sys.stdout.buffer.write(encoder.encode(found) + b"\n")
        sys.stdout.buffer.flush()
        if rates is not None:
            rates.add(row, found)
    return good


def _rows(lines: Iterable[bytes]) -> Iterator[tuple[int, Row | str]]:
    """The rows with their line numbers, or why a line is none; empty lines are left out."""
    decoder = msgspec.json.Decoder(Row)
    for number, line in enumerate(lines, 1):
        data = line.removeprefix(_BOM).strip() if number == 1 else line.strip()
        if not data:
            continue
        try:
            yield number, _decoded(decoder, data)
        except (msgspec.DecodeError, ValueError) as error:
            yield number, " ".join(str(error).split())
        except RecursionError:
            yield number, "nested too deeply"


def _decoded(decoder: msgspec.json.Decoder[Row], data: bytes) -> Row:
    """A line as a row. Half of an emoji, as messages that were cut have it, becomes a question mark."""
    try:
        return decoder.decode(data)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        whole = json.dumps(json.loads(data), ensure_ascii=False).encode("utf-8", "replace")
        return decoder.decode(whole)


def _complain(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201  this is a program of its own


if __name__ == "__main__":
    sys.exit(main())
