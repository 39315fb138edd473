"""Says why a candidate cannot be a code: it is an amount, a card, a phone, a date, a piece of something longer."""

import re
import unicodedata

from numbank.codes.belongings import bridged
from numbank.codes.candidates import Candidate, prefix_start
from numbank.codes.governor import Governor
from numbank.codes.mixed import why_mixed_is_none
from numbank.codes.reading import Reading

_CUT_MARGIN = 64  # a number so near to the place where reading stopped may be half a number

# Directly behind a candidate: a dash and a word with a digit in it, so the candidate is half of an identifier.
_GOES_ON = re.compile(r"-[A-Za-z]{0,8}[0-9]")

# Beside a candidate: a comma and one more number, so the two are members of a list.
_NEXT_IN_LIST = re.compile(r" ?[,;] ?([0-9]{4,10})(?![0-9])")
_LAST_IN_LIST = re.compile(r"(?<![0-9])([0-9]{4,10}) ?[,;] ?\Z")

_PARTICLE = "in"  # of Dutch verbs: "voer de code in" is "enter the code"

_TITLE_ENDS = ":]\u3011"
# "验证码:290573,5分钟内有效": a comma without a blank, as Chinese is written, and no part of an amount.
_FOR_MINUTES = re.compile(r",[0-9]{1,2} ?(?:分[钟鐘]|小[时時])")
_PAIRS = (("/", "path"), ("\\", "path"), (",", "amount"), (".", "amount"), (":", "time"), ("'", "amount"))


def veto(reading: Reading, candidate: Candidate, governor: Governor) -> str | None:
    """The reason why this is no code, or None."""
    if reading.masks.cover(candidate.start):
        return "address"
    if _is_owned(reading, candidate, governor) or _is_held(reading, candidate, governor):
        return "owned by another word"
    text = reading.text
    touching = _touching(text, candidate) or _listed(text, candidate) or _dashes(text, candidate, governor)
    return (
        touching
        or _beside(reading, candidate)
        or (why_mixed_is_none(text, candidate, governor) if candidate.is_mixed else None)
    )


def _is_owned(reading: Reading, candidate: Candidate, governor: Governor) -> bool:
    if governor.cue is None or governor.cue.kind != "other" or _is_topic(reading, governor):
        return False
    if _ends_purpose(reading, governor):
        return False
    # In "Example House: 1234 is your code" the word is the end of a name.
    is_title = governor.link and any(sign in _TITLE_ENDS for sign in reading.text[governor.cue.end : candidate.start])
    return not (is_title and candidate.end + 1 in reading.link_starts)


def _ends_purpose(reading: Reading, governor: Governor) -> bool:
    """Whether the owning word is the end of what is done with a code: "the code to log in: 1234", "vul de code in: 1234"."""
    cue = governor.cue
    if cue is None or governor.link < 2:
        return False
    if reading.shadow[cue.start : cue.end] == _PARTICLE and any(noun.end == cue.start - 1 for noun in reading.nouns):
        return True
    purpose = reading.last("purpose", governor.floor, cue.start)
    return purpose is not None and purpose.end >= cue.end


def _is_held(reading: Reading, candidate: Candidate, governor: Governor) -> bool:
    """ "code 1234 for the courier": what stands behind the number owns it, unless the noun is an explicit one."""
    cue = governor.cue
    if cue is not None and cue.kind == "strong" and not reading.first("general", cue.start, cue.end):
        return False
    holder = bridged(reading.text, candidate.end, reading.cues.get("holder", []))
    return holder is not None and holder.start > candidate.end + 1


def _is_topic(reading: Reading, governor: Governor) -> bool:
    """Whether the owning word only says what a code is for: "your OTP for the transaction is 123456"."""
    cue = governor.cue
    if cue is None or governor.link < 2 or not reading.first("topic", cue.start, cue.end):
        return False
    for kind, reach in (("strong", 60), ("weak", 25)):
        noun = reading.last(kind, governor.floor, cue.start)
        if noun is not None and cue.start - noun.end <= reach and "," not in reading.text[noun.end : cue.start]:
            return True
    return False


def is_near_cut(reading: Reading, candidate: Candidate) -> bool:
    """Whether a text that was not read to its end may have cut this candidate."""
    return candidate.end > len(reading.text) - _CUT_MARGIN


def _touching(text: str, candidate: Candidate) -> str | None:
    """What the characters that touch the candidate make of it."""
    before = text[max(0, candidate.start - 2) : candidate.start].rjust(2)
    after = text[candidate.end : candidate.end + 2].ljust(2)
    for sign, reason in _PAIRS:
        other_side = str.isalnum if sign in "/\\" else str.isdigit
        if sign == "," and _FOR_MINUTES.match(text, candidate.end):
            continue
        if (before[1] == sign and other_side(before[0])) or (after[0] == sign and other_side(after[1])):
            return reason
    if before[1] == "+" or before == "..":
        return "phone or card"
    if (before[1] == "*") != (after[0] == "*") or after[0] == "#" or before[1] in "\u2022\u2026":
        return "masked or dialled"
    if after[0] in "%\u2030" or after in (" %", "**"):
        return "percentage"
    if "@" in (before[1], after[0]) or (before[1] == "_") != (after[0] == "_"):
        return "address"
    if any(unicodedata.category(sign) == "Sc" for sign in (before.strip()[-1:] or " ") + (after.strip()[:1] or " ")):
        return "amount"
    return None


def _listed(text: str, candidate: Candidate) -> str | None:
    """A second number of the same length behind a comma: whichever is the code, it cannot be told."""
    ahead = _NEXT_IN_LIST.match(text, candidate.end)
    behind = _LAST_IN_LIST.search(text, max(0, candidate.start - 13), candidate.start)
    for match in (ahead, behind):
        if match and len(match[1]) == len(candidate.code) and match[1] != candidate.code:
            return "one of a list"
    return None


def _dashes(text: str, candidate: Candidate, governor: Governor) -> str | None:
    is_cut_off = text[candidate.end : candidate.end + 1] == "-" and "-" in text[candidate.start : candidate.end]
    if is_cut_off or _GOES_ON.match(text, candidate.end):
        return "first half of an identifier"
    start = candidate.start
    if text[start - 1 : start] == "-" and text[max(0, start - 2) : start - 1].isalnum():
        owned = governor.is_noun and governor.cue is not None and governor.cue.end == start - 1
        if not owned and (candidate.is_mixed or prefix_start(text, start) == start):
            return "second half of an identifier"
    return None


def _beside(reading: Reading, candidate: Candidate) -> str | None:
    """What the words beside the candidate make of it: a measure, an amount, a year."""
    start, end, text = candidate.start, candidate.end, reading.text
    for kind in ("unit", "currency"):
        cue = reading.first(kind, end, end + 24)
        if cue is not None and text[end : cue.start] in ("", " ", "-"):
            return kind
    cue = reading.first("void", end, end + 40)
    if cue is not None and not text[end : cue.start].strip(" )]*\"'"):
        return "no longer good"
    cue = reading.last("currency", start - 12, start)
    is_taken = cue is not None and text[max(0, cue.start - 2) : cue.start].rstrip()[-1:].isdigit()  # "500 rub: 1234"
    if cue is not None and not is_taken and not text[cue.end : start].strip(" .:-"):
        return "currency"
    if candidate.looks_like_year and reading.has("month", max(0, start - 14), start):
        return "date"
    return None
