"""What the world outside knows: who was told what. The bank's tables are held against it after every step."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec


class Told(msgspec.Struct):
    """A lease as its customer was told of it."""

    lease_id: int
    account_id: int
    service_id: int
    e164: int
    at_s: float
    codes: set[str] = set()


class Sent(msgspec.Struct):
    """A message that the world sent: to a number, naming services or none; `code` None: it has none.

    `lease_id`: for whom it is meant, where somebody was told of a lease; 0: for nobody that is known.
    """

    text: str
    e164: int
    services: frozenset[int]
    code: str | None
    lease_id: int = 0
    acked: bool = False


def code_of(number: int) -> str:
    """The code of a message; those of a world are all different."""
    return str(100_000 + number)


def text_of(code: str) -> str:
    """The text that a code came in."""
    return f"your code is {code}"


class Wrong(AssertionError):  # noqa: N818  a finding, not a mistake of this code
    """Something that must never be."""


class Memory:
    """Facts from outside; nothing of it is read from the bank's tables."""

    def __init__(self) -> None:
        self.leases: dict[int, Told] = {}
        self.orders: dict[tuple[int, UUID], int] = {}
        self.rentals: dict[int, tuple[int, int]] = {}  # account and number
        self.sent: dict[str, Sent] = {}
        self.newly_acked: list[Sent] = []
        self.newly_leased: list[int] = []
        self.places: dict[str, int | None] = {}  # where the bank put a message
        self.heard: set[int] = set()  # deliveries that a receiver answered with 200
        self.accounts_of_urls: dict[str, int] = {}

    def leased(self, one: Told, order: UUID | None) -> None:
        """A customer got a number."""
        known = self.leases.get(one.lease_id)
        if known is not None and (known.account_id, known.e164) != (one.account_id, one.e164):
            raise Wrong(f"lease {one.lease_id} was given to account {known.account_id} and to {one.account_id}")
        if order is not None:
            before = self.orders.setdefault((one.account_id, order), one.lease_id)
            if before != one.lease_id:
                raise Wrong(f"order {order} of account {one.account_id} got the leases {before} and {one.lease_id}")
        self.leases.setdefault(one.lease_id, one)
        self.newly_leased.append(one.lease_id)

    def rented(self, rent_id: int, account_id: int, e164: int) -> None:
        """A customer got a number for hours."""
        if self.rentals.setdefault(rent_id, (account_id, e164)) != (account_id, e164):
            raise Wrong(f"rental {rent_id} was given to {self.rentals[rent_id]} and to {account_id} with {e164}")

    def shown(self, lease_id: int, account_id: int, code: str | None) -> None:
        """A customer saw a code."""
        one = self.leases.get(lease_id)
        if one is None or code is None:
            return
        if one.account_id != account_id:
            raise Wrong(f"account {account_id} saw the code of lease {lease_id} of account {one.account_id}")
        text = self.sent.get(text_of(code))
        if text is None or text.e164 != one.e164 or (text.services and one.service_id not in text.services):
            raise Wrong(f"lease {lease_id} for service {one.service_id} on {one.e164} shows {code}, which was {text}")
        one.codes.add(code)

    def acked(self, one: Sent) -> None:
        """A sender was told that a message is kept."""
        if not one.acked:
            one.acked = True
            self.newly_acked.append(one)

    def told_by_hook(self, url: str, body: Any) -> None:
        """An endpoint was told of a message."""
        account_id = self.accounts_of_urls[url]
        if "rentId" in body:
            text, owner = body["sms"]["text"], self.rentals.get(body["rentId"])
        else:
            text, lease = body["text"], self.leases.get(body["activationId"])
            owner = (lease.account_id, lease.e164) if lease is not None else None
        sent = self.sent.get(text)
        if sent is None or owner not in (None, (account_id, sent.e164)):
            raise Wrong(f"the endpoint {url} of account {account_id} was told of {body}, which was {sent} for {owner}")

    def facts(self) -> dict[str, Any]:
        """Numbers for the report."""
        return {"leases": len(self.leases), "messages": len(self.sent), "heard": len(self.heard)}
