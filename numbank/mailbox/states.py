"""The states of a mailbox lease and what leads from one to the other: the table that desks, docs and tests read."""

from __future__ import annotations

from enum import IntEnum

import msgspec


class State(IntEnum):
    """As stored; from FIRST_ENDED on it is over. `status` is the number of the wire (protocol.md 8.2)."""

    WAITING = 1
    RECEIVED = 3
    DONE = 8
    CANCELLED = 9
    CLOSED = 10  # cancelled after a mail: nothing is given back

    @property
    def status(self) -> int:
        """3 waiting, 4 cancel, 5 success, 6 cancel after success."""
        return {State.WAITING: 3, State.CANCELLED: 4, State.CLOSED: 6}.get(self, 5)


class Event(IntEnum):
    """What can happen to a mailbox lease; as stored in ended_by."""

    MAIL = 1
    CANCEL = 2  # by its customer
    EXPIRE = 3
    REORDER = 4  # its customer goes on with it: the next lease begins on its address


class Charge(IntEnum):
    """What a step does with the hold."""

    NONE = 0
    POST = 1
    VOID = 2


class Step(msgspec.Struct, frozen=True):
    """Where an event leads. `guarded`: refused while the lease is too young for a cancel."""

    to: State
    charge: Charge = Charge.NONE
    guarded: bool = False


FIRST_ENDED = 8

TABLE: dict[tuple[State, Event], Step] = {
    (State.WAITING, Event.MAIL): Step(State.RECEIVED, Charge.POST),
    (State.WAITING, Event.CANCEL): Step(State.CANCELLED, Charge.VOID, guarded=True),
    (State.WAITING, Event.EXPIRE): Step(State.CANCELLED, Charge.VOID),
    (State.RECEIVED, Event.MAIL): Step(State.RECEIVED),
    (State.RECEIVED, Event.CANCEL): Step(State.CLOSED, guarded=True),
    (State.RECEIVED, Event.EXPIRE): Step(State.DONE),
    (State.RECEIVED, Event.REORDER): Step(State.DONE),
}
