"""Evidence from where the number stands: asked for, alone in its line, behind a name, the whole message."""

from numbank.codes.case import NONE, Case, Evidence, from_noun
from numbank.codes.governor import stands_alone

_TITLE = 30  # characters of a name before the number
_TITLE_ENDS = (":", "]", "\u3011")


def asked(case: Case) -> Evidence:
    """ "enter 1234 to log in", "use 1234 as your code", "register with 1234"."""
    cue, reading = case.governor.cue, case.reading
    if cue is None or cue.kind not in ("ask", "join"):
        return NONE
    why = f"asked for by {case.quote(cue)}"
    if cue.kind == "join":
        return Evidence(0.8, why)
    begin, end = reading.sentence_at(case.candidate.start)
    nouns = case.open_nouns((reading.first(kind, case.candidate.end, end) for kind in ("strong", "weak")), begin)
    if nouns or reading.has("purpose", begin, end) or reading.has_hash:
        return Evidence(0.86, why)
    return Evidence(0.75, why) if reading.nouns or reading.has("purpose") else NONE


def alone(case: Case) -> Evidence:
    """The number has its line or sentence for itself, and the message speaks of a code."""
    reading, candidate = case.reading, case.candidate
    if not stands_alone(reading, candidate):
        return NONE
    begin = reading.sentence_at(candidate.start)[0]
    previous = reading.sentence_at(begin - 1)[0] if begin else 0
    for kind, score in (("strong", 0.86), ("weak", 0.8)):
        noun = reading.first(kind, previous, begin)
        if noun and not case.is_warned(noun, previous):
            return from_noun(case, noun, score, "alone behind")
    if candidate.is_mixed or not case.is_sole:
        return NONE
    if reading.nouns:
        return Evidence(0.72, "alone in its line, and a noun elsewhere")
    return Evidence(0.68, "alone in its line of a message that expires") if reading.has("fresh") else NONE


def titled(case: Case) -> Evidence:
    """A name and the number, and the message speaks of a code: "[Name] 1234. Do not share this code"."""
    reading, candidate = case.reading, case.candidate
    title = reading.text[: min(candidate.start, _TITLE + 1)].strip()
    speaks_behind = bool(reading.nouns) and reading.nouns[-1].start > candidate.end
    if not case.is_sole or reading.sentence_at(candidate.start)[0] or not speaks_behind:
        return NONE
    if not title.endswith(_TITLE_ENDS) or len(title) > _TITLE or not case.ends_sentence():
        return NONE
    return Evidence(0.66, "behind a name at the beginning")


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
