"""Finds the code in a transcript whose numbers are digits: as in any text, or because nothing else can be it."""

import functools
import re
from collections import Counter

from ahocorasick_rs import AhoCorasick, MatchKind

from numbank.codes.decide import Found, Scored, possible, recognise
from numbank.codes.plain import shadow_of
from numbank.codes.spoken.runs import CODE_SIZES, as_numbers
from numbank.codes.spoken.words import languages, time_words

# Of a number directly behind the words that introduce a code in a call, whatever the last of them owns elsewhere.
_INTRODUCED_CONFIDENCE = 0.85
# Of a transcript in which nothing says "code", but which has one number only.
_ALONE_CONFIDENCE = 0.6

_MISHEARD = 2
_NUMBER = re.compile(r"(?<!\w)[0-9]{%d,%d}(?!\w)" % (CODE_SIZES.start, CODE_SIZES.stop - 1))  # noqa: UP031  braces
# Groups of digits that only blanks part: "60 21", "3 19 07". A date or a time has other signs, or a word before it.
_GROUPS = re.compile(r"(?<![\w.,:/+-])(?<![0-9] )[0-9]{1,3}(?: [0-9]{1,3}){1,3}+(?![\w:/%]| [0-9]|[.,-][0-9])")
_REPEATED = re.compile(r"(?<![\w.:,/+-])[0-9]{1,4}(?: [0-9]{1,4}){1,3}+(?![\w:/%]| [0-9]|[.,-][0-9])")
_COUNTING = "1234567890 0123456789 9876543210"  # as who tests a line, or counts
_LONGEST_TIME = 16
_SEVEN = 7  # digits of a number that is called; hardly any code has as many
_FEW_WORDS = 2  # a greeting and a goodbye
_FEW_LETTERS = 16
_NEARLY_CERTAIN = 0.55
_WEAK_GUESS = 0.4
_LAST_WORD = re.compile(r"[,:] ?[0-9]{4,8}[.,]?\s{0,4}\Z")  # what the whole transcript leads to
_MORE_WORDS = 10
_WORD = re.compile(r"[^\W\d_]+")
_BEFORE_CODE = re.compile(r"[ ,.:\-\u2013\u2014]{0,4}([0-9]{4,8})(?![0-9])")


def hear(transcript: str, *, sender: str = "", language: str = "") -> Found:
    """The code that was said, or none when none was or it is not clear which one it is.

    `language` (BCP 47): what the transcript is written in, if that is known; it only decides between equal explanations.
    """
    text = _with_repeats_joined(as_numbers(transcript, language))
    found = recognise(text, sender=sender)
    if found.code is not None:
        return _doubted(found, found.code, text)
    introduced = _introduced(text)
    if len(introduced) == 1:
        number, is_sure = introduced.popitem()
        if is_sure or number in possible(text, sender=sender):
            return _certain(number, _INTRODUCED_CONFIDENCE)
    return _alone(text, sender, found) or _in_groups(text, sender) or found


def _alone(text: str, sender: str, found: Found) -> Found | None:
    """The only number of the transcript: certain where it is the best guess anyway, or hardly anything else is said.

    An amount or a date is no code, be it the only number; any other number of a long call may be an order or an address.
    """
    said = _NUMBER.findall(text)
    if len(set(said)) != 1 or len(said[0]) == _SEVEN or said[0] not in possible(text, sender=sender):
        return None
    is_repeated = len(said) > 1 and said[0] not in _COUNTING
    words = _WORD.findall(text)
    if found.uncertain == said[0]:
        is_certain = is_repeated or found.confidence >= _NEARLY_CERTAIN or _LAST_WORD.search(text) is not None
    else:
        is_bare = len(words) <= _FEW_WORDS or _is_guess(found, said[0])
        is_short = is_bare and len("".join(words)) <= _FEW_LETTERS
        is_certain = (is_short and said[0] not in _COUNTING) or (is_repeated and len(words) <= _MORE_WORDS)
    return _certain(said[0], _ALONE_CONFIDENCE) if is_certain else None


def _is_guess(found: Found, number: str) -> bool:
    """Whether the number is nearly the best guess: too little for a message, enough for a call that is over at once."""
    return bool(found.ranked) and found.ranked[0].code == number and found.ranked[0].score >= _WEAK_GUESS


def _with_repeats_joined(text: str) -> str:
    """The text with groups of digits as one number where the same ones are said again: "4829 13. Again, 4829 13."."""
    said = Counter(match.group() for match in _REPEATED.finditer(text) if not _counts(text, match.end()))
    joined = [one for one, times in said.items() if times > 1 and len(one.replace(" ", "")) in CODE_SIZES]
    if len(joined) != 1 or len(set(joined[0].split())) == 1:
        return text
    return _REPEATED.sub(lambda match: _as_one(match) if match.group() == joined[0] else match.group(), text)


def _counts(text: str, end: int) -> bool:
    """Whether a word for minutes or the like stands behind the number."""
    return text[end : end + _LONGEST_TIME].lstrip(" -").lower().startswith(time_words())


def _in_groups(text: str, sender: str) -> Found | None:
    """The code whose digits stand in groups of uneven size, if it is clearly one when they are together."""
    joined = {
        match.group().replace(" ", "")
        for match in _GROUPS.finditer(text)
        if len(match.group().replace(" ", "")) in CODE_SIZES
    }
    if len(joined) != 1:
        return None
    found = recognise(_GROUPS.sub(_as_one, text), sender=sender)
    return found if found.code in joined else None


def _as_one(groups: re.Match[str]) -> str:
    return groups.group().replace(" ", "")


def _doubted(found: Found, code: str, text: str) -> Found:
    """The code, uncertain where the call says it otherwise as well, or only half of it: one was not heard well."""
    heard = {number for number in _NUMBER.findall(text) if number != code}
    if len(code) < CODE_SIZES.start or any(_is_like(number, code) for number in heard):
        return Found(None, found.confidence / 2, max((code, *sorted(heard)), key=len), found.ranked)
    return found


def _is_like(number: str, code: str) -> bool:
    """Whether one begins with the other, or they differ in a digit or two."""
    if len(number) != len(code):
        return number.startswith(code) or code.startswith(number)
    return sum(one != other for one, other in zip(number, code, strict=True)) <= _MISHEARD


def _certain(code: str, confidence: float) -> Found:
    return Found(code, confidence, ranked=(Scored(code, confidence),))


@functools.cache
def _intros() -> AhoCorasick:
    said = sorted({intro for language in languages() for intro in language.intros})
    return AhoCorasick(said, matchkind=MatchKind.Standard)


def _introduced(text: str) -> dict[str, bool]:
    """The numbers that stand directly behind what introduces a code; a single word before them leaves room for doubt."""
    found: dict[str, bool] = {}
    shadow = shadow_of(text)
    for _, start, end in _intros().find_matches_as_indexes(shadow, overlapping=True):
        match = _BEFORE_CODE.match(text, end)
        if match:
            found[match[1]] = found.get(match[1], False) or " " in shadow[start:end]
    return found
