"""Tables that operators load: CSV with a line of column names, from a file or a pipe."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence

from numbank.cli import screen
from numbank.cli.lines import lines_of
from numbank.errors import OperatorError

MOST_SHOWN = 50


def rows_of(file: str, columns: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """The cells of these columns without blanks around them, with the number of their line; empty lines are skipped.

    OperatorError when a column is missing, a row has no cell for one, or it is no CSV at all.
    """
    read = csv.reader(lines_of(file))
    places: list[int] | None = None
    try:
        for row in read:
            cells = [cell.strip().lstrip("\ufeff") for cell in row]
            if not any(cells):
                continue
            if places is None:
                missing = [name for name in columns if name not in cells]
                if missing:
                    raise OperatorError(
                        f"the first line must name the columns {','.join(columns)}: {missing[0]} is missing"
                    )
                places = [cells.index(name) for name in columns]
            elif len(cells) <= max(places):
                raise OperatorError(f"line {read.line_num}: expected {','.join(columns)}")
            else:
                yield read.line_num, [cells[place] for place in places]
    except csv.Error as error:
        raise OperatorError(f"line {read.line_num}: {error}") from None
    if places is None:
        raise OperatorError(f"there is nothing in it: expected the columns {','.join(columns)}")


def refuse_bad(bad: Sequence[tuple[int, str]]) -> None:
    """Print the lines that are wrong, and end: nothing of such a file is kept. Not more lines than somebody reads."""
    for line, reason in bad[:MOST_SHOWN]:
        screen.err.print(f"line {line}: {reason}", style="red", markup=False)
    if bad:
        raise OperatorError(f"nothing was loaded: {len(bad)} line{' is' if len(bad) == 1 else 's are'} wrong")
