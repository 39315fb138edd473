"""Evidence from where the number stands: asked for, before or behind what it is for, alone in its line."""

import re

from numbank.codes.case import NONE, Case, Evidence, from_noun
from numbank.codes.cues import Cue
from numbank.codes.governor import stands_alone
from numbank.codes.noun_before import is_behind_name
from numbank.codes.reading import Reading
from numbank.codes.verbs import verb_at_end, verb_behind
from numbank.codes.whole_evidence import is_about_nothing_else
from numbank.codes.words import SPACED

_FARTHEST_PURPOSE = 60
_DOUBTFUL = 0.5
_LAST_WORD = re.compile(r" [^\W\d_A-Z]++[.!]?\Z")
_OF_A_HELPLINE = 5
_SURE_LENGTH = 6  # shorter numbers are entered for many reasons
_USUAL = range(5, 9)
_SHORT = 100
_TITLE = 30  # characters


def asked(case: Case) -> Evidence:
    """ "enter 1234 to log in", "use 1234 as your code", "register with 1234", "1234 दर्ज करें"."""
    cue, reading = case.governor.cue, case.reading
    if cue is None or cue.kind not in ("ask", "join"):
        cue = verb_behind(reading, case.candidate.end) if cue is None or cue.kind == "other" else None
        if cue is not None and case.has_rival(cue.end, reading.sentence_at(case.candidate.start)[1]):
            return NONE  # "1234 enter the code 4829"
    if cue is None:
        return _asked_before(case)
    why = f"asked for by {case.quote(cue)}"
    if case.candidate.is_mixed and not case.is_only:
        return NONE
    if cue.kind == "join":
        is_free = case.is_single or cue.end <= case.candidate.start
        is_doubtful = case.candidate.looks_like_time and not case.reading.nouns and not reading.has("warn")
        return Evidence(0.8, why) if is_free and not is_doubtful else NONE
    begin, end = reading.sentence_at(case.candidate.start)
    nouns = case.open_nouns((reading.first(kind, case.candidate.end, end) for kind in ("strong", "weak")), begin)
    if nouns or reading.has("purpose", begin, end) or reading.has_hash:
        return Evidence(0.86, why)
    if reading.nouns or reading.has("purpose") or reading.has("join"):
        return Evidence(0.75, why)
    first = min(cue.start, case.candidate.start)
    title = reading.text[begin:first].rstrip()
    begins = (not title or (title.endswith(":") and len(title) <= _TITLE)) and (
        len(case.candidate.code) >= _SURE_LENGTH or _is_plainly_asked(case)
    )
    is_all = case.is_sole and begins and len(reading.text) <= _SHORT and is_about_nothing_else(reading)
    if not is_all or _counts_something(case):
        return NONE
    return Evidence(0.64, f"{why}, and nothing else is said")


def _counts_something(case: Case) -> bool:
    """ "Type 1234 words": a word that is no cue follows the number and ends the message."""
    reading, end = case.reading, case.candidate.end
    is_word = _LAST_WORD.match(reading.text, end) is not None
    return is_word and not any(reading.starts(kind, end + 1) for kind in reading.cues)


def _has_noun_for(case: Case) -> bool:
    """Whether a noun may be this number's. Behind a warning that has the only nouns stands where to report a misuse."""
    reading, start = case.reading, case.candidate.start
    warning = reading.first("warn", 0, start)
    begin = reading.sentence_at(start)[0]
    is_shown = reading.text[:begin].rstrip().endswith(":") or reading.text[begin - 1 : begin] == "\n"
    is_usual = case.candidate.end - start == _SURE_LENGTH  # phones have another length, or groups
    return bool(reading.nouns) and (
        warning is None or is_shown or is_usual or any(map(case.is_unwarned, reading.nouns))
    )


def _asked_before(case: Case) -> Evidence:
    """ "Enter the number below. 482913 (valid for 3 minutes)": the sentence before asks for the number that begins this one;
    or this one asks at its end, as in most languages of Asia.
    """
    reading, candidate = case.reading, case.candidate
    begin = reading.sentence_at(candidate.start)[0]
    if not case.is_sole or candidate.is_mixed or len(candidate.code) < _OF_A_HELPLINE:
        return NONE
    cue = case.governor.cue  # a preposition at most: what else owns the number is a veto
    if any(map(str.isalnum, reading.text[begin : cue.start if cue else candidate.start])):
        return NONE
    verb = reading.last("ask", reading.before(begin), begin)
    is_parted = reading.text[candidate.end : candidate.end + 2] in (" (", "") or case.ends_part()
    if verb is not None and is_parted and not any(map(str.isalnum, reading.text[verb.end : begin])):
        return Evidence(0.7, f"the sentence before asks for it by {case.quote(verb)}")
    verb = verb_at_end(reading, candidate.end)
    return Evidence(0.72, f"asked for by {case.quote(verb)} at the end") if verb else NONE


def _is_plainly_asked(case: Case) -> bool:
    """ "Type 1234 and go": the verb before the number, and no word behind it that says where to put it."""
    reading, end = case.reading, case.candidate.end
    place = reading.first("other", end, end + 20)
    is_before = case.governor.cue is not None and case.governor.cue.end in (
        case.candidate.start,
        case.candidate.start - 1,
    )
    return is_before and reading.shadow[0] in SPACED and (place is None or place.start > end + 1)


def for_purpose(case: Case) -> Evidence:
    """ "1234 to log in", "To log in to Example: 1234", "Register with the following 1234": the only number."""
    reading, candidate, governor = case.reading, case.candidate, case.governor
    if not case.is_single or candidate.looks_like_year:
        return NONE
    begin, end = reading.sentence_at(candidate.start)
    if len(candidate.code) < _OF_A_HELPLINE and not reading.nouns and not case.ends_part():
        return NONE
    verb = reading.last("purpose", begin, candidate.start)
    if (
        verb is not None
        and is_behind_name(case, verb)
        and len(candidate.code) >= _OF_A_HELPLINE
        and case.ends_sentence()
    ):
        return Evidence(0.66, f"behind {case.quote(verb)} and a name")
    for kind in ("purpose", "account", "join"):
        cue = reading.first(kind, candidate.end, min(end, candidate.end + 20))
        if cue is not None and cue.start == candidate.end + 1:
            return Evidence(0.72, f"directly before {case.quote(cue)}")
        cue = reading.last(kind, max(begin, candidate.start - _FARTHEST_PURPOSE), candidate.start)
        if cue is not None and governor.link == 2 and not _is_of_payment(reading, cue):
            return Evidence(0.72, f"linked to {case.quote(cue)}")
        if cue is not None and cue.end == candidate.start - 1 and case.open_nouns(reading.nouns, begin):
            return Evidence(0.72, f"directly behind {case.quote(cue)}, and a noun elsewhere")
        is_short = end - begin <= _FARTHEST_PURPOSE and case.ends_sentence()
        if cue is not None and kind == "join" and governor.cue is None and is_short:
            return Evidence(0.7, f"ends the sentence of {case.quote(cue)}")
    return NONE


def _is_of_payment(reading: Reading, cue: Cue) -> bool:
    """Whether what a number is for is just "payment": what follows then is mostly the amount."""
    money = reading.first("money", cue.start, cue.end)
    return money is not None and money.end == cue.end


def alone(case: Case) -> Evidence:
    """The number has its line or sentence for itself, and the message speaks of a code."""
    reading, candidate = case.reading, case.candidate
    if not stands_alone(reading, candidate):
        return NONE
    begin = reading.sentence_at(candidate.start)[0]
    previous = reading.before(begin)
    is_warning = reading.has("warn", previous, begin) and not reading.text[:begin].rstrip().endswith(":")
    for kind, score in (("strong", 0.86), ("weak", 0.8)):
        noun = reading.first(kind, previous, begin)
        if noun and not is_warning:
            has_rival = case.has_rival(0, len(reading.text))  # then the noun may be that one's
            return from_noun(case, noun, _DOUBTFUL if has_rival else score, "alone behind")
    if candidate.is_mixed:
        return _capitals(case)
    if not case.is_sole:
        return NONE
    if any(reading.has(kind, previous, begin) for kind in ("purpose", "join")):
        return Evidence(0.7, "alone behind what it is for")
    if _has_noun_for(case):
        return Evidence(0.72, "alone in its line, and a noun elsewhere")
    return Evidence(0.68, "alone in its line of a message that expires") if reading.has("fresh") else NONE


def _capitals(case: Case) -> Evidence:
    """Capitals and digits that are a sentence, in a message about nothing that has a number: "Phone added. 6TC7UC"."""
    reading, candidate = case.reading, case.candidate
    is_random = len(candidate.code) in _USUAL and sum(map(str.isdigit, candidate.code)) < len(candidate.code) - 1
    if not is_random or not case.is_only or len(reading.text) > _SHORT or not is_about_nothing_else(reading):
        return NONE
    score = 0.68 if reading.has("contact") else 0.55
    return Evidence(score, "capitals and digits that are a sentence for themselves")
