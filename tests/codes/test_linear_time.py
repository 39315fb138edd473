"""Hostile texts cost time in proportion to their length, up to the bound, and none beyond it."""

import gc
import time
from collections.abc import Callable, Iterator

import pytest

from numbank.codes import Brands, named_services, recognise
from numbank.codes.mail import read_mail
from numbank.codes.plain import LIMIT, RAW_LIMIT
from numbank.codes.spoken import hear

pytestmark = pytest.mark.unit

HOSTILE = {
    "digits": "1",
    "digits and blanks": "1 ",
    "digits and dashes": "1-",
    "numbers": "1234, ",
    "sentences": "1234. ",
    "zero width": "\u200b",
    "zero width in digits": "1\u200b",
    "letters": "a",
    "letters and digits": "x1",
    "code words": "code ",
    "codes": "code 1234. ",
    "codes of holders": "gate code for the gate 1234 ",
    "codes that are void": "wrong code 1234 has expired ",
    "told to somebody": "code 1234 to the driver, ",
    "only warnings": "never share your code 1234 with the driver. ",
    "percentages": "code 1234 5% ",
    "marks of apps": "<#> 1234 ",
    "links": "is ",
    "signs": "[(<",
    "blanks": " ",
    "line breaks": "\n",
    "hosts": "a.",
    "hosts with ports": "a.aa:1",
    "mail": "a@",
    "schemes": "http://",
    "open words": "код авторизаци",
    "combining": "e\u0301\u0323",
    "names": "Acme ",
    "dates": "21.11.2026 ",
    "dates without end": "1.",
    "times without end": "1:",
    "months": "2026 nov ",
    "amounts": "Rs1,500.00 ",
    "amounts without end": "1,",
    "hidden digits": "*1234",
    "signs of hidden digits": "*",
    "dialled": "*1",
    "phones": "(02) 1234 ",
    "hex": "a1:",
    "accounts": "DE89 3704 ",
    "identifiers": "AB-12",
    "lists": "4829\n",
    "names of firms": "4399. ",
    "years": "2026 ",
    "fours": "4829 1500 zl. ",
    "paths": "a.aa/",
    "other hosts": ".рф/a",
    "other schemes": "ab://",
    "entities": "&#49;",
    "half entities": "&#",
    "marks": "a\u0323\u0301",
    "marks alone": "\u0301\u0323",
    "Thai vowels": "\u0e40",
    "Thai": "รหัส 4829 ",
    "Chinese": "验证码4829",
    "spoken": "one two ",
    "spoken Chinese": "一",
}
NESTED = {
    "tags": "<div>",
    "cells": "<td>1</td>",
    "attributes": "<a b=",
    "comments": "<!--",
    "styles": "<style>",
    "paragraphs": "<p>1234",
    "half tags": "<x",
}
BRANDS = Brands.build([("aa", ("Acme",)), ("ab", ("Acme Acme",))])

# Quadratic work costs 16 times as much for 4 times the text. The time of this thread alone is counted, so that a busy
# machine does not spoil it, and the shortest of several rounds; caches and the clock's step cost the constant.
_ALLOWED_RATIO, _BEYOND_RATIO, _ROUNDS, _CLOCK = 9, 4, 7, 0.002


@pytest.fixture(autouse=True)
def _no_garbage_collection() -> Iterator[None]:
    """What other tests left on the heap would be counted as time of these texts, in some rounds and not in others."""
    gc.disable()
    yield
    gc.enable()


def _seconds(text: str) -> float:
    begin = time.thread_time()
    recognise(text, sender="Acme")
    named_services(text, "Acme", BRANDS)
    return time.thread_time() - begin


def _is_within(short: str, long: str, ratio: float) -> bool:
    """Whether the long text costs at most `ratio` times the short one, by the best rounds; stops when it is clear."""
    best_short, best_long = float("inf"), float("inf")
    for _ in range(_ROUNDS):
        best_short, best_long = min(best_short, _seconds(short)), min(best_long, _seconds(long))
        if best_long < ratio / 2 * best_short:
            break
    return best_long < ratio * best_short + _CLOCK


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE.keys())
def test_four_times_the_text_costs_four_times_the_time(piece: str) -> None:
    short, long = (piece * (size // len(piece)) for size in (LIMIT // 4, LIMIT))
    assert _is_within(short, long, _ALLOWED_RATIO)


_MEGABYTE, _MOST_SECONDS = 1_000_000, 0.1


@pytest.mark.parametrize("piece", [*HOSTILE.values(), *NESTED.values()], ids=[*HOSTILE, *NESTED])
def test_a_megabyte_takes_less_than_a_tenth_of_a_second(piece: str) -> None:
    text = piece * (_MEGABYTE // len(piece))
    assert _is_quick(lambda: read_mail("Your code", text, None, "acme@acme.example"))
    assert _is_quick(lambda: hear(text))


@pytest.mark.parametrize("piece", NESTED.values(), ids=NESTED)
def test_a_megabyte_of_html_takes_less_than_a_tenth_of_a_second(piece: str) -> None:
    html = piece * (_MEGABYTE // len(piece))
    assert _is_quick(lambda: read_mail("Your code", None, html, "acme@acme.example"))


def _is_quick(read: Callable[[], object]) -> bool:
    """Whether the best of several rounds, of this thread's time alone, is within the bound."""
    for _ in range(_ROUNDS):
        begin = time.thread_time()
        read()
        if time.thread_time() - begin < _MOST_SECONDS:
            return True
    return False


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_lies_behind_the_bound_costs_nothing(piece: str) -> None:
    at_bound, beyond = (piece * (size // len(piece)) for size in (RAW_LIMIT, 1_000_000))
    assert _is_within(at_bound, beyond, _BEYOND_RATIO)


def test_a_number_that_the_bound_cuts_is_no_code() -> None:
    lead = "Your verification code is "
    text = "x" * (LIMIT - len(lead) - 6) + "\n" + lead + "482913"
    assert len(text) > LIMIT
    assert recognise(text).code is None
    assert recognise(text[10:]).code == "482913"
