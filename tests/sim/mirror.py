"""What stands in the tables, as the looks have seen it: only rows that changed are read, and what they touch compared.

The rules are those of `checks.TABLES`, which compares whole tables in SQL, now and then, with nothing remembered.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

# Rows that came or changed since a snapshot: $1 is the oldest transaction that it did not see the end of.
CHANGED = """
  array(select row (id, number_id, group_id, hold_id, state, message_id) from activation
    where age(xmin) <= age($1::text::xid)) as leases,
  array(select row (id, state, holder) from number where age(xmin) <= age($1::text::xid)) as numbers,
  array(select row (id, state) from hold where age(xmin) <= age($1::text::xid)) as holds,
  array(select row (id, number_id, state) from rent where age(xmin) <= age($1::text::xid)) as rents,
  array(select row (rent_id, hold_id) from rent_charge where age(xmin) <= age($1::text::xid)) as charges,
  array(select row (id, address_id, hold_id, state) from mailbox where age(xmin) <= age($1::text::xid)) as mailboxes,
  array(select row (id, holder) from mail_address where age(xmin) <= age($1::text::xid)) as addresses,
  pg_snapshot_xmin(pg_current_snapshot())::text as seen
"""
ALL = "3"
"""The first transaction of all."""

OVER = 8
UNPAID = (0, 1, 2, 5)
CANCELLED = 9
OPEN, POSTED, VOIDED = 0, 1, 2


class Mirror:
    """The tables of a world as far as the rules go; every field by the id of its row."""

    def __init__(self) -> None:
        self.seen = ALL
        self._leases: dict[int, Any] = {}  # (id, number, group, hold, state, message)
        self._numbers: dict[int, Any] = {}  # (id, state, holder)
        self._holds: dict[int, int] = {}  # state
        self._rents: dict[int, Any] = {}  # (id, number, state)
        self._charges: dict[int, set[int]] = {}  # holds of a rental
        self._boxes: dict[int, Any] = {}  # (id, address, hold, state)
        self._addresses: dict[int, int | None] = {}  # holder
        self._live: dict[int, set[int]] = {}  # leases that live, by number
        self._paid_by: dict[int, int] = {}  # leases, by hold
        self._rented: dict[int, set[int]] = {}  # rentals that live, by number
        self._users: dict[int, set[tuple[str, int]]] = {}  # who needs a hold open

    def has_lease(self, lease_id: int) -> bool:
        """Whether it was ever seen."""
        return lease_id in self._leases

    def follow(self, found: Any) -> list[str]:
        """Take what changed; what is wrong with it."""
        self.seen = found["seen"]
        numbers, holds, leases, addresses = set[int](), set[int](), set[int](), set[int]()
        for row in found["leases"]:
            self._lease(row, numbers, holds)
            leases.add(row[0])
        for row in found["numbers"]:
            self._numbers[row[0]] = row
            numbers.add(row[0])
        for row in found["rents"]:
            before = self._rents.get(row[0])
            if before is not None:
                self._rented.get(before[1], set()).discard(row[0])
            self._rents[row[0]] = row
            numbers.add(row[1])
            if row[2] < OVER:
                self._rented.setdefault(row[1], set()).add(row[0])
        for rent_id, hold_id in found["charges"]:
            self._charges.setdefault(rent_id, set()).add(hold_id)
        for rent_id in {row[0] for row in found["rents"]} | {row[0] for row in found["charges"]}:
            for hold_id in self._charges.get(rent_id, ()):
                self._uses(hold_id, ("rent", rent_id), is_used=self._rents[rent_id][2] == 1, touched=holds)
        for row in found["mailboxes"]:
            self._boxes[row[0]] = row
            addresses.add(row[1])
            self._uses(row[2], ("mailbox", row[0]), is_used=row[3] == 1, touched=holds)
        for row in found["addresses"]:
            self._addresses[row[0]] = row[1]
            addresses.add(row[0])
        for hold_id, state in found["holds"]:
            self._holds[hold_id] = state
            holds.add(hold_id)
            if hold_id in self._paid_by:
                leases.add(self._paid_by[hold_id])
        return [
            *self._wrong_numbers(numbers), *self._wrong_holds(holds), *self._wrong_leases(leases),
            *self._wrong_addresses(addresses),
        ]  # fmt: skip

    def _lease(self, row: Any, numbers: set[int], holds: set[int]) -> None:
        lease_id, number_id, _, hold_id, state, _ = row
        before = self._leases.get(lease_id)
        if before is not None and before[1] is not None:
            self._live[before[1]].discard(lease_id)
            numbers.add(before[1])
        self._leases[lease_id] = row
        if number_id is not None:
            numbers.add(number_id)
            live = self._live.setdefault(number_id, set())
            if state < OVER:
                live.add(lease_id)
        if hold_id is not None:
            self._paid_by[hold_id] = lease_id
            self._uses(hold_id, ("lease", lease_id), is_used=state in UNPAID, touched=holds)

    def _uses(self, hold_id: int | None, who: tuple[str, int], *, is_used: bool, touched: set[int]) -> None:
        if hold_id is None:
            return
        touched.add(hold_id)
        users = self._users.setdefault(hold_id, set())
        if is_used:
            users.add(who)
        else:
            users.discard(who)

    def _wrong_numbers(self, touched: set[int]) -> Iterator[str]:
        for number_id in touched:
            row = self._numbers.get(number_id)
            if row is None:
                continue
            _, state, holder = row
            live = self._live.get(number_id, ())
            for lease_id in live:
                if state != 1 or (holder is not None and holder != (self._leases[lease_id][2] or lease_id)):
                    yield f"lease {lease_id} is live on number {number_id}, which is in state {state} and held by {holder}"
            rented = self._rented.get(number_id, ())
            for rent_id in rented:
                if holder != -rent_id:
                    yield f"rental {rent_id} is live on number {number_id}, held by {holder}"
            if holder is None:
                continue
            if holder > 0 and not any(holder in (one, self._leases[one][2]) for one in live):
                yield f"number {number_id} is held by lease {holder}, which is over"
            if holder < 0 and -holder not in rented:
                yield f"number {number_id} is held by rental {-holder}, which is over"

    def _wrong_holds(self, touched: set[int]) -> Iterator[str]:
        for hold_id in touched:
            is_open = self._holds.get(hold_id) == OPEN
            if is_open != bool(self._users.get(hold_id)):
                yield f"hold {hold_id} is {'open' if is_open else 'closed'}, its lease is not"

    def _wrong_leases(self, touched: set[int]) -> Iterator[str]:
        for lease_id in touched:
            _, _, _, hold_id, state, message_id = self._leases[lease_id]
            hold = self._holds.get(hold_id)
            if hold is None:
                continue
            has_message = message_id is not None
            if (state < OVER and (hold == POSTED) != has_message) or (
                state == CANCELLED and (hold != VOIDED or has_message)
            ):
                yield f"lease {lease_id} in state {state} with message {message_id} has a hold in state {hold}"

    def _wrong_addresses(self, touched: set[int]) -> Iterator[str]:
        for address_id in touched:
            holder = self._addresses.get(address_id)
            if holder is None:
                continue
            box = self._boxes.get(holder)
            if box is None or box[3] >= OVER or box[1] != address_id:
                yield f"address {address_id} is held by mailbox {holder}, which is over"
