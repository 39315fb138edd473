"""Wires what has to do with suppliers that have to be asked: the settle counter, the callers' way, the release outbox."""

from __future__ import annotations

from collections.abc import Awaitable
from functools import partial
from typing import TYPE_CHECKING, Any

from numbank.activation.leasing import Leasing
from numbank.activation.model import Activation, Lost, Settlement
from numbank.activation.settle import SettleDesk
from numbank.clock import Pace
from numbank.db.counter import Counter
from numbank.messages.model import Incoming, Read
from numbank.server.periodic import Periodic
from numbank.supply import acquisitions
from numbank.supply.releasing import release_due

if TYPE_CHECKING:
    from numbank.activation.advance import AdvanceDesk
    from numbank.server.bank import Bank


def settle_counter(
    bank: Bank, advance: AdvanceDesk, open_one: Any, common: dict[str, Any]
) -> Counter[Settlement, Activation | Lost]:
    """The counter behind which answers of suppliers become leases."""

    def read(message: Incoming) -> Awaitable[Read]:
        return bank.door.read(message)  # the door is made after the counters, for it hands messages to one

    desk = SettleDesk(advance, lambda: bank.catalogue.any_service_ids, read, bank.code_rules)
    return Counter(
        "settle",
        desk.serve,
        open_one,
        batch_limit=bank.settings.batch_lease,
        key=lambda settlement: settlement.opened.lease_id,
        party=lambda settlement: settlement.opened.request.account_id,
        **common,
    )


def leasing(bank: Bank) -> Leasing:
    """The callers' way to a number."""
    settings = bank.settings
    return Leasing(
        bank.lease.ask,
        bank.settle.ask,
        bank.asked,
        soft_s=settings.supplier_soft_s,
        most=settings.supplier_most,
    )


def asking_workers(bank: Bank) -> list[Periodic]:
    """The release outbox, and the end of questions that nobody came back from."""
    settings = bank.settings
    batch = settings.batch_release
    pace = Pace(settings.supplier_hard_s, settings.release_first_s, settings.release_longest_s, settings.release_tries)

    async def give_up() -> int:
        now = await bank.now()
        async with bank.pool.acquire() as connection, connection.transaction():
            return await acquisitions.give_up(connection, now, settings.batch_sweep)

    return [
        Periodic(
            "release", partial(release_due, bank.pool, bank.asked, pace, batch), settings.sweep_every_s, full=batch
        ),
        Periodic("unanswered", give_up, settings.sweep_every_s, full=settings.batch_sweep),
    ]
