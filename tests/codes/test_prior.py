"""What knowing the service changes: only what was open, only a little, and nothing that was not read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numbank.codes import Found, recognise
from numbank.codes.decide import POSSIBLE, THRESHOLD, Scored, choose
from numbank.codes.prior import ENOUGH, HIGHEST, NO_PRIOR, Prior, Shape, prior, steps_of, with_prior
from numbank.codes.spoken import hear

pytestmark = pytest.mark.unit

SIX = prior((6,), letters=False, seen={})
STEPS = 0.13  # no more than all steps together


def read(*scores: tuple[str, float]) -> Found:
    return choose(tuple(Scored(code, score) for code, score in scores))


def test_the_usual_look_decides_between_two_that_are_equally_likely() -> None:
    found = read(("4821", 0.85), ("482913", 0.84))
    assert found.code is None
    assert with_prior(found, SIX).code == "482913"


def test_the_usual_look_makes_a_guess_certain() -> None:
    found = read(("482913", THRESHOLD - 0.05))
    assert found.code is None
    assert found.uncertain is not None
    known = with_prior(found, SIX)
    assert (known.code, known.uncertain) == ("482913", None)
    assert THRESHOLD <= known.confidence <= HIGHEST


def test_a_strange_look_makes_a_guess_none() -> None:
    found = read(("48213", POSSIBLE + 0.02))
    assert found.uncertain == "48213"
    assert with_prior(found, SIX) == Found(None, 0.0, ranked=found.ranked)


def test_what_is_possible_for_a_service_is_neither_helped_nor_doubted() -> None:
    found = read(("4821", round(POSSIBLE + 0.02, 3)))
    assert with_prior(found, prior((6, 4), letters=False, seen={})) == found


def test_what_finished_leases_showed_beats_what_the_package_says() -> None:
    learned = prior((6,), letters=False, seen={Shape(5, False): ENOUGH, Shape(6, False): 0})
    assert with_prior(read(("48213", 0.55)), learned).code == "48213"
    too_few = prior((6,), letters=False, seen={Shape(5, False): ENOUGH - 1})
    assert with_prior(read(("48213", 0.55)), too_few).uncertain == "48213"


def test_a_known_sender_makes_a_code_a_little_surer() -> None:
    found = read(("482913", THRESHOLD - 0.1))
    known = prior((6,), letters=False, seen={}, senders=frozenset({"acme"}))
    assert with_prior(found, known, "ACME").code == "482913"
    assert with_prior(found, known, "Other").uncertain == "482913"


def test_the_service_s_own_name_is_a_known_sender() -> None:
    found = read(("482913", THRESHOLD - 0.03))
    assert with_prior(found, NO_PRIOR, "Acme", is_own_sender=True).code == "482913"
    assert with_prior(found, NO_PRIOR, "Acme") == found


def test_the_steps_are_told() -> None:
    known = prior((6,), letters=False, seen={}, senders=frozenset({"acme"}))
    assert steps_of("482913", known, "Acme") == {"known sender": 0.04, "usual look": 0.08}
    assert steps_of("4821", known) == {"strange look": -0.08}
    assert steps_of("4821", NO_PRIOR) == {}


@pytest.mark.parametrize("again", ["4 8 2 9", "4 8 2 9 1 4"])
def test_a_code_that_was_not_heard_well_stays_uncertain_for_every_service(again: str) -> None:
    found = hear(f"Your verification code is 4 8 2 9 1 3. I repeat: {again}.")
    assert (found.code, found.uncertain) == (None, "482913")
    known = prior((6,), letters=False, seen={}, senders=frozenset({"acme"}))
    assert with_prior(found, known, "acme") == found


def test_what_speaks_against_a_number_speaks_against_it_for_every_service() -> None:
    for text in ("Your order 482913 is on its way", "You paid 482913 USD", "Call 482913 for help", "hello"):
        found = recognise(text)
        assert (found.code, found.uncertain) == (None, None), text
        assert with_prior(found, SIX).code is None, text


scores = st.lists(
    st.tuples(st.from_regex(r"\A[0-9A-Z]{3,8}\Z"), st.floats(0, 1).map(lambda score: round(score, 3))),
    max_size=6,
    unique_by=lambda pair: pair[0],
).map(lambda pairs: sorted(pairs, key=lambda pair: -pair[1]))
priors = st.builds(
    prior,
    st.lists(st.integers(3, 8), max_size=3),
    letters=st.booleans(),
    seen=st.dictionaries(st.builds(Shape, st.integers(3, 8), st.booleans()), st.integers(1, 100), max_size=4),
    senders=st.sampled_from([frozenset[str](), frozenset({"acme"})]),
)


@given(scores, priors)
def test_nothing_is_invented_nothing_certain_is_taken_and_steps_are_small(
    pairs: list[tuple[str, float]], known: Prior
) -> None:
    found = read(*pairs)
    again = with_prior(found, known, "acme")
    if found.code is not None or known == NO_PRIOR:
        assert again == found
        return
    before = dict(pairs)
    for code in (again.code, again.uncertain):
        if code is not None:
            assert before[code] >= POSSIBLE - STEPS
    if again.code is not None:
        assert before[again.code] >= max(THRESHOLD, before[pairs[0][0]] - 2 * STEPS) - STEPS
        assert again.confidence <= HIGHEST
    assert with_prior(again, NO_PRIOR) == again
