"""The states of a rental and what leads from one to the other: the table that desks, docs and tests read.

A rental is paid by its first message, by the end of the time for a cancel, or by its end; until then its holds are open.
"""

from __future__ import annotations

from enum import IntEnum

import msgspec


class State(IntEnum):
    """As stored; from FIRST_ENDED on it is over. The names that customers see are the wire's (protocol.md 3.3)."""

    FRESH = 1  # nothing came yet, and it can still be cancelled
    FIRM = 3  # paid
    FINISHED = 8
    CANCELLED = 9
    REVOKED = 10


class Event(IntEnum):
    """What can happen to a rental; as stored in ended_by."""

    MESSAGE = 1
    FINISH = 2  # by its customer
    CANCEL = 3  # by its customer
    WINDOW = 4  # the time for a cancel is over
    EXPIRE = 5
    LOST = 6  # the number is gone


class Charge(IntEnum):
    """What a step does with the holds."""

    NONE = 0
    POST = 1
    VOID = 2
    REFUND = 3  # they were posted


class Step(msgspec.Struct, frozen=True):
    """Where an event leads. `timed`: only when its time has come, and a cancel only while there is time."""

    to: State
    charge: Charge = Charge.NONE
    timed: bool = False


FIRST_ENDED = 8

TABLE: dict[tuple[State, Event], Step] = {
    (State.FRESH, Event.MESSAGE): Step(State.FIRM, Charge.POST),
    (State.FRESH, Event.FINISH): Step(State.FINISHED, Charge.POST),
    (State.FRESH, Event.CANCEL): Step(State.CANCELLED, Charge.VOID, timed=True),
    (State.FRESH, Event.WINDOW): Step(State.FIRM, Charge.POST, timed=True),
    (State.FRESH, Event.EXPIRE): Step(State.FINISHED, Charge.POST, timed=True),
    (State.FRESH, Event.LOST): Step(State.REVOKED, Charge.VOID),
    (State.FIRM, Event.MESSAGE): Step(State.FIRM),
    (State.FIRM, Event.FINISH): Step(State.FINISHED),
    (State.FIRM, Event.EXPIRE): Step(State.FINISHED, timed=True),
    (State.FIRM, Event.LOST): Step(State.REVOKED, Charge.REFUND),
}
