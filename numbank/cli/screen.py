"""How commands speak: tables and lines for people, JSON for programs, one line for failures."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import NoReturn

import msgspec
from rich.console import Console
from rich.table import Table

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str) -> None:
    """Progress and notes: on stderr, so that stdout stays for results."""
    err.print(text, style="dim", markup=False)


def fail(text: str) -> NoReturn:
    """One clear line, and a non-zero exit."""
    err.print(f"numbank: {text}", style="red", markup=False)
    # Whatever is still buffered for a reader that went away must not raise again at exit.
    sys.stderr.flush()
    sys.exit(1)


def print_json(value: object) -> None:
    """A result for programs."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value, enc_hook=str)).decode() + os.linesep)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A result for people."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        shown.add_column(column, overflow="fold")
    for row in rows:
        shown.add_row(*(str(cell) for cell in row))
    out.print(shown)
