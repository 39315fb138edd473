"""Tells dates and times: in any order of day, month and year, of several calendars, by numbers or with a month's name."""

import re

from numbank.codes.numbers.near import Mask, Near

# Years that messages speak of: Persian and Hijri, Western (Ethiopian lie within), Buddhist.
_YEARS = (range(1350, 1500), range(1900, 2101), range(2440, 2620))
_DATE_SIGNS = frozenset("./-")

# Between a year and its month: the day, and small words: "21 de noviembre de 2026", "November 21, 2026", "2026. gada 21.".
_TO_MONTH = re.compile(
    r"[ .,/-]{0,2}(?:[^\W\d_]{1,4}\.? )?(?:[0-9]{1,2}[.,]?(?:st|nd|rd|th)?[ .,]{0,2})?(?:[^\W\d_]{1,3} ){0,2}'?"
)
_REACH = 24

# The day and the month of a year, a blank behind each full stop: "2026. 11. 21.", "21. 11. 2026".
_SPACED_AHEAD = re.compile(r"\. ([0-9]{1,2})\. ([0-9]{1,2})(?![0-9])")
_SPACED_BEHIND = re.compile(r"(?<![0-9])([0-9]{1,2})\. ([0-9]{1,2})\. \Z")
_DAY_AND_YEAR = re.compile(r"([0-9]{1,2})[ -]([0-9]{4})")

_GLUED_DATE = re.compile(r"[0-9]{1,2}([A-Za-z]{3,9})(?:[0-9]{2}|[0-9]{4})?|([A-Za-z]{3,9})[0-9]{1,2}")
_GLUED_TIME = re.compile(
    r"(?:[01]?[0-9]|2[0-4])(?:[hH][0-5][0-9](?:min|MIN|m)?|[0-5][0-9](?:[aApP][mM]|hrs?|HRS?|h|H))"
)
_STAMP = re.compile(r"[0-9]{1,2}T[0-9]{2}|[0-9]{8}T[0-9]{1,6}")
_CLOCK = re.compile(r"[ T]?[0-2]?[0-9][:.][0-5][0-9]")


def date_mask(near: Near) -> Mask | None:
    """Why the number is a piece of a date or of a time."""
    if near.is_joined or near.signs:
        return _by_signs(near)
    if near.number.isdigit():
        return _year(near, near.number) if len(near.number) == 4 else _compact(near)
    if " " not in near.number:
        return _glued(near)
    pair = _DAY_AND_YEAR.fullmatch(near.number)  # "Nov 21 2026"
    return _year(near, pair[2]) if pair and is_day_and_month(pair[1], "1") else None


def is_year(part: str) -> bool:
    """Whether digits are a year that messages speak of."""
    return len(part) == 4 and any(int(part) in years for years in _YEARS)


def is_day_and_month(one: str, other: str) -> bool:
    """Whether two numbers can be a day and a month, in either order."""
    if not (1 <= len(one) <= 2 and 1 <= len(other) <= 2):
        return False
    low, high = sorted((int(one), int(other)))
    return 1 <= low <= 12 and 1 <= high <= 31


def _by_signs(near: Near) -> Mask | None:
    parts, signs = near.parts, near.signs
    if not all(map(str.isdigit, parts)):
        return None
    if ":" in signs and all(len(part) <= 2 for part in parts):
        return Mask("time")
    if len(parts) == 3 and signs[0] == signs[1] and signs[0] in _DATE_SIGNS:
        first, second, third = parts
        if (is_year(first) and is_day_and_month(second, third)) or (is_year(third) and is_day_and_month(first, second)):
            return Mask("date")
        if all(len(part) == 2 for part in parts) and (
            is_day_and_month(first, second) or is_day_and_month(second, third)
        ):
            return Mask("date", is_sure=near.is_joined)
    if len(parts) == 2 and signs in "/.-":
        first, second = parts
        is_season = is_year(first) and is_year(second) and int(second) - int(first) in (0, 1)
        if is_season or (is_year(second) and len(first) <= 2) or (is_year(first) and len(second) <= 2):
            return Mask("date", is_sure=near.is_joined)
    return None


def _year(near: Near, year: str) -> Mask | None:
    """A year beside the name of a month, or beside day and month."""
    if not is_year(year):
        return None
    reading = near.reading
    month = reading.last("month", near.start - _REACH, near.start)
    if month is not None and _TO_MONTH.fullmatch(reading.text, month.end, near.start):
        around = reading.text[max(0, month.start - 4) : near.end - len(year)]
        return Mask("date", is_sure=any(map(str.isdigit, around)))
    month = reading.first("month", near.end, near.end + _REACH)
    if month is not None and _TO_MONTH.fullmatch(reading.text, near.end, month.start):
        around = reading.text[near.end : month.end + 4]
        return Mask("date", is_sure=any(map(str.isdigit, around)))
    spaced = _SPACED_AHEAD.match(near.after) or _SPACED_BEHIND.search(near.before)
    if (spaced and is_day_and_month(spaced[1], spaced[2])) or "\u00a9" in near.before[-3:]:
        return Mask("date")
    return None


def _compact(near: Near) -> Mask | None:
    """20261121 before a time of day: the form alone says nothing, most codes of eight digits have it by chance."""
    return Mask("date") if _CLOCK.match(near.after) and is_compact_date(near.number) else None


def is_compact_date(number: str) -> bool:
    """20261121, 21112026."""
    if len(number) != 8:
        return False
    if is_year(number[:4]) and is_day_and_month(number[4:6], number[6:]):
        return True
    return is_year(number[4:]) and is_day_and_month(number[:2], number[2:4])


def _glued(near: Near) -> Mask | None:
    """21NOV2026, 14h30, 230pm."""
    dated = _GLUED_DATE.fullmatch(near.number)
    if dated is not None:
        begin, end = dated.span(1 if dated[1] else 2)
        month = near.reading.first("month", near.start + begin, near.start + end)
        if month is not None and (month.start, month.end) == (near.start + begin, near.start + end):
            return Mask("date", is_sure=dated[1] is not None and len(near.number) > 6)
    if _STAMP.fullmatch(near.number):
        return Mask("date")
    return Mask("time", is_sure=False) if _GLUED_TIME.fullmatch(near.number) else None
