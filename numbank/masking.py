"""Telephone numbers as logs may show them: `7916*****67` tells the operator whose SIM it is, and nobody a number to call."""

from __future__ import annotations

import re

# As E.164 writes them; what is shorter may be an id of ours, and is masked where it is logged.
NUMBER = re.compile(r"(?<!\d)\d{10,15}(?!\d)")


def masked(e164: int | str) -> str:
    """A number with all but its first four and its last two digits starred; a short one shows only the last two."""
    digits = str(e164)
    head = 4 if len(digits) >= 8 else 0
    return digits[:head] + "*" * max(0, len(digits) - head - 2) + digits[-2:]


def without_numbers(text: str) -> str:
    """A text with everything that looks like a telephone number masked."""
    return NUMBER.sub(lambda found: masked(found[0]), text)
