"""How commands speak: tables and lines for people, JSON for programs, one line for failures."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import IO, NoReturn

import msgspec
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text


class Screen(Console):
    """A console that colours for a terminal only, and tells its caller when the reader has gone away.

    Rich on its own would colour because of a variable, and end the program when the pipe breaks.
    """

    def __init__(self, file: IO[str] | None, *, stderr: bool = False) -> None:
        terminal = file is not None and file.isatty()
        super().__init__(stderr=stderr, highlight=False, soft_wrap=True, force_terminal=terminal)

    def on_broken_pipe(self) -> None:
        """Called while a BrokenPipeError is handled: let it go on."""
        raise  # noqa: PLE0704  the error being handled


out = Screen(sys.stdout)
err = Screen(sys.stderr, stderr=True)


def say(text: str) -> None:
    """Progress and notes: on stderr, so that stdout stays for results. Nobody has to read them."""
    with suppress(OSError, ValueError):
        err.print(text, style="dim", markup=False)


def warn(text: str) -> None:
    """Something to look at; the command goes on."""
    with suppress(OSError, ValueError):
        err.print(text, style="yellow", markup=False)


def fail(text: str) -> NoReturn:
    """One clear line, and a non-zero exit."""
    with suppress(OSError, ValueError):
        err.print(f"numbank: {text}", style="red", markup=False)
        err.file.flush()
    sys.exit(1)


def hang_up() -> NoReturn:
    """The reader of our results went away (`| head`): end, and let nothing that is still buffered raise at the exit."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(141)


def print_json(value: object) -> None:
    """A result for programs."""
    out.file.write(msgspec.json.format(msgspec.json.encode(value, enc_hook=str)).decode() + "\n")


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A result for people: it folds into a terminal; in a file or a pipe a row stays one whole line."""
    cells = [[plain(str(cell)) for cell in row] for row in rows]
    if not out.is_terminal:
        _lines([list(columns), *cells])
        return
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        shown.add_column(column, overflow="fold")
    for row in cells:
        shown.add_row(*(Text(cell) for cell in row))
    out.print(shown)


def plain(text: str) -> str:
    """Text without line breaks and control characters: names and messages are written by strangers."""
    return "".join(each if each.isprintable() else " " for each in text)


def _lines(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = (cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True))
        out.file.write("  ".join(padded).rstrip() + "\n")
