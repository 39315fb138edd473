"""Hostile texts cost time in proportion to their length, up to the bound, and none beyond it."""

import time

import pytest

from numbank.codes import Brands, named_services, recognise
from numbank.codes.plain import LIMIT, RAW_LIMIT

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
}
BRANDS = Brands.build([("aa", ("Acme",)), ("ab", ("Acme Acme",))])


def _seconds(text: str) -> float:
    """The best of three: what the machine does beside counts for nothing."""
    taken = []
    for _ in range(3):
        begin = time.perf_counter()
        recognise(text, sender="Acme")
        named_services(text, "Acme", BRANDS)
        taken.append(time.perf_counter() - begin)
    return min(taken)


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE.keys())
def test_four_times_the_text_costs_four_times_the_time(piece: str) -> None:
    short, long = (piece * (size // len(piece)) for size in (LIMIT // 4, LIMIT))
    assert _seconds(long) < 3 * 4 * _seconds(short) + 0.005


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_lies_behind_the_bound_costs_nothing(piece: str) -> None:
    at_bound, beyond = (piece * (size // len(piece)) for size in (RAW_LIMIT, 1_000_000))
    assert _seconds(beyond) < 3 * _seconds(at_bound) + 0.005


def test_a_number_that_the_bound_cuts_is_no_code() -> None:
    lead = "Your verification code is "
    text = "x" * (LIMIT - len(lead) - 6) + "\n" + lead + "482913"
    assert len(text) > LIMIT
    assert recognise(text).code is None
    assert recognise(text[10:]).code == "482913"
