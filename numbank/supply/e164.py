"""Reads telephone numbers as people and files write them."""

from __future__ import annotations

import phonenumbers

from numbank.errors import OperatorError


def parse_e164(text: str) -> int:
    """The digits of an international number, with or without plus, blanks and dashes; OperatorError when it is none.

    Whether the number can exist is judged by phonenumbers' length rules: operators own numbers of ranges that are too
    new for any table of valid prefixes.
    """
    shown = text.strip()
    try:
        parsed = phonenumbers.parse(shown if shown.startswith("+") else f"+{shown}", None)
    except phonenumbers.NumberParseException:
        raise OperatorError(f"{shown!r} is not an international telephone number") from None
    if not phonenumbers.is_possible_number(parsed):
        raise OperatorError(f"{shown!r} has the wrong length for country code +{parsed.country_code}")
    return int(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164).removeprefix("+"))


def is_plausible(e164: int) -> bool:
    """Whether these digits can be an international number, by the same rules."""
    try:
        return parse_e164(str(e164)) == e164
    except OperatorError:
        return False
