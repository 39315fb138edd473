"""The frozen structs of a rental: what is asked, what is known, what is answered. Amounts are 1/10,000, times UTC."""

from __future__ import annotations

from datetime import datetime

import msgspec

from numbank.rent.states import Event, State


class RentRequest(msgspec.Struct, frozen=True):
    """A customer wants a number for hours. `operators` empty: any. `calls`: it must receive calls too (incomingCall).

    `url`: where its messages are told, checked before; empty: nowhere. `max_live` and `per_min` are the limits of the
    account (live leases of all kinds, leases in 60 s), 0 for none. `tried` are pools that earlier batches found empty.
    """

    account_id: int
    country_id: int
    service_id: int
    hours: int
    operators: frozenset[int] = frozenset()
    calls: bool = False
    url: str = ""
    max_live: int = 0
    per_min: int = 0
    tried: frozenset[int] = frozenset()


class ExtendRequest(msgspec.Struct, frozen=True):
    """A customer wants a rental to go on for so many hours more: a live one is extended, a finished one begins anew."""

    account_id: int
    rent_id: int
    hours: int
    max_live: int = 0
    per_min: int = 0


class ChangeRequest(msgspec.Struct, frozen=True):
    """An event for a rental; `account_id` None: the bank's own (the sweep, a lost number)."""

    rent_id: int
    event: Event
    account_id: int | None = None


class Rental(msgspec.Struct, frozen=True):
    """A rental as its customer may see it. `hours` and `price` are in all, with what it was extended by."""

    id: int
    account_id: int
    country_id: int
    service_id: int
    e164: int
    hours: int
    price: int
    currency: int
    state: State
    created_at: datetime
    cancel_until: datetime
    ends_at: datetime
    messages: int = 0


class Received(msgspec.Struct, frozen=True):
    """A message of a rental. `service` is the code of the service that it names, or of the rental, or `ot`.

    `recording_id`: the call whose recording is kept.
    """

    sender: str
    text: str
    service: str
    received_at: datetime
    recording_id: int | None = None


class Inbox(msgspec.Struct, frozen=True):
    """A page of a rental's messages, newest first; `total` is how many there are."""

    total: int
    page: list[Received]


class Charge(msgspec.Struct, frozen=True):
    """What was charged for how many hours, at the purchase or by an extension."""

    at: datetime
    hours: int
    price: int


class Quote(msgspec.Struct, frozen=True):
    """What an extension by so many hours would cost now; `most_hours` is the longest that is possible."""

    price: int
    currency: int
    hours: int
    most_hours: int
    history: list[Charge] = []


class Rentable(msgspec.Struct, frozen=True):
    """What can be rented in a country for a term: by service its price and how many numbers there are; operators by name.

    `countries` are all in which something can be rented.
    """

    countries: list[int]
    operators: list[str]
    services: dict[str, tuple[int, int]]
