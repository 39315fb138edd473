"""What is known of a service's codes before a message is read, and what that changes: a little, and only where it is open.

A lease knows which service it was made for. How that service's codes usually look (the package's own data), and how the
codes of finished leases looked, moves the scores of the candidates by small steps. It never makes a candidate, never helps
one that something speaks against (those are not among the ranked), and takes no code away that is certain without it.
"""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from numbank.codes.decide import Found, Scored, choose
from numbank.codes.services.names import key_of

USUAL_STEP = 0.08
STRANGE_STEP = 0.08
SENDER_STEP = 0.04

HIGHEST = 0.7
"""No code that needed help is surer than this. Habits are learned from surer ones only: they cannot confirm themselves."""

ENOUGH = 30
"""So many codes of a service make it known by the bank itself; before, the package's own knowledge counts."""

_USUAL_SHARE, _STRANGE_SHARE = 0.1, 0.01


class Shape(msgspec.Struct, frozen=True):
    """How a code looks: its length, and whether letters are in it."""

    length: int
    letters: bool


class Prior(msgspec.Struct, frozen=True):
    """What is known of a service: how its codes usually look, whether other looks speak against, who sends them."""

    usual: frozenset[Shape] = frozenset()
    possible: frozenset[Shape] = frozenset()
    """Looks that are rare, but nothing strange."""
    senders: frozenset[str] = frozenset()
    """As `key_of` spells them."""


NO_PRIOR = Prior()


def shape_of(code: str) -> Shape:
    """How a code looks."""
    return Shape(len(code), not code.isdigit())


def prior(
    lengths: Sequence[int], *, letters: bool, seen: Mapping[Shape, int], senders: frozenset[str] = frozenset()
) -> Prior:
    """What is known of a service: by the package its usual `lengths` (the most usual first) and whether `letters` are in its
    codes, by the bank how the codes of its finished leases looked (`seen`) and who sent them.
    """
    total = sum(seen.values())
    if total >= ENOUGH:
        often = frozenset(shape for shape, count in seen.items() if count >= _USUAL_SHARE * total)
        return Prior(
            often, frozenset(shape for shape, count in seen.items() if count >= _STRANGE_SHARE * total), senders
        )
    if not lengths:
        return Prior(senders=senders)
    also = (Shape(length, mixed) for length in lengths for mixed in {False, letters})
    return Prior(frozenset({Shape(lengths[0], letters)}), frozenset((*also, *seen)), senders)


def with_prior(found: Found, known: Prior, sender: str = "", *, is_own_sender: bool = False) -> Found:
    """The same message read by somebody who knows the service: what was not certain may become so, or the other way.

    `is_own_sender`: the sender is known to be the service's, by its name for one.
    """
    if found.code is not None or not found.ranked or (known == NO_PRIOR and not is_own_sender):
        return found
    if choose(found.ranked).code is not None:
        return found  # more than scores spoke against it: a call that says its code in two ways
    shifted = [_shifted(one, known, sender, is_own_sender) for one in found.ranked]
    shifted.sort(key=lambda one: one.score, reverse=True)
    decided = choose(tuple(shifted))
    return replace(decided, confidence=min(decided.confidence, HIGHEST), ranked=found.ranked)


def steps_of(code: str, known: Prior, sender: str = "", *, is_own_sender: bool = False) -> dict[str, float]:
    """What is added to the score of a candidate, and why."""
    steps = {}
    if is_own_sender or (known.senders and key_of(sender) in known.senders):
        steps["known sender"] = SENDER_STEP
    shape = shape_of(code)
    if shape in known.usual:
        steps["usual look"] = USUAL_STEP
    elif known.usual and shape not in known.possible:
        steps["strange look"] = -STRANGE_STEP
    return steps


def _shifted(one: Scored, known: Prior, sender: str, is_own_sender: bool) -> Scored:
    step = sum(steps_of(one.code, known, sender, is_own_sender=is_own_sender).values())
    return replace(one, score=round(min(1.0, max(0.0, one.score + step)), 3))
