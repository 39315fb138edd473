"""The explanation is what the recogniser does: the same answer, with every reason."""

import pytest

from numbank.codes import recognise
from numbank.codes.explain import explain
from tests.codes.cases_en_ru import with_code, without_code

pytestmark = pytest.mark.unit


def test_it_answers_what_the_recogniser_answers() -> None:
    texts = [text for _, text in with_code()] + without_code()
    assert [explain(text).found for text in texts] == [recognise(text) for text in texts]


def test_each_candidate_has_its_owner_its_veto_or_its_evidence() -> None:
    seen = explain("Your Acme code is 482913. Ref: 7709. See www.acme.com/8812")
    code, ref, path = seen.candidates
    assert (code.code, code.owner, code.veto) == ("482913", "code (weak)", None)
    assert code.score == seen.found.confidence
    assert code.evidence[0].why == "directly behind 'code'"
    assert (ref.veto, ref.evidence) == ("owned by another word", ())
    assert path.veto == "address"
    assert [mask.words for mask in seen.masks] == ["www.acme.com/8812"]
    assert ("weak", "code") in [(cue.kind, cue.words) for cue in seen.cues]


def test_doubts_are_named_with_their_points() -> None:
    evidence = explain("Your code 482913. Save 20% in our sale").candidates[0].evidence[0]
    assert evidence.doubts
    assert evidence.score == pytest.approx(evidence.points - sum(doubt.points for doubt in evidence.doubts))


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ("no candidate", "Hello there"),
        ("at least 0.6", "Your code is 482913"),
        ("less than 0.1 apart", "Your code is 482913. Your code is 771204."),
        ("a guess", "Lorem ipsum: 48291"),
        ("binds the code to a site", "Hello\n@acme.com #4829"),
    ],
)
def test_the_decision_is_said_in_words(part: str, text: str) -> None:
    assert part in explain(text).decision


def test_the_senders_own_number_is_named_as_such() -> None:
    assert explain("Acme code 40404", sender="40404").candidates[0].veto == "the sender's own number"


def test_the_numbers_of_other_kinds_are_shown_as_masks() -> None:
    seen = {
        mask.words: mask.reason for mask in explain("Paid 48.20 EUR on 12.03.2026 14:22 at https://acme.com/7712").masks
    }
    assert seen["2026"] == "date"
    assert seen["22"] == "time"
    assert seen["48"] == "amount"
    assert seen["https://acme.com/7712"] == "address"
