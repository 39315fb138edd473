"""Tells pieces of addresses, identifiers and file names, and the numbers that are names of firms."""

import functools
import re

from numbank.codes.numbers.near import Mask, Near
from numbank.codes.wordlist import table

_HEX = re.compile(r"(?:[0-9A-Fa-f]{1,4}:){3,7}[0-9A-Fa-f]{1,4}|[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){1,3}")
# What the number goes on with: a dash and a word with a digit in it, or, behind a dash as well, two to four capitals.
_GOES_ON = re.compile(r"-[A-Za-z]{0,8}[0-9]")
_CUT_OFF = re.compile(r"-(?:[0-9\s]|\Z|[A-Z]{1,4}(?![A-Za-z]))")
_IBAN = re.compile(r"(?: ?[A-Z0-9]{4}){2}")
_COUNTRY = re.compile(r"[A-Z]{2}[0-9]{2}")
_CAPITALS = re.compile(r"-[A-Z]{1,4}(?![A-Za-z])")
_NUMBER = re.compile(r"[0-9]{4,}+")
_LONG_MESSAGE = 1000  # characters; a longer one has more numbers, and is not searched for each
_OF_CODES = 4  # digits; five are short numbers of banks and carriers, as well
_OPENS, _CLOSES = frozenset("[\u3010"), frozenset("]\u3011")
_LONGEST_NOUN = 24
_PATH_SIGNS = frozenset("/\\")


def identifier_mask(near: Near) -> Mask | None:
    """Why the number is a piece of something longer, or a name."""
    before, after = near.before, near.after
    if (before[-1:] in _PATH_SIGNS and before[-2:-1].isalnum() and not _is_behind_noun(near)) or (
        after[:1] in _PATH_SIGNS and after[1:2].isalnum()
    ):
        return Mask("path")
    if "@" in (before[-1:], after[:1]):
        return Mask("address")
    if (before[-1:] == "_") != (after[:1] == "_"):
        return Mask("piece of a name", is_sure=after[:1] == "_" or before[-2:-1].isdigit())
    if (":" in before or "-" in after or "-" in before) and _is_hex(near):
        return Mask("identifier")
    if _COUNTRY.fullmatch(near.number) and _IBAN.match(after):
        return Mask("account")
    if _GOES_ON.match(after) or ("-" in near.number and _CUT_OFF.match(after)):
        return Mask("first half of an identifier")
    if before[-1:] == "-" and before[-2:-1].isalnum() and _CAPITALS.match(after):
        return Mask("middle of an identifier")
    if before[-5:-1].startswith("&#") or before[-2:] == "&#":
        return Mask("sign of a page")
    return _brand(near)


def _is_behind_noun(near: Near) -> bool:
    """Whether a word for codes ends at the slash: "OTP/482913"."""
    at = near.start - 1
    nouns = (near.reading.last(kind, at - _LONGEST_NOUN, at) for kind in ("strong", "weak"))
    return any(noun is not None and noun.end == at for noun in nouns)


def _is_hex(near: Near) -> bool:
    around = near.before + near.number + near.after
    begin = len(near.before)
    return any(match.start() <= begin < match.end() for match in _HEX.finditer(around))


@functools.cache
def _brands() -> frozenset[str]:
    return frozenset(name.lower() for name in table("numbers/brands")["names"])


def _brand(near: Near) -> Mask | None:
    """A name of a firm: surely in brackets of its own at the beginning of a line. Four digits that are the only number of a
    message are none: so many codes have.
    """
    if near.number.lower() not in _brands():
        return None
    is_title = (
        near.before[-1:] in _OPENS and near.after[:1] in _CLOSES and not near.before[:-1].rpartition("\n")[2].strip()
    )
    text = near.reading.text
    may_be_sole = near.number.isdigit() and len(near.number) == _OF_CODES and len(text) <= _LONG_MESSAGE
    is_sole = may_be_sole and all(number == near.number for number in _NUMBER.findall(text))
    return None if is_sole and not is_title else Mask("name of a firm", is_sure=is_title)
