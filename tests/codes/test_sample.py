"""Measures the recogniser on the shared sample of labelled messages."""

import collections
import functools
import json
import pathlib
from typing import Any

import msgspec
import pytest

from numbank.codes import recognise
from numbank.codes.rates import INVENTED, NOTHING, RIGHT, WRONG, outcome_of
from numbank.codes.rows import Answer, Row, answer, owners_of

SAMPLE = pathlib.Path(__file__).parents[3] / "shared" / "data" / "otp_samples.jsonl"

pytestmark = [
    pytest.mark.unit,
    pytest.mark.skipif(not SAMPLE.exists(), reason=f"the labelled messages are not here: {SAMPLE}"),
]


@functools.cache
def _outcomes() -> dict[tuple[str, str], "collections.Counter[str]"]:
    outcomes: dict[tuple[str, str], collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for line in SAMPLE.read_text("utf-8").splitlines():
        row: dict[str, Any] = json.loads(line)
        outcomes[row["kind"], row["lang"]][_outcome(row["text"], row["expected"])] += 1
    return outcomes


def _outcome(text: str, expected: str | None) -> str:
    found = recognise(text).code
    if found == expected:
        return "right"
    if found is None:
        return "missed"
    return "wrong" if expected else "false positive"


def _of(kind: str, *languages: str) -> "collections.Counter[str]":
    chosen = (
        counted for (of_kind, language), counted in _outcomes().items() if of_kind == kind and language in languages
    )
    return sum(chosen, collections.Counter[str]())


def test_english_and_russian_messages_are_recognised_and_none_wrongly() -> None:
    counted = _of("sms", "en", "ru")
    assert counted["wrong"] + counted["false positive"] == 0
    assert counted["right"] >= 0.95 * counted.total()


def test_no_other_language_gets_a_wrong_code() -> None:
    languages = {language for kind, language in _outcomes() if kind == "sms"}
    counted = _of("sms", *languages)
    assert counted["wrong"] + counted["false positive"] == 0


@functools.cache
def _answers() -> list[tuple[Row, Answer]]:
    """The messages with what `python -m numbank.codes` says of them."""
    rows = [msgspec.json.decode(line, type=Row) for line in SAMPLE.read_text("utf-8").splitlines()]
    return [(row, answer(row)) for row in rows]


@pytest.mark.parametrize(
    ("kind", "right", "wrong", "invented"),
    [("sms", 0.96, 0.005, 0.03), ("email", 0.95, 0.005, 0.04), ("voice", 0.85, 0.005, 0.04)],
)
def test_every_kind_of_message_reaches_its_bar(kind: str, right: float, wrong: float, invented: float) -> None:
    counted = collections.Counter(
        outcome_of(row.expected or None, read.code) for row, read in _answers() if row.kind == kind
    )
    without = counted[INVENTED] + counted[NOTHING]
    there = counted.total() - without
    assert counted[RIGHT] >= right * there > 0
    assert counted[WRONG] <= wrong * there
    assert counted[INVENTED] <= invented * without


def test_services_of_the_catalogue_reach_their_bar() -> None:
    owned = [(owners_of(row.service), read.service) for row, read in _answers() if row.service]
    known = [service in owners for owners, service in owned if owners]
    assert sum(known) >= 0.85 * len(known) > 0
