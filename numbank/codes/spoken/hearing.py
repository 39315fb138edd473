"""Finds the code in a transcript whose numbers are digits: as in any text, or because nothing else can be it."""

import functools
import re

from ahocorasick_rs import AhoCorasick, MatchKind

from numbank.codes.decide import Found, Scored, possible, recognise
from numbank.codes.plain import shadow_of
from numbank.codes.spoken.runs import CODE_SIZES, as_numbers
from numbank.codes.spoken.words import languages

# Of a number directly behind the words that introduce a code in a call, whatever the last of them owns elsewhere.
_INTRODUCED_CONFIDENCE = 0.85
# Of a transcript in which nothing says "code", but which has one number only.
_ALONE_CONFIDENCE = 0.6

_NUMBER = re.compile(r"(?<!\w)[0-9]{%d,%d}(?!\w)" % (CODE_SIZES.start, CODE_SIZES.stop - 1))  # noqa: UP031  braces
_BEFORE_CODE = re.compile(r"[ ,.:\-\u2013\u2014]{0,4}([0-9]{4,8})(?![0-9])")


def hear(transcript: str, *, sender: str = "", language: str = "") -> Found:
    """The code that was said, or none when none was or it is not clear which one it is.

    `language` (BCP 47): what the transcript is written in, if that is known; it only decides between equal explanations.
    """
    text = as_numbers(transcript, language)
    found = recognise(text, sender=sender)
    if found.code is not None:
        return _doubted(found, found.code, text)
    introduced = _introduced(text)
    if len(introduced) == 1:
        return _certain(introduced.pop(), _INTRODUCED_CONFIDENCE)
    alone = set(_NUMBER.findall(text))
    # An amount or a date is no code, be it the only number.
    if len(alone) == 1 and alone <= possible(text, sender=sender):
        return _certain(alone.pop(), _ALONE_CONFIDENCE)
    return found


def _doubted(found: Found, code: str, text: str) -> Found:
    """The code, uncertain where the call says it again longer or shorter: one of the two was not heard well."""
    heard = {number for number in _NUMBER.findall(text) if number != code}
    if any(number.startswith(code) or code.startswith(number) for number in heard):
        return Found(None, found.confidence / 2, max(heard | {code}, key=len), found.ranked)
    return found


def _certain(code: str, confidence: float) -> Found:
    return Found(code, confidence, ranked=(Scored(code, confidence),))


@functools.cache
def _intros() -> AhoCorasick:
    said = sorted({intro for language in languages() for intro in language.intros})
    return AhoCorasick(said, matchkind=MatchKind.Standard)


def _introduced(text: str) -> set[str]:
    """The numbers that stand directly behind what introduces a code."""
    found = set()
    for _, _, end in _intros().find_matches_as_indexes(shadow_of(text), overlapping=True):
        match = _BEFORE_CODE.match(text, end)
        if match:
            found.add(match[1])
    return found
