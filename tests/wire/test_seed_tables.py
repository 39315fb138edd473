"""Every action and every word in the Activation sections of the two documents is served, documented and tested.

The table (seed_table.tsv) was read from the documents; where they are at hand, it is read again and compared. For every row
`where` finds the line of docs/actions.md that has the word, and the golden case whose answer shows it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from numbank.errors import Unavailable
from numbank.wire.dialects import DIALECTS
from tests.wire import test_golden
from tests.wire.seeds import Row, documents, table

ROOT = Path(__file__).parents[2]
SEEDS = ROOT.parent / "shared" / "seeds"
ROWS = table()
BY_NAME = {dialect.name: dialect for dialect in DIALECTS}

# Words that a document prints where they cannot come up, and why.
IDLE = {
    ("setStatus", "BAD_SERVICE"): "setStatus takes no service",
}
# What is unexpected has a word too, but no call of a golden file meets it: tests/wire/test_rent.py breaks the desks.
UNEXPECTED = {"SERVER_ERROR"}
# Words of the handler rather than of an action: the golden file of a call to no action shows them.
OF_THE_HANDLER = {"BAD_ACTION": test_golden.UNKNOWN}


@cache
def page() -> list[str]:
    """docs/actions.md."""
    return (ROOT / "docs" / "actions.md").read_text(encoding="utf-8").splitlines()


def section(dialect: str, action: str) -> range:
    """The lines of an action in a dialect's part of the page; those of its parent where it has no own."""
    lines = page()
    start = lines.index(f"## Dialect {dialect}")
    end = next((at for at in range(start + 1, len(lines)) if lines[at].startswith("## ")), len(lines))
    head = next((at for at in range(start, end) if lines[at] == f"### {action}"), None)
    if head is None:
        parent = BY_NAME[dialect].parent
        assert parent is not None, f"{action} is not in docs/actions.md"
        return section(parent.name, action)
    return range(head, next((at for at in range(head + 1, end) if lines[at].startswith("### ")), end))


def head(dialect: str) -> range:
    """The lines before the first action of a dialect: what any action may answer, and the words that differ."""
    lines = page()
    start = lines.index(f"## Dialect {dialect}")
    return range(start, next(at for at in range(start, len(lines)) if lines[at].startswith("### ")))


def documented(row: Row) -> list[int]:
    """Lines of the page that have the word for the action, from 1."""
    dialects = [
        row.dialect,
        *(one.parent.name for one in DIALECTS if one.name == row.dialect and one.parent is not None),
    ]
    places = [*section(row.dialect, row.action), *(at for dialect in dialects for at in head(dialect))]
    return [at + 1 for at in places if row.word in page()[at]]


def shown(row: Row) -> list[str]:
    """Golden cases whose answer has the word."""
    action = OF_THE_HANDLER.get(row.word, row.action)
    file = test_golden.FOLDER / row.dialect / f"{action}.txt"
    return [f"{file.name}: {name}" for name, (_, body) in test_golden.read(file).items() if row.word in body]


def where(row: Row) -> tuple[list[int], list[str]]:
    """Where docs/actions.md has a row, and which golden cases exercise it."""
    return documented(row), shown(row)


pytestmark = pytest.mark.unit


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the documents are not part of the repository")
def test_the_table_is_what_the_documents_say() -> None:
    assert documents(SEEDS) == ROWS


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.dialect}-{row.action}-{row.word}")
def test_every_word_is_documented_and_shown_by_a_golden_file(row: Row) -> None:
    assert row.action in BY_NAME[row.dialect].actions
    if (row.action, row.word) in IDLE:
        assert not any("service" in param.name.lower() for param in BY_NAME[row.dialect].actions[row.action].params)
        return
    lines, cases = where(row)
    if row.word in UNEXPECTED and row.word in BY_NAME[row.dialect].shape(row.action, Unavailable):
        cases = cases or ["what is unexpected"]
    assert lines, "docs/actions.md does not have it"
    assert cases, "no golden case shows it"


def test_the_first_document_is_served_whole_by_the_second_dialect_too() -> None:
    assert {row.action for row in ROWS} <= BY_NAME["koala"].actions.keys()
