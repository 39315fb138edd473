"""What a line of a file of keys is, whatever the file: one that is no text, has no line breaks, or was written elsewhere."""

from __future__ import annotations

import io

import pytest

from numbank.cli.lines import cut_lines
from numbank.errors import OperatorError
from numbank.software.stock import MOST_LINE, key_of

pytestmark = pytest.mark.unit


class Counted(io.BytesIO):
    """A stream that remembers the longest piece that was taken of it."""

    longest = 0

    def readline(self, size: int | None = -1, /) -> bytes:
        piece = super().readline(size)
        self.longest = max(self.longest, len(piece))
        return piece


def test_a_line_without_end_is_never_in_memory_as_a_whole() -> None:
    stream = Counted(b"first\r\n" + b"x" * 1_000_000 + b"\n\nlast")
    lines = list(cut_lines(stream, MOST_LINE))
    assert [size for _, size in lines] == [7, 1_000_001, 1, 4]
    assert [line for line, size in lines if size < MOST_LINE] == [b"first\r\n", b"\n", b"last"]
    assert stream.longest == MOST_LINE
    assert isinstance(key_of(lines[1][0]), OperatorError)


@pytest.mark.parametrize("length", [MOST_LINE - 2, MOST_LINE - 1, MOST_LINE, MOST_LINE + 1])
def test_a_key_behind_blanks_without_end_is_not_passed_over_in_silence(length: int) -> None:
    stream = io.BytesIO(b" " * length + b"KEY-1\nKEY-2")
    [(first, size), (second, _)] = cut_lines(stream, MOST_LINE)
    assert size == length + 6
    assert isinstance(key_of(first), OperatorError)
    assert key_of(second) == "KEY-2"


def test_a_comment_may_be_long_and_in_any_encoding() -> None:
    for line in (
        b"# " + b"x" * 20_000,
        " # gekauft für März\r\n".encode("latin-1"),
        b"\xef\xbb\xbf#\n",
        b"",
        b" \t\r\n",
    ):
        assert key_of(line[:MOST_LINE]) is None, line[:20]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"A-1\rA-2\rA-3\r", "a character in it that does not print"),
        ("A\N{NO-BREAK SPACE}1".encode(), "a character in it that does not print"),
        ("A\N{ZERO WIDTH SPACE}1".encode(), "a character in it that does not print"),
        ("A-1".encode("utf-16"), "not UTF-8"),
        (b"A-1\0", "a character in it that does not print"),
        ("\N{GRINNING FACE}".encode() * 1_001, "longer than 1000 characters"),
        ("\N{GRINNING FACE}".encode() * 3_000, "longer than 1000 characters"),
    ],
)
def test_what_is_no_key_is_named_as_what_it_is(line: bytes, reason: str) -> None:
    found = key_of(line[:MOST_LINE])
    assert isinstance(found, OperatorError)
    assert str(found) == reason


def test_the_longest_key_of_the_widest_characters_is_one() -> None:
    key = "\N{GRINNING FACE}" * 1_000
    assert key_of(b"\xef\xbb\xbf  " + key.encode() + b" \r\n") == key
