"""Numbers of every other kind are masked where they stand, in whatever way they are written."""

import pytest

from numbank.codes.candidates import candidates
from numbank.codes.lexicon import lexicon
from numbank.codes.numbers import Mask, number_mask
from numbank.codes.plain import normalise
from numbank.codes.reading import read
from tests.codes.numbers import forms

pytestmark = pytest.mark.unit

SENTENCES = ("Lorem {} ipsum", "{}", "（{}）", "lorem: {}\nipsum")
KINDS = {
    "date": forms.DATES,
    "time": forms.TIMES,
    "amount": forms.AMOUNTS,
    "phone": forms.PHONES,
    "hidden": forms.HIDDEN,
    "identifier": forms.IDENTIFIERS,
}


def unmasked(text: str) -> list[str]:
    """What could be a code by its form and no mask covers."""
    plain = normalise(text)
    reading = read(plain, lexicon())
    return [
        candidate.code
        for candidate in candidates(plain.text, frozenset(), {})
        if reading.masks.reason(candidate.start, candidate.end) is None
        and number_mask(reading, candidate.start, candidate.end) is None
    ]


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize(
    ("kind", "form"), [(kind, form) for kind, text in KINDS.items() for form in text.strip().split("\n")]
)
def test_no_number_of_another_kind_is_left_as_a_candidate(kind: str, form: str, sentence: str) -> None:
    assert unmasked(sentence.format(form)) == [], kind


def mask_of(text: str, number: str) -> Mask | None:
    """The mask of a number of the text."""
    plain = normalise(text)
    start = plain.text.index(number)
    return number_mask(read(plain, lexicon()), start, start + len(number))


@pytest.mark.parametrize(
    ("text", "number", "reason"),
    [
        ("on 21.11.2026 at noon", "2026", "date"),
        ("on 21 November 2026", "2026", "date"),
        ("19 ก.ค. 2565", "2565", "date"),
        ("20261121 14:30", "20261121", "date"),
        ("Rs.1,500.00 spent", "1", "amount"),
        ("INR1500 spent", "INR1500", "amount"),
        ("1500 บาท", "1500", "currency"),
        ("KES 4829", "4829", "currency"),
        ("20000 %", "20000", "percentage"),
        ("+66966474644", "66966474644", "phone"),
        ("5909#", "5909", "dialled"),
        ("XX4829", "XX4829", "card or account"),
        ("a/c ****4829", "4829", "card or account"),
        ("AB-4829-XY", "4829", "middle of an identifier"),
        ("a/4829", "4829", "path"),
        ("【12306】", "12306", "name of a firm"),
        ("14:30 7021", "30 7021", "piece of something longer"),
        ("4829 2026年11月21日", "4829 2026", "beside a number of another kind"),
        ("4829 1500 zł", "4829 1500", "beside a number of another kind"),
    ],
)
def test_every_mask_says_why(text: str, number: str, reason: str) -> None:
    assert mask_of(text, number) == Mask(reason)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("21-11-26", "21-11-26"),
        ("May 2026", "2026"),
        ("300 000", "300 000"),
        ("1800-1234", "1800-1234"),
        ("12306", "12306"),
        ("230PM", "230PM"),
        ("-5000", "5000"),
        ("4829 points", "4829"),
        ("482913,5 minutes", "482913"),
        ("735061 Rs.1,299.00", "735061"),
    ],
)
def test_a_form_that_codes_have_as_well_is_no_sure_mask(text: str, number: str) -> None:
    mask = mask_of(text, number)
    assert mask is not None
    assert not mask.is_sure


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("482913", "482913"),
        ("4399", "4399"),
        ("is 482913.", "482913"),
        ("is 482913, and", "482913"),
        ("482-913", "482-913"),
        ("48-29-13", "48-29-13"),
        ("1234 5678", "1234 5678"),
        ("2026", "2026"),
        ("20261121", "20261121"),
        ("*482913*", "482913"),
        ("** 482913 **", "482913"),
        ("_482913_", "482913"),
        ("• 482913", "482913"),
        ("#482913", "482913"),
        ("AB12CD", "AB12CD"),
        ("G-482913", "482913"),
        ("482913-as", "482913"),
        ("770145-г", "770145"),
        ("829-114-ро", "829-114"),
        ("(482913)", "482913"),
    ],
)
def test_codes_have_no_mask(text: str, number: str) -> None:
    assert mask_of(text, number) is None
