"""Brings the text of a mail into lines to judge: no empty ones, boxes of digits in one, nothing of earlier mails."""

import re

from numbank.codes.plain import shadow_of, without_invisible
from numbank.codes.wordlist import word_list

READ_LIMIT = 10_000
"""Characters of a mail's text in which a code is looked for."""

_RAW_LIMIT = 131_072
_BLANKS = re.compile(r"[^\S\n]+")
_BREAKS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_INVISIBLE = "\u200b\u200c\u200d\u2060\u034f\ufeff\u00ad\u2007"
# What mails put behind a pre-header so that nothing else shows in a list of mails.
_FILLER = re.compile(f"(?:[{_INVISIBLE}] ?){{4,}}")
_ONE = re.compile(r"[^\W_]")
_BETWEEN = frozenset("-\u2013\u2014\u2022\u00b7|")
_LEAST_BOXES, _MOST_BOXES = 4, 10
_LONG_PATH = re.compile(r"(https?://[^\s/?#<>]{1,253}/)[^\s<>]{20,}", re.IGNORECASE)
_QUOTE_HEAD = 160  # characters of the line above a quote


def lines_of(raw: str) -> str:
    """The text without needless blanks and empty lines, and with digits of boxes of their own in one line."""
    text = _FILLER.sub(" ", _BLANKS.sub(" ", _BREAKS.sub("\n", raw)))
    lines = [line for line in map(str.strip, text.split("\n")) if line.strip(_INVISIBLE)]
    return "\n".join(_boxes_joined(lines))


def body_of(text: str) -> str:
    """The lines of a mail's own words, at most READ_LIMIT characters, cut between words; links without their paths."""
    lines = lines_of(_LONG_PATH.sub(r"\1", without_invisible(text[:_RAW_LIMIT]))).split("\n")
    body = "\n".join(_own(lines))
    if len(body) <= READ_LIMIT:
        return body
    cut = max(body.rfind("\n", 0, READ_LIMIT), body.rfind(" ", 0, READ_LIMIT))
    return body[: max(cut, 0)]


def _own(lines: list[str]) -> list[str]:
    """The lines above and between quotes; all of them, if there is nothing else."""
    own: list[str] = []
    for line in lines:
        if _begins_quote(line) and any(map(str.isalnum, "".join(own))):
            break
        if not line.startswith(">"):
            own.append(line)
    return own if any(map(str.isalnum, "".join(own))) else lines


def _begins_quote(line: str) -> bool:
    """ "On Tuesday, 1 March 2026 Jane wrote:", "-----Original Message-----"."""
    if len(line) > _QUOTE_HEAD:
        return False
    if line.endswith((":", "\uff1a")) and any(map(str.isdigit, line)):
        return "wrote" in word_list("mail/words").kinds(shadow_of(line))
    return line.startswith("--") and "original" in word_list("mail/words").kinds(shadow_of(line))


def _boxes_joined(lines: list[str]) -> list[str]:
    """Lines of one digit or letter each, as many as a code has, become one line: "4", "8", ... is "4 8 ..."."""
    joined: list[str] = []
    run: list[str] = []
    for line in (*lines, ""):
        if len(line) == 1 and (_ONE.fullmatch(line) or (run and line in _BETWEEN)):
            run.append(line)
            continue
        boxes = [char for char in run if char not in _BETWEEN]
        if _LEAST_BOXES <= len(boxes) <= _MOST_BOXES and any(map(str.isdigit, boxes)):
            joined.append((" " if all(map(str.isdigit, boxes)) else "").join(boxes))
        else:
            joined += run
        run = []
        joined.append(line)
    return joined[:-1]
