"""The state x event table of an activation (protocol.md 7.1 and 12.2). What is not in the table is refused."""

from __future__ import annotations

from enum import IntEnum

import msgspec


class State(IntEnum):
    """States as stored; below 8 the activation is live."""

    ORDERING = 0  # hold taken, supplier asked, hidden on the wire
    PREPARED = 1  # number shown
    READY = 2  # customer said that the message was sent
    CODE = 3  # a message was delivered
    RETRY = 4  # a further message was asked for
    RESEND = 5  # customer should press "send again"
    DONE = 8
    CANCELLED = 9


FIRST_ENDED = 8
LIVE = tuple(state for state in State if state < FIRST_ENDED)
# The hold is posted from the first delivered message on (protocol.md 12.2, 12).
DELIVERED = (State.CODE, State.RETRY, State.DONE)


class Event(IntEnum):
    """What can happen. Those of the customer carry the number that setStatus uses."""

    READY = 1
    AGAIN = 3
    FINISH = 6
    CANCEL = 8
    MESSAGE = 20  # a message was matched to this activation
    EXPIRE = 21  # its time is over
    ASK_RESEND = 22  # the supplier wants the message sent again
    HELD = 23  # an asked supplier gave a number
    LOST = 24  # an asked supplier has none, or nobody knows


# What a customer may ask of a lease besides its end.
LEADS_ON = (Event.READY, Event.AGAIN)


class Charge(IntEnum):
    """What a step does with the hold."""

    NONE = 0
    POST = 1
    VOID = 2


class Step(msgspec.Struct, frozen=True):
    """Where an event leads. `guarded` is refused inside the early-cancel window, `again` needs a country with retry."""

    to: State
    charge: Charge = Charge.NONE
    guarded: bool = False
    again: bool = False


TABLE: dict[tuple[State, Event], Step] = {
    (State.ORDERING, Event.HELD): Step(State.PREPARED),
    (State.ORDERING, Event.LOST): Step(State.CANCELLED, Charge.VOID),
    (State.ORDERING, Event.EXPIRE): Step(State.CANCELLED, Charge.VOID),
    (State.PREPARED, Event.READY): Step(State.READY),
    (State.PREPARED, Event.FINISH): Step(State.CANCELLED, Charge.VOID, guarded=True),
    (State.PREPARED, Event.CANCEL): Step(State.CANCELLED, Charge.VOID, guarded=True),
    (State.PREPARED, Event.MESSAGE): Step(State.CODE, Charge.POST),
    (State.PREPARED, Event.EXPIRE): Step(State.CANCELLED, Charge.VOID),
    (State.PREPARED, Event.ASK_RESEND): Step(State.RESEND),
    (State.READY, Event.READY): Step(State.READY),
    (State.READY, Event.FINISH): Step(State.CANCELLED, Charge.VOID, guarded=True),
    (State.READY, Event.CANCEL): Step(State.CANCELLED, Charge.VOID, guarded=True),
    (State.READY, Event.MESSAGE): Step(State.CODE, Charge.POST),
    (State.READY, Event.EXPIRE): Step(State.CANCELLED, Charge.VOID),
    (State.READY, Event.ASK_RESEND): Step(State.RESEND),
    (State.RESEND, Event.READY): Step(State.RESEND),
    (State.RESEND, Event.FINISH): Step(State.READY),
    (State.RESEND, Event.CANCEL): Step(State.CANCELLED, Charge.VOID, guarded=True),
    (State.RESEND, Event.MESSAGE): Step(State.CODE, Charge.POST),
    (State.RESEND, Event.EXPIRE): Step(State.CANCELLED, Charge.VOID),
    (State.RESEND, Event.ASK_RESEND): Step(State.RESEND),
    (State.CODE, Event.READY): Step(State.CODE),
    (State.CODE, Event.AGAIN): Step(State.RETRY, again=True),
    (State.CODE, Event.FINISH): Step(State.DONE),
    (State.CODE, Event.MESSAGE): Step(State.CODE),
    (State.CODE, Event.EXPIRE): Step(State.DONE),
    (State.RETRY, Event.READY): Step(State.RETRY),
    (State.RETRY, Event.AGAIN): Step(State.RETRY, again=True),
    (State.RETRY, Event.FINISH): Step(State.DONE),
    (State.RETRY, Event.MESSAGE): Step(State.CODE),
    (State.RETRY, Event.EXPIRE): Step(State.DONE),
}
