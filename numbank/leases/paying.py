"""What a lease costs, and the purses that a batch pays from in order of arrival. Amounts are 1/10,000 of the currency."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from numbank.customers import spending
from numbank.db.pool import Connection
from numbank.errors import NoBalance, NoBalanceForward, Refusal
from numbank.leases.limits import Limited, Room, room
from numbank.ledger import journal


class Charged(msgspec.Struct, frozen=True):
    """What a lease costs: `price` in all, with the `surcharge` for forwarding in it; `cashback` of it is paid so."""

    price: int
    surcharge: int = 0
    cashback: int = 0

    def hold(self, hold_id: int, account_id: int, currency: int) -> journal.Hold:
        """The hold that takes it."""
        return journal.Hold(hold_id, account_id, self.price - self.cashback, self.cashback, currency)


NOTHING = Charged(0)


def pay(charged: Charged, cash: int, cashback: int, *, spends_cashback: bool) -> Charged | Refusal:
    """Split a charge into cashback, which goes first where the account spends it, and cash; or say what is missing."""
    usable = cashback if spends_cashback else 0
    if cash + usable < charged.price:
        return NoBalanceForward() if cash + usable >= charged.price - charged.surcharge else NoBalance()
    return msgspec.structs.replace(charged, cashback=min(usable, charged.price)) if usable else charged


class Purses(msgspec.Struct):
    """What accounts have while a batch sets it aside: money and room for leases, counted down in order of arrival.

    `spending` pay with cashback first; `starting` of them do so because a request of this batch said it.
    """

    balances: dict[int, journal.Balance]
    room: Room
    spending: set[int]
    starting: set[int] = set()

    def refuse(self, request: Limited, wanted: int = 1) -> Refusal | None:
        """The refusal for so many more leases, None when there is room."""
        return self.room.refuse(request, wanted)

    def pay(
        self, request: Limited, charged: Charged, wanted: int = 1, *, starts: bool = False, ending: int = 0
    ) -> Charged | Refusal:
        """Set money and room for so many leases aside, or say that one of them is not there.

        `starts`: from now on the account spends its cashback. So many leases are `ending`, to make room for these.
        """
        account_id = request.account_id
        balance = self.balances[account_id]
        spends = starts or account_id in self.spending
        paid = self.room.refuse(request, wanted, ending) or pay(
            charged, balance.cash, balance.cashback, spends_cashback=spends
        )
        if isinstance(paid, Refusal):
            return paid
        if spends and account_id not in self.spending:
            self.spending.add(account_id)
            self.starting.add(account_id)
        self.room.take(request, wanted, ending)
        balance.debit(paid.price, paid.cashback)
        return paid


async def open_purses(tx: Connection, requests: Sequence[Limited], *, starting: Iterable[int] = ()) -> Purses:
    """Lock the accounts of a batch, then read what they have. `starting` are those that may turn their switch on.

    Who spends cashback is asked only of accounts that have some, or that may start to.
    """
    balances = await journal.lock_balances(tx, [request.account_id for request in requests])
    some = {account_id for account_id, one in balances.items() if one.cashback}
    found = await room(tx, requests)
    return Purses(balances, found, await spending.spenders(tx, some.union(starting)))
