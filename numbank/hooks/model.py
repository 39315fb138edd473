"""What webhooks are made of: endpoints, deliveries, tries, and the numbers that stand for their states."""

from __future__ import annotations

from datetime import datetime
from enum import Enum, IntEnum, StrEnum

import msgspec

from numbank.errors import OperatorError


class Event(IntEnum):
    """What a delivery tells; hooks/payload.py says how."""

    MESSAGE = 0  # a message was attached to an activation
    TEST = 1  # somebody wants to see whether the endpoint works
    RENT_MESSAGE = 2  # a message came to a rental that names an endpoint


class State(IntEnum):
    """What became of a delivery."""

    PENDING = 0
    DELIVERED = 1
    GIVEN_UP = 2


class Failure(StrEnum):
    """Why a try failed; kept in the log and shown to the customer, so it says nothing about our own network."""

    STATUS = "status"  # an answer, but not 200
    TIMEOUT = "timeout"
    NO_ADDRESS = "no_address"  # the name is not known
    REFUSED_ADDRESS = "refused_address"  # private, or of another kind that webhooks must not reach
    CONNECT = "connect"
    TLS = "tls"
    CLOSED = "closed"  # the connection ended before the answer
    PROTOCOL = "protocol"  # the answer is no HTTP
    SECRET = "secret"  # noqa: S105  the secret cannot be opened: rotate it
    ERASED = "erased"  # the message behind the event is not kept any more
    OFF = "off"  # the endpoint was switched off or removed meanwhile


class Hook(msgspec.Struct, frozen=True):
    """An endpoint. `off_reason` None: it is on. `off_by_operator`: only he switches it on again.

    `old_until`: so long the secret before the rotation signs too. `rents`: rentals named it, and it is told of them alone.
    """

    id: int
    account_id: int
    url: str
    off_reason: str | None
    off_by_operator: bool
    failures: int
    created_at: datetime
    old_until: datetime | None
    rents: bool = False


class Attempt(msgspec.Struct, frozen=True):
    """One try, when it was over. `status` None: no answer came."""

    at: datetime
    status: int | None
    ms: int
    error: Failure | None


class Delivery(msgspec.Struct, frozen=True):
    """One event for one endpoint, as its log shows it. `lease_id` is a reference (leases/refs.py)."""

    id: int
    hook_id: int
    event: Event
    lease_id: int | None
    state: State
    tries: int
    created_at: datetime
    due_at: datetime | None
    ended_at: datetime | None
    attempts: tuple[Attempt, ...] = ()

    @property
    def activation_id(self) -> int | None:
        """The activation that it tells of."""
        return self.lease_id if self.lease_id is not None and self.lease_id > 0 else None

    @property
    def rent_id(self) -> int | None:
        """The rental that it tells of."""
        return -self.lease_id if self.lease_id is not None and self.lease_id < 0 else None

    @property
    def webhook_id(self) -> str:
        """The header webhook-id of all its tries."""
        return webhook_id(self.id)


def webhook_id(delivery_id: int) -> str:
    """The one name of a delivery, by which a receiver knows what it has seen."""
    return f"msg_{delivery_id}"


class Task(msgspec.Struct, frozen=True):
    """A delivery that this node took to try it now. `taken` is its turn: what comes of another turn does not count."""

    delivery_id: int
    hook_id: int
    event: Event
    tries: int
    taken: int
    started_at: datetime
    url: str
    secrets: tuple[bytes, ...]  # sealed; the newest first
    off: bool
    failing: bool  # its endpoint has given-up deliveries to live down


class Outcome(msgspec.Struct, frozen=True):
    """What a try came to. `status` None: no answer."""

    status: int | None
    ms: int
    error: Failure | None

    @property
    def delivered(self) -> bool:
        """Success is HTTP 200 and nothing else (protocol.md 9.1)."""
        return self.error is None


class Why(Enum):
    """The kinds of refusal, for whoever turns them into a status or a line."""

    BAD = "bad"
    MISSING = "missing"
    TOO_MANY = "too_many"
    TAKEN = "taken"
    BARRED = "barred"  # the operator switched it off


class HookRefused(OperatorError):  # noqa: N818  an expected "no"
    """An act upon a webhook that cannot be carried out; the text is one clear line."""

    def __init__(self, text: str, why: Why = Why.BAD) -> None:
        super().__init__(text)
        self.why = why
