"""Wires rentals: their counters, their reads, and the sweep of what is due."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from numbank.db.counter import Counter
from numbank.db.queries import Queries
from numbank.rent.change import ChangeDesk
from numbank.rent.desk import RentDesk
from numbank.rent.extend import ExtendDesk
from numbank.rent.model import ChangeRequest, ExtendRequest, Rental, RentRequest
from numbank.rent.states import Event, State
from numbank.rent.views import RentViews
from numbank.server.periodic import Periodic
from numbank.server.sweeping import sweep
from numbank.settings import Settings
from numbank.wire.desks import RentDesks

if TYPE_CHECKING:
    from numbank.server.bank import Bank

Q = Queries("numbank.rent")


class Rent(msgspec.Struct):
    """The counters of rentals; each opens its connection when the first customer comes."""

    rent: Counter[RentRequest, Rental]
    extend: Counter[ExtendRequest, Rental]
    change: Counter[ChangeRequest, State]
    views: RentViews

    @property
    def counters(self) -> tuple[Counter[Any, Any], ...]:
        """All of them, to start and to stop."""
        return self.rent, self.extend, self.change

    @property
    def desks(self) -> RentDesks:
        """What the wire asks."""
        views = self.views
        return RentDesks(
            self.rent.ask,
            self.extend.ask,
            self.change.ask,
            views.quote,
            views.one,
            views.inbox,
            views.live,
            views.rentable,
        )


def rent(bank: Bank, open_one: Any, common: dict[str, Any]) -> Rent:
    """The counters of a bank."""
    settings = bank.settings
    renting = RentDesk(
        bank.suppliers,
        bank.endpoints.endpoint,
        operator_fallback=settings.operator_fallback,
        claim_pools=settings.claim_pools,
        cancel_s=settings.rent_cancel_s,
    )
    extending = ExtendDesk(bank.suppliers, bank.policy.permits, change_desk(settings), cancel_s=settings.rent_cancel_s)
    leases = common | {"batch_limit": settings.batch_lease, "party": lambda request: request.account_id}
    return Rent(
        Counter("rent", renting.serve, open_one, **leases),
        Counter("rent-extend", extending.serve, open_one, key=lambda request: request.rent_id, **leases),
        Counter(
            "rent-change",
            change_desk(settings).serve,
            open_one,
            batch_limit=settings.batch_advance,
            key=lambda request: request.rent_id,
            party=lambda request: request.account_id or -request.rent_id,
            **common,
        ),
        RentViews(bank.pool, bank.policy.permits, operator_fallback=settings.operator_fallback),
    )


def change_desk(settings: Settings) -> ChangeDesk:
    """The desk that moves rentals on; a command that takes a number away uses it too."""
    return ChangeDesk(
        cool_down_s=settings.cool_down_s,
        unused_rest_s=settings.unused_rest_s,
        unused_tries=settings.unused_tries,
        cashback_bp=settings.cashback_bp,
        pro_rata=settings.rent_refund_pro_rata,
    )


def rent_workers(bank: Bank) -> list[Periodic]:
    """Rentals at which it is time to look: the time for a cancel is over, or all of it is."""

    def move_on(row: Any) -> Any:
        return bank.rent.change.ask(ChangeRequest(row["id"], Event.EXPIRE if row["over"] else Event.WINDOW))

    return sweep(bank, "expire-rents", Q.due_rents, move_on)
