"""Messages with a code beside unrelated sentences and numbers: the code or none, hardly ever the other number.

A bounded, seeded choice of all pairs; a forwarded or joined message is such a pair.
"""

import functools
import itertools
import pathlib
import random
import tomllib

import pytest

from numbank.codes import recognise

pytestmark = pytest.mark.unit

FILES = sorted((pathlib.Path(__file__).parent / "languages").glob("*.toml"))
IN_FRONT = (
    "[Acme] ",
    "From: 40404 ",
    "From: 40404\n",
    "SMS from 40404: ",
    "48291: ",
    "48291 ",
    "771204 ",
    "2026 ",
    "Acme2048 ",
    "AD-123456 ",
    "Ref 4471. ",
    "Ref 771204 ",
    "ID 77120455. ",
    "Order 48291. ",
    "Room 1204. ",
    "$1,500.00 ",
    "21/11 14:30 ",
    "2026-11-21 14:30 ",
    "Nov 21, 2026: ",
    "+41 79 482 91 30: ",
    "Call 0800 123 456. ",
    "Your balance is 1500. ",
    "Never share your code with anyone. ",
)
BEHIND = (
    " Ref: 771204",
    " (Ref ABCD12)",
    " #48291",
    " 48291",
    " 7712",
    " -5000",
    " XX4829",
    " Card *4829",
    " 1 500 EUR",
    " Rs.1500",
    " 20%",
    " 14:30",
    " 19 Nov 2026",
    " 21.11.2026 14:30",
    " (5 min)",
    " v4.8.2913",
    " acme.com/771204",
    " Flight LH1234",
    " PNR QX7T2K",
    " Helpline 16247",
    " +41 79 482 91 30",
    " Your order 771204 has shipped.",
    " Never share your code with anyone.",
)
STOPS = (".", "!", "?", "\u3002", "\u0964")
CHOSEN = 5  # of the examples of each language
MIXED = 6  # of the unrelated pieces, for each of these


@functools.cache
def _outcomes() -> list[tuple[str, str, str | None]]:
    """Every mixed text with its code and what was found."""
    chosen = random.Random(5)
    outcomes = []
    for file in FILES:
        examples = tomllib.loads(file.read_text("utf-8"))
        for text, code in chosen.sample(examples["code"], min(CHOSEN, len(examples["code"]))):
            stop = "" if text.endswith(STOPS) else "."
            others = [f"{text}{stop}{piece}" for piece in chosen.sample(BEHIND, MIXED)]
            others += [f"{piece}{text}" for piece in chosen.sample(IN_FRONT, MIXED)]
            negative = chosen.choice(examples["none"])
            others += [f"{text}{stop} {negative}", f"{negative}\n{text}"]
            outcomes += [(other, code, recognise(other).code) for other in others]
    return outcomes


def test_an_unrelated_number_is_hardly_ever_taken_for_the_code() -> None:
    outcomes = _outcomes()
    wrong = [(text, found) for text, code, found in outcomes if found not in (None, code)]
    assert len(wrong) <= 0.005 * len(outcomes), wrong


def test_and_the_code_is_mostly_found_all_the_same() -> None:
    outcomes = _outcomes()
    assert sum(found == code for _, code, found in outcomes) >= 0.92 * len(outcomes)


@pytest.mark.parametrize("front", IN_FRONT)
def test_nothing_in_front_of_a_plain_message_becomes_its_code(front: str) -> None:
    for text in ("Your verification code is 903144.", "903144 is your Acme code", "Acme: 903144 to sign in"):
        assert recognise(front + text).code in (None, "903144")


@pytest.mark.parametrize(("first", "second"), list(itertools.permutations(("48291", "7712", "903144"), 2)))
def test_two_numbers_without_a_word_between_them_are_no_decision(first: str, second: str) -> None:
    assert recognise(f"{first} {second}").code is None
