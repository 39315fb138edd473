"""Every parameter that the two documents print for an action is one that the action takes.

The table (seed_params.tsv) was read from the documents like that of the words (seeds.py); where they are at hand, it is
read again and compared. `python -m tests.wire.test_seed_params FOLDER` writes it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from numbank.wire import handler  # noqa: F401  importing it registers the actions
from numbank.wire.dialects import DIALECTS
from tests.wire.seeds import ACTION, HEADINGS, PARTS, SAMPLES, SLIP

TABLE = Path(__file__).parent / "seed_params.tsv"
SEEDS = Path(__file__).parents[3] / "shared" / "seeds"
BY_NAME = {dialect.name: dialect for dialect in DIALECTS}
PARAM = re.compile(r"^\$(\w+)")
HEADER = "dialect\taction\tparam"

# The key is every action's and is read before any of them.
OF_ALL = {"api_key"}
# The document lost a blank or doubled a word: "$serviceShort name of the service".
SPELT = {"serviceShort": "service", "countryCountry": "country", "api_keyapi": "api_key"}
# Printed like a parameter, but a part of an answer: "WRONG_MAX_PRICE:$min".
OF_ANSWERS = {"min"}

pytestmark = pytest.mark.unit


class Row(msgspec.Struct, frozen=True, order=True):
    """A parameter that a document prints in the section of an action."""

    dialect: str
    action: str
    param: str


def table() -> list[Row]:
    """The table that is kept."""
    return [Row(*line.split("\t")) for line in TABLE.read_text(encoding="utf-8").splitlines()[1:]]


def _named(line: str) -> Iterator[str]:
    found = PARAM.match(line)
    name = SPELT.get(found[1], found[1]) if found else ""
    if name and name not in OF_ALL | OF_ANSWERS:
        yield name


def first(text: str) -> Iterator[Row]:
    """The rows of the SMS-Activate document."""
    lines = ["SAMPLES" if line.strip().startswith(SAMPLES) else line for line in text.splitlines()]
    for start, end in PARTS:
        actions: tuple[str, ...] = ()
        for line in lines[lines.index(start) : lines.index(end)]:
            actions = HEADINGS.get(line, actions)
            yield from (Row("sms_activate", action, name) for action in actions for name in _named(line))


def second(text: str) -> Iterator[Row]:
    """The rows of the KoalaSMS document."""
    action, slipped = "", False
    for line in text.splitlines():
        if line.endswith("copy-link"):
            action, slipped = "", line == SLIP
        found = ACTION.match(line)
        if found:
            action = "getStatusV2" if slipped else found[1]
        if action:
            yield from (Row("koala", action, name) for name in _named(line))


def documents(folder: Path) -> list[Row]:
    """All rows of both documents."""
    texts = [file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.txt"))]
    rows = {*first(next(text for text in texts if "SMS-Activate" in text))}
    return sorted(rows | {*second(next(text for text in texts if text.startswith("API KoalaSMS")))})


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the documents are not part of the repository")
def test_the_table_is_what_the_documents_say() -> None:
    assert documents(SEEDS) == table()


@pytest.mark.parametrize("row", table(), ids=lambda row: f"{row.dialect}-{row.action}-{row.param}")
def test_the_action_takes_the_parameter(row: Row) -> None:
    taken = BY_NAME[row.dialect].actions[row.action].params
    assert row.param in {name for param in taken for name in (param.name, *param.aliases)}


if __name__ == "__main__":
    written = [HEADER, *("\t".join((row.dialect, row.action, row.param)) for row in documents(Path(sys.argv[1])))]
    TABLE.write_text("\n".join(written) + "\n", encoding="utf-8")
    sys.stdout.write(f"{len(written) - 1} rows\n")
