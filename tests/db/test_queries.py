"""Named queries: each has a sentence, is used by the code, and none is missing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from numbank.db.queries import Queries, parse

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2] / "numbank"
FILES = sorted(ROOT.rglob("*.sql"))
LIBRARIES = [file for file in FILES if "migrations" not in file.parts]


def package_of(file: Path) -> str:
    return ".".join(("numbank", *file.parent.relative_to(ROOT).parts))


@pytest.mark.parametrize("file", LIBRARIES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_query_has_a_sentence_and_is_used(file: Path) -> None:
    queries = parse(package_of(file), file.name)
    assert all(query.sentence.endswith((".", ":")) for query in queries)
    code = "\n".join(source.read_text("utf-8") for source in ROOT.rglob("*.py"))
    used = set(re.findall(r"\b[A-Z]+\.(\w+)", code)) | set(re.findall(r'"(\w+)"', code))
    assert {query.name for query in queries} - used == set()


def test_an_unknown_query_is_an_error_with_its_name() -> None:
    with pytest.raises(AttributeError, match="no query named nonsense"):
        _ = Queries("numbank.ledger").nonsense
