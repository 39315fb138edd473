"""Tells phones, short numbers that are dialled, and cards and accounts of which only the last digits are shown."""

import re

from numbank.codes.numbers.near import Mask, Near

# Signs that stand for hidden digits, directly before the shown ones or one blank or dash off.
_HIDDEN = re.compile(r"(?:[*xX\u00d7\u2022\u25cf\u2219\u22c5\u00b7\u2026#]{2,}|\.{2,}|[*\u2022\u25cf\u00b7\u2026])\Z")
_HIDDEN_OFF = re.compile(r"(?:(?<![A-Za-z])[xX]{2,}|[*\u00d7\u2022\u25cf\u00b7#]{2,})[ -]\Z")
_HIDING = frozenset("*xX\u00d7\u2022\u25cf\u2219\u22c5\u00b7\u2026#.")
_STARS = re.compile(r"(\*+) ?\Z")

# Letters that stand for hidden digits, as one word with the shown ones: XX1234, XXXX4829XX, x1234.
_WORD_WITH_HIDDEN = re.compile(r"[xX]+[0-9]+(?:[xX]{2,})?|[0-9]+[xX]+[0-9]*")

_LONGEST_CODE = 9  # with its signs: "1234 5678"

# Of call centres: 1800 1234, 0800-1234, 1588-1234; and from one round number to another: 1200-1500.
_CENTRE = r"(?:0[0-9]{3}|1[38]00)"
_FOURS = re.compile(_CENTRE + r"[ -][0-9]{4}|1[5-9][0-9]{2}-[0-9]{4}|[0-9]{3}0-[0-9]{3}0")
_ZERO = re.compile(r"0[0-9]{1,3}(?:[ -][0-9]{2,4}){2,4}|[0-9]{3}-[0-9]{3}-[0-9]{4}")
_IN_BRACKETS = re.compile(r"(?:\(\+?[0-9]{1,4}\)|\+[0-9]{1,3}) ?-?\Z")


def is_of_call_centre(number: str) -> bool:
    """Whether four digits begin the number of a call centre, with a blank behind them."""
    return re.fullmatch(_CENTRE, number) is not None


def phone_mask(near: Near) -> Mask | None:
    """Why the number is dialled, or the visible end of a card or an account."""
    return _dialled(near) or _hidden(near) or _by_form(near)


def _dialled(near: Near) -> Mask | None:
    before = near.before
    if before[-1:] == "+" or ((")" in before or "+" in before) and _IN_BRACKETS.search(before)):
        return Mask("phone")
    if near.after[:1] == "#" and near.before[-1:] != "#":
        return Mask("dialled")
    return None


def _hidden(near: Near) -> Mask | None:
    before, after = near.before, near.after
    if not near.number.isdigit() and _WORD_WITH_HIDDEN.fullmatch(near.number):
        return Mask("card or account")
    stars = _STARS.search(before) if "*" in before[-3:] else None
    if stars is not None and after.lstrip(" ").startswith(stars[1]):
        return None  # "*482913*", "** 482913 **": bold
    if after[:1] in ("*", "\u2022", "\u25cf"):
        return Mask("card or account")
    last, last_but_one = before[-1:], before[-2:-1]
    if last == "." != last_but_one or not (last in _HIDING or (last in " -" and last_but_one in _HIDING)):
        return None
    if _HIDDEN.search(before):
        return Mask("card or account", is_sure=last not in ".\u2026#" and (last != "*" or last_but_one == "*"))
    return Mask("card or account") if _HIDDEN_OFF.search(before) else None


def _by_form(near: Near) -> Mask | None:
    if near.number.isdigit():
        return None
    if _ZERO.fullmatch(near.number):
        return Mask("phone", is_sure=len(near.number) > _LONGEST_CODE)
    return Mask("phone or range", is_sure=False) if _FOURS.fullmatch(near.number) else None
