"""What a call tells who waits for it: the tail of the caller's number, or what was said. Pure."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

from numbank.catalogue.catalogue import Catalogue
from numbank.messages.model import Incoming, Medium
from numbank.settings import Settings, shares

# What people and programs put between the digits of a telephone number.
DECORATION = str.maketrans(dict.fromkeys(" \u00a0-().\t+"))


class Kind(IntEnum):
    """How a lease is verified: `kind` of offers and activations, activationType and verificationType of the wire."""

    SMS = 0
    FLASH = 1  # a call whose caller's number ends in the code
    VOICE = 2  # a call in which the code is said


# How many digits the code of a call by number has, by id of the service (NUMBANK_CALL_CODE_DIGITS and its overrides).
CodeDigits = Callable[[int], int]


def four_digits(_service_id: int) -> int:
    """The usual length."""
    return 4


def code_digits(settings: Settings, catalogue: Catalogue) -> CodeDigits:
    """The lengths of the settings."""
    overrides = {code: int(digits) for code, digits in shares(settings.call_code_overrides).items()}

    def of(service_id: int) -> int:
        service = catalogue.services.get(service_id)
        return settings.call_code_digits if service is None else overrides.get(service.code, settings.call_code_digits)

    return of


def caller_digits(sender: str) -> str:
    """The digits of a caller's number; empty when it is withheld or no number (a name, `anonymous`)."""
    digits = sender.translate(DECORATION)
    return digits if digits.isascii() and digits.isdigit() else ""


def tail(sender: str, digits: int) -> str | None:
    """The code of a call by number: the last digits of its caller; None when there are fewer."""
    known = caller_digits(sender)
    return known[-digits:] if len(known) >= digits else None


def can_be_read(incoming: Incoming, kind: Kind) -> bool:
    """Whether a customer could read anything in it: a text, a caller where the caller is the code, or a voice call.

    A voice call without a transcript is handed over too: its transcript may be written later.
    """
    if incoming.medium is Medium.SMS:
        return bool(incoming.text.strip())
    return kind == Kind.VOICE or bool(caller_digits(incoming.sender))
