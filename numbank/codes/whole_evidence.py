"""Evidence from the message as a whole: the only number of it, and all that is said around it taken together."""

import re
from collections.abc import Iterator

from numbank.codes.candidates import prefix_start
from numbank.codes.case import NONE, Case, Evidence
from numbank.codes.cues import Cue
from numbank.codes.reading import Reading

_SHORTEST, _LONGEST_CODE = 4, 8
_SURE_LENGTH = 6  # shorter numbers are entered for many reasons, and behind a warning they are those to report it to
_SHORT, _LONGEST = 100, 160
_PREPOSITION = 3
_OF_SOMETHING_ELSE = ("promo", "currency", "elsewhere", "holder", "void", "month")
_TITLE = 30  # characters of a name before the number
_OPENS = ("[", "(", "\u3010")
_TITLE_ENDS = (":", "]", "\u3011")

_DIGITS = re.compile("[0-9]++")
_LONGEST_SPAN = 3  # digits of "180 seconds"
_NEAR_SPAN = 24
_CLOCK = re.compile("(?<![0-9])[0-2]?[0-9][:.][0-5][0-9](?![0-9])")

# What the only number is worth, for which no language's word is needed, and what else makes a code of it.
_ONLY = 0.5
_SPEAKS_OF_CODE, _WARNS, _EXPIRES, _HAS_TITLE = 0.14, 0.12, 0.1, 0.04
_BEHIND_NOUN, _BEHIND_COLON, _NOTHING_BUT_NAME = 0.1, 0.12, 0.1
_SOME_WORDS, _FEW_WORDS = 3, 2
_IN_THE_MIDDLE, _IN_THE_MIDDLE_OF_SOMETHING, _OF_FOUR, _LONG_MESSAGE = 0.04, 0.12, 0.06, 0.08
_MOST = 0.75


def lonely(case: Case) -> Evidence:
    """The only number of a message in which no word is about something that has a number, but how long something is good.

    In a language that no data file knows that is all there is to see, so it is a guess. A word for codes anywhere, a
    warning, a time until which it is good make more of it.
    """
    reading, size, cue = case.reading, len(case.candidate.code), case.governor.cue
    if not case.is_sole or not _SHORTEST <= size <= _LONGEST_CODE or len(reading.text) > _LONGEST:
        return NONE
    if size == _SHORTEST and (not reading.nouns or case.candidate.looks_like_time):
        return NONE
    if cue is not None and (cue.kind not in ("ask", "join") or size < _SURE_LENGTH):
        return NONE
    if not _is_only_number(case) or not is_about_nothing_else(reading, of_money=not reading.nouns):
        return NONE
    seen = [(what, points) for what, is_seen, points in _signs(case) if is_seen]
    score = _ONLY + sum(points for _, points in seen)
    score += _HAS_TITLE if _title_of(case) else 0
    score -= _OF_FOUR if size == _SHORTEST else 0
    score -= 0 if len(reading.text) <= _SHORT else _LONG_MESSAGE
    if not _is_placed(case):
        score -= _IN_THE_MIDDLE if seen and size > _SHORTEST else _IN_THE_MIDDLE_OF_SOMETHING
    said = " and ".join(what for what, _ in seen) or "nothing else"
    return Evidence(round(min(score, _MOST), 3), f"the only number of a message with {said}")


def _signs(case: Case) -> Iterator[tuple[str, bool, float]]:
    """What makes a code of the only number, whether it is there, and what it is worth."""
    reading = case.reading
    is_usual, is_sure = len(case.candidate.code) == _SURE_LENGTH, len(case.candidate.code) >= _SURE_LENGTH
    speaks = _speaks_of_code(case)
    yield "a word for codes", speaks, _SPEAKS_OF_CODE
    yield "a word for codes before it", not speaks and is_usual and _is_behind_noun(case), _BEHIND_NOUN
    yield "a warning behind it", is_sure and reading.has("warn", case.candidate.end), _WARNS
    yield "how long it is good", reading.has("fresh"), _EXPIRES
    yield "a colon before it", is_usual and _is_behind_colon(case), _BEHIND_COLON
    yield "nothing but a name", is_usual and _is_all_but_title(case), _NOTHING_BUT_NAME


def _is_behind_noun(case: Case) -> bool:
    """Whether a word for codes and some others stand before the number, which ends the sentence: "your code to open an
    account is 482913". One or two words could say what code: "code of the order 482913".
    """
    reading, start = case.reading, case.candidate.start
    begin = reading.sentence_at(start)[0]
    nouns = (noun for noun in reading.nouns if begin <= noun.start < start)
    is_far = any(
        len(reading.text[noun.end : start].split()) >= _SOME_WORDS and case.is_unwarned(noun) for noun in nouns
    )
    return is_far and case.ends_sentence()


def _is_only_number(case: Case) -> bool:
    """Whether there are no digits but the code's, once or more, and those that say how long something is good."""
    reading, code = case.reading, case.candidate.code
    for number in _DIGITS.finditer(reading.text):
        begin, end = number.span()
        is_own = case.candidate.start <= begin and end <= case.candidate.end
        if is_own or number.group() == code or _is_span(reading, begin, end):
            continue
        return False
    return True


def _is_span(reading: Reading, begin: int, end: int) -> bool:
    """Whether the number counts minutes or days, or is of a clock time, near a word like "valid"."""
    if end - begin > _LONGEST_SPAN:
        return False
    valid = reading.last("fresh", max(0, begin - _NEAR_SPAN), begin)
    if valid is not None and valid.end == begin - 1:
        return True
    unit = reading.first("unit", end, end + _NEAR_SPAN)
    is_counted = unit is not None and unit.start <= end + 1
    is_span = is_counted or _CLOCK.search(reading.text, max(0, begin - 3), end + 3) is not None
    return is_span and reading.has("fresh", max(0, begin - _NEAR_SPAN), end + _NEAR_SPAN)


def _is_placed(case: Case) -> bool:
    """Whether the number begins the message or a sentence of it, ends one, or stands behind a colon or in brackets."""
    text, candidate = case.reading.text, case.candidate
    begin = case.reading.sentence_at(candidate.start)[0]
    is_first = not any(map(str.isalnum, text[begin : prefix_start(text, candidate.start)]))
    return is_first or case.governor.link > 0 or _title_of(case) or case.ends_clause()


def _title_of(case: Case) -> bool:
    """Whether a name stands before the number, in brackets or with a colon, and nothing else."""
    title = case.reading.text[: min(case.candidate.start, _TITLE + 1)].strip()
    return len(title) <= _TITLE and title.endswith(_TITLE_ENDS)


def _is_behind_colon(case: Case) -> bool:
    before = case.reading.text[: case.candidate.start].rstrip(' "*')
    return before.endswith(":") and case.ends_clause()


def _is_all_but_title(case: Case) -> bool:
    """ "Confirmation Name: 482913": one or two words, and the number."""
    words = case.reading.text[: case.candidate.start].replace(":", " ").split()
    is_name = all(word[0].isupper() or word[0] in _OPENS for word in words)
    return (
        is_name
        and 0 < len(words) <= _FEW_WORDS
        and _title_of(case)
        and not any(map(str.isalnum, case.reading.text[case.candidate.end :]))
    )


def _speaks_of_code(case: Case) -> bool:
    """Whether an explicit noun is there, or a word for codes and log-ins that is not just before the number: then words
    between the two would say what the number is.
    """
    reading, start = case.reading, case.candidate.start
    begin = reading.sentence_at(start)[0]
    kinds = ("strong", "weak", "purpose", "join", "ask")
    for kind in kinds if len(case.candidate.code) >= _SURE_LENGTH else kinds[:-1]:
        for cue in reading.cues.get(kind, ()):
            is_of_name = kind == "weak" and reading.text[cue.end + 1 : cue.end + 2].isupper()
            is_free = kind == "strong" or is_of_name or not begin <= cue.start < start
            if is_free and case.is_unwarned(cue):
                return True
    return False


def is_about_nothing_else(reading: Reading, *, of_money: bool = True) -> bool:
    """Whether no word of the message speaks of what has numbers: orders, offers, doors, dates, measures; and payments, if
    `of_money` is.
    """
    if reading.masks.spans or reading.has_percent or any(reading.cues.get(kind) for kind in _OF_SOMETHING_ELSE):
        return False
    if of_money and reading.cues.get("money"):
        return False
    if any(_counts_other(reading, unit) for unit in reading.cues.get("unit", ())):
        return False
    verified = [cue for kind in ("contact", "account", "purpose") for cue in reading.cues.get(kind, ())]
    return all(
        cue.end - cue.start <= _PREPOSITION
        or any(one.start <= cue.end + 1 and cue.start <= one.end + 1 for one in verified)
        for cue in reading.cues.get("other", [])
    )


def _counts_other(reading: Reading, unit: Cue) -> bool:
    """Whether a number stands before the measure, and it is not the time that something is good for."""
    if not reading.text[: unit.start].rstrip(" -")[-1:].isdigit():
        return False
    return not reading.has("fresh", max(0, unit.start - _NEAR_SPAN), unit.end + _NEAR_SPAN)


def titled(case: Case) -> Evidence:
    """A name and the number, and the message speaks of a code: "[Name] 1234. Do not share this code"."""
    reading, candidate = case.reading, case.candidate
    end = len(reading.text)
    speaks_behind = any(
        reading.has(kind, candidate.end, end) for kind in ("strong", "weak", "account", "warn", "fresh")
    )
    if not case.is_sole or reading.sentence_at(candidate.start)[0] or not speaks_behind:
        return NONE
    is_parted = case.ends_part() or len(candidate.code) >= _SURE_LENGTH
    return Evidence(0.66, "behind a name at the beginning") if _title_of(case) and is_parted else NONE


def for_app(case: Case) -> Evidence:
    """The message is written for an app that reads the code by itself, and there is only one number."""
    if case.is_sole and case.reading.has_hash:
        return Evidence(0.8, "the only number of a message to an app")
    return NONE


def whole(case: Case) -> Evidence:
    """There is nothing but the number."""
    if case.is_sole and case.reading.text.strip() == case.reading.text[case.candidate.start : case.candidate.end]:
        return Evidence(0.8, "the whole message")
    return NONE
