"""Tells amounts and measures: by a sign, word or code of a currency beside them, or by how their digits are parted."""

import re
import unicodedata

from numbank.codes.numbers.near import Mask, Near

_SIDE = 24
_LEFT = 12
_PERCENT = frozenset("%\u066a\u2030")

# Letters that touch the digits: "Rs45000", "N2300", "500MB". The one letter is the short sign of a currency.
_SIGN_AND_NUMBER = re.compile(r"([A-Za-z]{1,5})[0-9]+(?:[kKmM]|CR|DR|Cr|Dr)?")
_NUMBER_AND_SIGN = re.compile(r"[0-9]+([^\W\d_]{1,12})")
_SHORT = 2  # letters of a sign that letters of a code are by chance: 482PM
_SHORT_SIGNS = frozenset("NRPKDBSLGMQ")

_AHEAD_OF_NUMBER = re.compile(r"[ .-]{0,2}[0-9]")

# "482913,5 minutes" and "482913.10 min": the blank behind the code is missing.
_LACKS_BLANK = re.compile(r"[.,][0-9]{1,3} ?")


def amount_mask(near: Near) -> Mask | None:
    """Why the number is an amount of money, a percentage or a measure."""
    if near.is_joined or near.is_half_joined:
        if _lacks_blank(near):
            return Mask("amount", is_sure=False)
        return _by_signs(near) if near.is_joined else Mask("piece of something longer")
    return _by_sign_beside(near) or _glued(near) or _by_word(near) or _round(near)


def _lacks_blank(near: Near) -> bool:
    """Whether what is joined to the number is a span of time, a blank missing between: "482913,5 minutes"."""
    behind = _LACKS_BLANK.match(near.after)
    if behind is None or near.is_joined_before:
        return False
    at = near.end + behind.end()
    unit = near.reading.first("unit", at, at + _SIDE)
    money = near.reading.first("currency", at, at + _SIDE)
    return unit is not None and unit.start == at and (money is None or money.start != at)


def _by_signs(near: Near) -> Mask:
    sign = near.signs[0]
    return Mask("time" if sign == ":" else "amount" if sign in ",.'" else "piece of something longer")


def _is_money(sign: str) -> bool:
    return sign == "$" or (not sign.isascii() and unicodedata.category(sign) == "Sc")


def _by_sign_beside(near: Near) -> Mask | None:
    text, start, end = near.reading.text, near.start, near.end
    after = text[end : end + 2]
    if after[:1] in _PERCENT or (after[:1] == " " and after[1:] in _PERCENT and after[1:]):
        return Mask("percentage")
    ahead = text[end + 1 : end + 3] if after[:1] == " " else text[end : end + 2]
    behind = text[max(0, start - 3) : start - 1] if text[start - 1 : start] == " " else text[max(0, start - 2) : start]
    for sign, beyond in ((ahead[:1], ahead[1:]), (behind[-1:], behind[:-1] if text[start - 1 : start] == " " else "")):
        if _is_money(sign) and not beyond.isdigit():  # "482913 £2000": the sign is of the other number
            return Mask("amount")
    if text[end : end + 2] in (".-", ",-", "/-", "/=") and not text[end + 2 : end + 3].isalnum():  # "1000.-", "1500/-"
        return Mask("amount")
    if text[start - 1 : start] == "-" and not text[max(0, start - 2) : start - 1].strip(" \n(:"):  # "Amt: -5000"
        return Mask("amount", is_sure=False)
    return None


def _glued(near: Near) -> Mask | None:
    if near.number.isdigit():
        return None
    sign = _SIGN_AND_NUMBER.fullmatch(near.number)
    if sign is not None:
        money = near.reading.first("currency", near.start, near.start + len(sign[1]))
        if money is not None and money.start == near.start and money.end == near.start + len(sign[1]):
            return Mask("amount", is_sure=len(sign[1]) > 1)
        if sign[1] in _SHORT_SIGNS and near.before[-1:].strip(".(") in ("", " ", ":", "\n"):
            return Mask("amount", is_sure=False)
    sign = _NUMBER_AND_SIGN.fullmatch(near.number)
    if sign is not None:
        at = near.end - len(sign[1])
        for kind in ("unit", "currency"):
            cue = near.reading.first(kind, at, near.end)
            if cue is not None and (cue.start, cue.end) == (at, near.end):
                is_like_code = near.number.isupper() and len(sign[1]) <= _SHORT
                return Mask(kind, is_sure=len(sign[1]) > 1 and not is_like_code)
    return None


def _by_word(near: Near) -> Mask | None:
    """A word of a measure behind the number, or of a currency on either side."""
    reading, start, end = near.reading, near.start, near.end
    text = reading.text
    for kind in ("currency", "unit"):
        cue = reading.first(kind, end, end + _SIDE)
        if cue is None or text[end : cue.start] not in ("", " ", "-"):
            continue
        if text[end : end + 1] == "-" and cue.end - cue.start == 1:
            continue  # an ending: "770145-г"
        owns_next = _AHEAD_OF_NUMBER.match(text, cue.end) is not None  # "735061 Rs.1,299.00"
        return Mask(kind, is_sure=kind == "currency" and not owns_next)
    cue = reading.last("currency", start - _LEFT, start)
    if cue is not None and not text[cue.end : start].strip(" .:-"):
        is_loose = text[cue.end : cue.end + 1] == " " or ":" in text[cue.end : start]
        is_taken = is_loose and text[max(0, cue.start - 2) : cue.start].rstrip(" ")[-1:].isdigit()  # "500 rub: 1234"
        return None if is_taken else Mask("currency")
    return None


def _round(near: Near) -> Mask | None:
    """ "300 000": thousands that a blank parts."""
    is_round = near.number.endswith(" 000") and near.number[0] != "0"
    return Mask("amount", is_sure=False) if is_round else None
