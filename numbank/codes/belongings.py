"""Finds the code words that mean no one-time code, because of what stands beside them: "gate code", "invalid PIN".

Such a word becomes a cue of the kind `other`: it owns its number, and the number is no code of a log-in.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import NamedTuple

from numbank.codes.cues import NOUNS, Cue

# Between a code word and what it belongs to: "code for the gate", "código de la puerta". No sign and no line break.
_BRIDGE = re.compile(r"(?: [^\W\d_]{1,4}){0,2} ")
_LONGEST_BRIDGE = 12


class _Beside(NamedTuple):
    """The words that make a noun belong elsewhere, by where they end or start."""

    ends: dict[str, dict[int, int]]
    holders: list[Cue]
    voids: dict[int, Cue]
    general: frozenset[int]


def disown(text: str, cues: list[Cue]) -> list[Cue]:
    """The cues of the text, with each noun that belongs to something else turned into one that owns its number."""
    ends: dict[str, dict[int, int]] = {kind: {} for kind in ("holder", "label", "void")}
    for cue in cues:
        if cue.kind in ends:
            ends[cue.kind][cue.end] = min(cue.start, ends[cue.kind].get(cue.end, cue.start))
    holders = sorted((cue for cue in cues if cue.kind == "holder"), key=lambda cue: cue.start)
    general = frozenset(cue.end for cue in cues if cue.kind == "general")
    voids = {cue.start: cue for cue in cues if cue.kind == "void"}
    beside = _Beside(ends, holders, voids, general)
    return [_owned_elsewhere(text, cue, beside) or cue if cue.kind in NOUNS else cue for cue in cues]


def _owned_elsewhere(text: str, noun: Cue, beside: _Beside) -> Cue | None:
    """The noun together with its holder as a cue of another kind; None if it has none."""
    is_weak = noun.kind == "weak"
    is_general = is_weak or noun.end in beside.general
    kinds = ("void", *(("holder",) if is_general else ()), *(("label",) if is_weak else ()))
    if text[noun.start - 1 : noun.start] in (" ", "-"):
        for kind in kinds:
            start = beside.ends[kind].get(noun.start - 1)
            if start is not None:
                return Cue("other", start, noun.end)
    holder = bridged(text, noun.end, beside.holders) if is_general else None
    if holder is None and text[noun.end : noun.end + 1] == " ":
        holder = beside.voids.get(noun.end + 1)
    return Cue("other", noun.start, holder.end) if holder else None


def bridged(text: str, at: int, holders: list[Cue]) -> Cue | None:
    """The first of the holders behind `at`, if nothing but a few small words lies between."""
    index = bisect_left(holders, at, key=lambda cue: cue.start)
    holder = holders[index] if index < len(holders) else None
    is_near = holder is not None and holder.start - at <= _LONGEST_BRIDGE
    return holder if holder and is_near and _BRIDGE.fullmatch(text, at, holder.start) else None


def unwarned(cues: Iterable[Cue], warns: Iterable[Cue], breaks: list[int]) -> list[Cue]:
    """The cues without those of sentences that only warn: "never tell it to anyone, not even to the driver"."""
    warned = {_sentence(breaks, cue.start) for cue in warns}
    return [cue for cue in cues if _sentence(breaks, cue.start) not in warned]


def _sentence(breaks: list[int], at: int) -> int:
    return bisect_right(breaks, at)
