"""Decides what a message means for the lease that gets it: its code, and how sure that is. Pure."""

from __future__ import annotations

import msgspec

from numbank.codes.decide import THRESHOLD
from numbank.codes.prior import with_prior
from numbank.messages.calls import CodeDigits, Kind, four_digits, tail
from numbank.messages.habits import Habits
from numbank.messages.model import Incoming


class Value(msgspec.Struct, frozen=True):
    """What the customer gets: a code, or none. `confidence` without a code is that of a guess that is withheld."""

    code: str | None
    confidence: float

    @property
    def is_guess(self) -> bool:
        """Whether it is handed out without being certain. The caller of a call is a code of no confidence, and no guess."""
        return self.code is not None and 0 < self.confidence < THRESHOLD

    def beside(self, code: str | None) -> Value:
        """The same for somebody who has a code already: a guess never takes the place of one."""
        return Value(None, self.confidence) if code is not None and self.is_guess else self


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
            return Value(tail(incoming.sender, self.digits(service_id)), 0.0)  # whatever was said in the call
        if any_service:
            service_id = incoming.named or service_id
        found = with_prior(
            incoming.found,
            self.habits.prior_of(service_id),
            incoming.sender,
            is_own_sender=service_id in incoming.senders,
        )
        return Value(found.code or (found.uncertain if self.deliver_uncertain else None), found.confidence)


DEFAULT = CodeRules()
