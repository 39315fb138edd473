"""What a lease on a simulated number receives, and when: pure, drawn from the fault plan (NUMBANK_SANDBOX_FAULTS)."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from numbank.catalogue.model import Service
from numbank.clock import Chance
from numbank.messages.calls import Kind
from numbank.messages.model import Medium
from numbank.settings import fault_shares
from numbank.suppliers.simulator import calls
from numbank.suppliers.simulator.messages import Text, Writer

# `late` comes this long after the lease ended: longer than a sweep takes, shorter than its number rests.
LATE_BY_S = 5.0


class Fault(StrEnum):
    """What goes wrong with the messages of a lease."""

    NEVER = "never"  # nothing comes
    LATE = "late"  # it comes after the lease ended
    TWICE = "twice"  # it is pushed twice under one id; the bank keeps it once
    WRONG = "wrong"  # first one of another service, then the right one
    NOCODE = "nocode"  # a message without a code
    TWO = "two"  # two codes, one after the other


class Faults(msgspec.Struct, frozen=True):
    """Shares of the faults, in the order in which they are drawn."""

    shares: tuple[tuple[Fault, float], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Faults:
        """Read the setting; OperatorError on what it cannot be (settings.fault_shares)."""
        found = fault_shares(text)
        return cls(tuple((fault, found[fault]) for fault in Fault if found.get(fault)))

    def draw(self, chance: Chance) -> Fault | None:
        """The fault of one lease, mostly none."""
        drawn = chance.between(0, 1)
        for fault, share in self.shares:
            if drawn < share:
                return fault
            drawn -= share
        return None


class Planned(msgspec.Struct, frozen=True):
    """One message to come, `delay_s` after the lease began."""

    delay_s: float
    foreign_id: str
    sender: str
    text: str
    medium: Medium = Medium.SMS
    language: str | None = None


class Order(msgspec.Struct, frozen=True):
    """A lease that messages are planned for. `language` is what a voice call is wanted in, None: the country's."""

    lease_id: int
    service: Service
    iso2: str
    life_s: float
    kind: Kind = Kind.SMS
    language: str | None = None
    dialing_prefix: str = ""


def chance_for(seed: int, lease_id: int, turn: int = 0) -> Chance:
    """The chance of one lease; `turn` counts the further codes that were asked for."""
    return Chance((seed << 96) | (turn << 64) | lease_id)


def plan(order: Order, fault: Fault | None, writer: Writer, chance: Chance, delay_s: float) -> list[Planned]:
    """The messages of a lease. What comes second comes one more delay later."""
    if fault is Fault.NEVER:
        return []
    later_s = 2 * delay_s
    if fault is Fault.NOCODE:
        return [_silent(order, delay_s, writer, chance)]
    first = _coded(order, 0, delay_s, writer, chance)
    if fault is Fault.LATE:
        return [msgspec.structs.replace(first, delay_s=order.life_s + LATE_BY_S)]
    if fault is Fault.TWICE:
        return [first, msgspec.structs.replace(first, delay_s=later_s)]
    if fault is Fault.TWO:
        return [first, _coded(order, 1, later_s, writer, chance)]
    if fault is Fault.WRONG:
        wrong = writer.wrong(order.service, order.iso2, chance)
        if wrong is not None:
            return [_planned(order, 1, delay_s, wrong), msgspec.structs.replace(first, delay_s=later_s)]
    return [first]


def plan_more(order: Order, turn: int, writer: Writer, chance: Chance, delay_s: float) -> Planned:
    """A further code that the customer asked for; `turn` tells it from those before."""
    text = writer.coded(order.service, order.iso2, chance)
    return Planned(delay_s, f"{order.lease_id}-more-{turn}", text.sender, text.text)


def _coded(order: Order, place: int, delay_s: float, writer: Writer, chance: Chance) -> Planned:
    """What brings the code: a message, a caller, or a voice."""
    if order.kind == Kind.SMS:
        return _planned(order, place, delay_s, writer.coded(order.service, order.iso2, chance))
    return _call(order, place, delay_s, calls.caller(order.iso2, order.dialing_prefix, chance), chance)


def _silent(order: Order, delay_s: float, writer: Writer, chance: Chance) -> Planned:
    """The same without a code."""
    if order.kind == Kind.SMS:
        return _planned(order, 0, delay_s, writer.silent(order.service, order.iso2, chance))
    return _call(order, 0, delay_s, calls.SHORT_CALLER, None)


def _call(order: Order, place: int, delay_s: float, caller: str, chance: Chance | None) -> Planned:
    """A call; `chance` None: one in which nothing is said."""
    foreign_id = f"{order.lease_id}-{place}"
    if order.kind != Kind.VOICE:
        return Planned(delay_s, foreign_id, caller, "", Medium.CALL)
    language = calls.language_of(order.language, order.iso2)
    text = calls.silent(language) if chance is None else calls.said(language, chance)
    return Planned(delay_s, foreign_id, caller, text, Medium.CALL, language)


def _planned(order: Order, place: int, delay_s: float, text: Text) -> Planned:
    return Planned(delay_s, f"{order.lease_id}-{place}", text.sender, text.text)
