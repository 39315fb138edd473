"""Tells whether a name is the title of a message or signs it: "X:", "[X]", "- X", "Team X"."""

import functools
import re
from collections.abc import Sequence

from numbank.codes.reading import Reading
from numbank.codes.services.mentions import Mention
from numbank.codes.services.name import brand_words
from numbank.codes.services.phrases import LEADERS

# What stands before a name that is the title of a message or of a line: "[X] ", "<#> X: ", "RM0 X: " in Malaysia.
_TITLE_BEGIN = re.compile(r"(?:^|\n)(?:<#>|subject:|\(?rm ?0(?:\.00)?\)?)? ?[\[\u3010(*\"]? ?\Z", re.IGNORECASE)
_TITLE_END = re.compile(r" ?[\]\u3011):\u17d6*\"]| [-|~] |-(?= )|\n|\Z")
_BEFORE_CODE = re.compile(r" ?: ?[0-9]{3}")
_BRACKET_BEGIN = re.compile(r"[\[\u3010] ?\Z")
_BRACKET_END = re.compile(r"[^\]\u3011\n]{0,12}[\]\u3011]")
_SIGN_END = re.compile(r"(?: (?:team|support team|inc|llc|ltd|corp))?[\s.,!)\]\"'\u2019>]*+\Z", re.IGNORECASE)
_TEAM = re.compile(r" (?:support )?team\b", re.IGNORECASE)
_SENTENCE_ENDS = (".", "!", "?", "\u3002", "\uff61", "\u061f", "\u06d4", "\u0964")
_ANY_TITLE = re.compile(r"(?:<#>)? ?(?:[\[\u3010(][^\]\u3011)\n]{2,24}[\]\u3011)]|[^:\n.!?,]{2,24}:(?![0-9/]))")
_MARGIN = 24


@functools.cache
def _sign_begin() -> re.Pattern[str]:
    """What stands before a name at the end of a message: "- X", "Team X", "Thanks, X", "© 2026 X", the code and a blank."""
    words = "|".join(rf"\b{re.escape(word)},?" for word in sorted(brand_words()["signers"]))
    return re.compile(
        rf"(?:(?<![^\W\d_])[-~|/\u00b7]|[0-9]\.?|\n|\A|\u00a9(?: ?(?:\(c\)|[0-9]{{4}})){{0,2}}|{words})[ \n]?(?:the )?\Z",
        re.IGNORECASE,
    )


def is_title(reading: Reading, mention: Mention) -> bool:
    """Whether the name is the title of the message or of a line: "[X]", "X:", or alone on the line."""
    text, start, end = reading.text, mention.start, mention.end
    if text[start:end].islower() and mention.name.is_everyday and not mention.name.is_small:
        return False
    ahead = text[max(0, start - _MARGIN) : start]
    if _BRACKET_BEGIN.search(ahead) and _BRACKET_END.match(text, end) and _at_edge(text, start, end):
        return True
    is_start = not text[reading.sentence_at(start)[0] : start].strip()
    if mention.name.is_distinctive and is_start and _BEFORE_CODE.match(text, end):
        return True
    begin = _TITLE_BEGIN.search(ahead)
    if begin is None or not (_TITLE_END.match(text, end) or _is_sentence(reading, mention)):
        return False
    is_first = not any(map(str.isalnum, text[: start - len(begin.group())]))
    return is_first or (mention.name.is_distinctive and text[end : end + 1] not in ("", "\n"))


def _is_sentence(reading: Reading, mention: Mention) -> bool:
    """Whether a full stop follows, and it is no everyday word: "VK. Code 4829", but not "Smart. Your code is 4829"."""
    text, end, name = reading.text, mention.end, mention.name
    is_abbreviation = name.is_chosen and text[mention.start : end].isupper() and end + 2 in reading.noun_starts
    return text.startswith(". ", end) and (name.is_distinctive or is_abbreviation)


def _at_edge(text: str, start: int, end: int) -> bool:
    """Whether a name in brackets is at the beginning of the message, or at its end."""
    return len(text[:start].lstrip("<#>\n [\u3010")) == 0 or len(text) - end <= _MARGIN


def has_title_but(reading: Reading, mentions: Sequence[Mention]) -> bool:
    """Whether the message begins with a title of somebody else, so that it is his: "Acme: ", "[Acme]"; not "Your code: "."""
    match = _ANY_TITLE.match(reading.text)
    if match is None or not any(map(str.isalpha, match.group())) or mentions[0].start < match.end():
        return False
    kinds = (*LEADERS, "plain")
    return not any(reading.first(kind, match.start(), match.end()) for kind in kinds)


def is_signature(reading: Reading, mention: Mention, end: int, *, is_mail: bool) -> bool:
    """Whether the name signs the message, whose own words end at `end`. In a mail a line with nothing but a name is one
    of a list of links.
    """
    text, start = reading.text, mention.start
    if text[start : mention.end].islower():
        return False
    ahead = text[max(0, start - _MARGIN) : start]
    match = _sign_begin().search(ahead)
    sign = match.group() if match else ""
    if is_mail and sign.startswith("\u00a9"):
        return True  # the owner's address follows
    if is_mail and "\n" in sign and _TEAM.match(text, mention.end):
        return True
    is_alone = mention.name.is_distinctive and not is_mail and ahead.rstrip(" ").endswith(_SENTENCE_ENDS)
    if not (is_alone or match) or (is_mail and sign == "\n"):
        return False
    return end - mention.end <= _MARGIN and _SIGN_END.match(text[mention.end : end]) is not None
