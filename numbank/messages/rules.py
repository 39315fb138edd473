"""Decides what a message means for the lease that gets it: its code, and how sure that is. Pure."""

from __future__ import annotations

import msgspec

from numbank.codes import Found
from numbank.codes.prior import with_prior
from numbank.messages.calls import CodeDigits, Kind, four_digits, tail
from numbank.messages.habits import Habits
from numbank.messages.model import Incoming


class Value(msgspec.Struct, frozen=True):
    """What the customer gets: a code, or none. `confidence` without a code is that of a guess that is withheld."""

    code: str | None
    confidence: float


class CodeRules(msgspec.Struct, frozen=True):
    """How codes are handed out. `digits`: how much of a caller's number is the code; `deliver_uncertain`: the best guess is
    the code, where no code is certain; `habits`: what is known of the services.
    """

    digits: CodeDigits = four_digits
    deliver_uncertain: bool = False
    habits: Habits = Habits()

    def of(self, incoming: Incoming, kind: Kind, service_id: int, *, any_service: bool = False) -> Value:
        """What a message is to a lease for a service; one for `any_service` is for the one that the message names."""
        if kind == Kind.FLASH:
            return Value(tail(incoming.sender, self.digits(service_id)), incoming.confidence)
        if any_service:
            service_id = incoming.service or service_id
        return self.read(incoming.found, service_id, incoming.sender)

    def read(self, found: Found, service_id: int, sender: str) -> Value:
        """The same for what was read in a text or a transcript."""
        known = with_prior(found, self.habits.prior_of(service_id), sender)
        return Value(self.handed_out(known), known.confidence)

    def handed_out(self, found: Found) -> str | None:
        """The code that a customer gets."""
        return found.code or (found.uncertain if self.deliver_uncertain else None)


DEFAULT = CodeRules()
