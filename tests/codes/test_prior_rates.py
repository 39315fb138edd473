"""Measures what knowing the service is worth, on messages that are hard to read without: with and without it."""

from collections import Counter
from collections.abc import Iterator

import pytest

from numbank.codes.rates import INVENTED, NOTHING, RIGHT, WRONG, outcome_of
from numbank.codes.rows import Row, answer
from numbank.codes.services.knowledge import knowledge

pytestmark = pytest.mark.unit

# A number alone beside a word or two, from a sender of the service: nothing says that it is a code.
BARE = ("Hello Ann {}", "{} Ann", "{} and hello")
# The same with a number as no code of the service looks.
ODD = ("Hello Ann {}", "{} Ann")
DIGITS = "5920473816"


def cases() -> Iterator[tuple[Row, str]]:
    """Messages of services whose codes always have one length and whose senders are known, and of what kind each is."""
    for code, known in knowledge().items():
        usual = known.usual
        senders = [sender.rpartition(":")[2] for sender in known.senders]
        if len(usual.lengths) != 1 or usual.letters or not senders or len(DIGITS) < usual.lengths[0]:
            continue
        number, odd = DIGITS[: usual.lengths[0]], DIGITS[: 4 if usual.lengths[0] != 4 else 7]
        for text in BARE:
            yield Row(text.format(number), sender=senders[0], service=code, expected=number), "bare"
        for text in ODD:
            yield Row(text.format(odd), sender=senders[0], service=code, expected=None), "odd"


def rates(kind: str, *, leased: bool) -> Counter[str]:
    rows = [row for row, of in cases() if of == kind]
    return Counter(outcome_of(row.expected or None, answer(row, leased=leased).code) for row in rows)


def test_who_knows_the_service_reads_numbers_that_stand_alone_and_invents_nothing() -> None:
    before, after = rates("bare", leased=False), rates("bare", leased=True)
    assert before.total() > 30
    assert before[RIGHT] == 0  # a guess each: withheld
    assert after[RIGHT] > 0.8 * after.total()
    assert after[WRONG] == 0
    odd = rates("odd", leased=True)
    assert (odd[INVENTED], odd[NOTHING]) == (0, odd.total())
