"""Wires the suppliers that are more than a plain pool to the bank of one worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numbank.server.periodic import Periodic
from numbank.suppliers.simulator import stock
from numbank.suppliers.simulator.mails import Sites
from numbank.suppliers.simulator.outbox import send_due
from numbank.suppliers.simulator.restock import restock
from numbank.suppliers.simulator.simulator import Simulator
from numbank.supply.asking import AskedSuppliers

if TYPE_CHECKING:
    from numbank.server.bank import Bank

SEND_EVERY_S = 0.1
RESTOCK_EVERY_S = 5.0


def asked_suppliers(bank: Bank) -> AskedSuppliers:
    """The suppliers that have to be asked; each connector is registered here under its supplier's id. None so far."""
    return AskedSuppliers(bank.settings.supplier_hard_s)


async def simulator(bank: Bank) -> Simulator | None:
    """The simulator, when this bank is a sandbox."""
    if not bank.settings.sandbox:
        return None
    supplier_id = await stock.supplier_id(bank.pool)
    return None if supplier_id is None else Simulator(supplier_id, bank.catalogue, bank.settings, bank.pool)


def simulator_workers(bank: Bank, simulated: Simulator) -> list[Periodic]:
    """What the simulator does beside leases: it sends what is due and keeps its stock up."""
    batch = bank.settings.batch_deliver

    async def send() -> int:
        return await send_due(bank.pool, bank.door.take, simulated.supplier_id, batch)

    async def refill() -> int:
        return await restock(bank.pool, simulated.supplier_id, bank.settings)

    sites = Sites(bank.pool, bank.mail.letters.take, bank.settings)

    async def send_mail() -> int:
        return await sites.send(batch)

    return [
        Periodic("simulator", send, SEND_EVERY_S, full=batch),
        Periodic("simulated-mail", send_mail, SEND_EVERY_S, full=batch),
        Periodic("restock", refill, RESTOCK_EVERY_S),
    ]
