"""Evidence that only mails give: a number with a line or cell for itself, a subject of a number and a word for codes."""

import re
from bisect import bisect_right
from functools import partial

from numbank.codes.candidates import prefix_start
from numbank.codes.case import NONE, Case, Evidence
from numbank.codes.mail.view import View, has_form, is_boxed
from numbank.codes.scoring import Source

_NEAR, _AROUND = 2, 6  # lines between a word for codes and the number
_REACH = 80
_SHORTEST_RANDOM = 5

# Groups of capitals and digits with a dash, which no message but a mail has.
_DASHED = re.compile(r"(?<![A-Za-z0-9-])[A-Z0-9]{3,4}-[A-Z0-9]{3,4}(?![A-Za-z0-9-])")


def sources(view: View) -> tuple[Source, ...]:
    """What a mail adds to the engine's own evidence."""
    return tuple(partial(source, view) for source in (_boxed, _named, _in_subject, _in_line, _unintroduced))


def _boxed(view: View, case: Case) -> Evidence:
    """The number has a line or a table cell for itself, below or above a word for codes."""
    candidate = case.candidate
    line = view.line_at(candidate.start)
    if not has_form(candidate) or not is_boxed(view.reading.text, candidate) or line - 1 in view.advert_lines - {0}:
        return NONE
    above = bisect_right(view.word_lines, line) - 1
    lines_off = line - view.word_lines[above] if above >= 0 else None
    if len(view.boxed_codes - {candidate.code}) > 0:
        return Evidence(0.74, "in its own line below a word for codes") if lines_off == 1 else NONE
    if candidate.looks_like_year and (lines_off is None or lines_off > _NEAR):
        return NONE
    if lines_off is not None and lines_off <= _NEAR:
        return Evidence(0.86, "in its own line below a word for codes")
    if view.speaks_of_code(0) or (lines_off is not None and lines_off <= _AROUND):
        return Evidence(0.8, "in its own line, and the mail is about a code")
    if candidate.is_mixed or view.is_visit:
        return NONE
    if lines_off is not None:
        return Evidence(0.7, "in its own line, and a word for codes far above")
    below = bisect_right(view.word_lines, line)
    is_below = below < len(view.word_lines) and view.word_lines[below] - line <= _NEAR
    return Evidence(0.74, "in its own line above a word for codes") if is_below else NONE


def _named(view: View, case: Case) -> Evidence:
    """A word for codes of any language stands directly before the number, or behind the only one: "(Kod 482913)"."""
    candidate = case.candidate
    is_of_price = view.line_at(candidate.start) in view.advert_lines
    if not has_form(candidate) or candidate.looks_like_year or is_of_price:
        return NONE
    if view.is_behind_word(prefix_start(view.reading.text, candidate.start)):
        return Evidence(0.82, "directly behind a word for codes")
    index = bisect_right(view.words, (candidate.end, 0))
    is_before = index < len(view.words) and view.words[index][0] == candidate.end + 1
    if is_before and case.is_sole and not candidate.is_mixed:
        return Evidence(0.72, "directly before a word for codes")
    return NONE


def _in_subject(view: View, case: Case) -> Evidence:
    """The subject is a number and a word for codes: the number begins or ends it and is the only one."""
    candidate = case.candidate
    if view.line_at(candidate.start) or not has_form(candidate) or candidate.is_mixed:
        return NONE
    subject = view.line_text(0)
    is_first = not any(map(str.isalnum, subject[: candidate.start]))
    is_last = not any(map(str.isalnum, subject[candidate.end :]))
    numbers = re.findall(r"[0-9]{3,}", subject)
    if view.speaks_of_code(0) and (is_first or is_last) and len(numbers) <= 2:
        return Evidence(0.78, "a subject of a number and a word for codes")
    return NONE


def _in_line(view: View, case: Case) -> Evidence:
    """The only number of a mail ends a line that has a word for codes."""
    candidate = case.candidate
    if not case.is_sole or case.governor.cue is not None or not has_form(candidate) or candidate.is_mixed:
        return NONE
    if view.line_at(candidate.start) in view.advert_lines:
        return NONE
    index = bisect_right(view.words, (candidate.start, 0)) - 1
    begin = view.reading.sentence_at(candidate.start)[0]
    is_behind = index >= 0 and view.words[index][0] >= max(begin, candidate.start - _REACH)
    return Evidence(0.66, "ends a line about a code") if is_behind and case.ends_sentence() else NONE


def _unintroduced(view: View, case: Case) -> Evidence:
    """Capitals and digits at the beginning of a sentence, in a mail whose subject is about a confirmation or a password,
    and nothing else that could be the code: templates lose their word for it in translation.
    """
    candidate, reading = case.candidate, case.reading
    begin = reading.sentence_at(candidate.start)[0]
    is_random = candidate.is_mixed and has_form(candidate) and len(candidate.code) >= _SHORTEST_RANDOM
    is_first = not any(map(str.isalnum, reading.text[begin : candidate.start]))
    if not is_random or not is_first or not case.is_only or case.governor.cue is not None or not view.is_of_account:
        return NONE
    return Evidence(0.7, "capitals and digits that begin a sentence of a mail about an account")


def dashed(view: View) -> str | None:
    """A code like "ABC-D3F": the only one of this form, alone in its line or at the beginning of the subject."""
    found: set[str] = set()
    for match in _DASHED.finditer(view.reading.text):
        code, line = match.group(), view.line_at(match.start())
        if code.replace("-", "").isdigit() or view.reading.masks.cover(match.start()):
            continue
        has_line = view.line_text(line) == code
        begins = line <= 1 and view.line_text(line).startswith(code)
        is_meant = any(view.speaks_of_code(number) for number in {0, line, line - 1, line - 2} if number >= 0)
        if view.is_behind_word(match.start()) or (is_meant and (has_line or begins)):
            found.add(code)
    return found.pop() if len(found) == 1 and not view.is_visit and not view.is_advert else None
