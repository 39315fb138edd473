"""Rows as columns: what unnest takes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def columns(rows: Iterable[Iterable[Any]], width: int | None = None) -> list[list[Any]]:
    """Rows as columns, for the arguments of an unnest. `width` is how many there are, for when there may be no row at all;
    without it no rows are no columns, which the database refuses.
    """
    found = [list(column) for column in zip(*rows, strict=True)]
    return found or [[] for _ in range(width or 0)]
