"""The supplier port: what the bank tells the places that numbers come from.

Suppliers with stock here (own pool, simulator, agents' declared numbers) are told inside the transaction, a set at a time.
Suppliers that must be asked get their questions outside of any transaction; see supply/asking.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from numbank.db.pool import Connection
from numbank.supply.errands import Runner


class Leased(msgspec.Struct, frozen=True):
    """A number that was just leased until `due_at`, as its supplier is told.

    `kind` is how the service verifies: 0 SMS, 1 call by number, 2 voice call, which is wanted in `language` (BCP 47).
    """

    lease_id: int
    country_id: int
    service_id: int
    supplier_id: int
    e164: int
    at: datetime
    due_at: datetime
    kind: int = 0
    language: str | None = None


class Supplier:
    """A supplier with stock here. The methods run inside the lease's transaction; raising undoes the whole batch."""

    kind = "pool"

    async def leased(self, tx: Connection, leases: Sequence[Leased]) -> None:
        """These numbers were leased."""

    async def more(self, tx: Connection, lease_ids: Sequence[int]) -> None:
        """A further message is wanted for these leases."""


class Suppliers:
    """All suppliers by their id. One that is not special is a plain pool."""

    def __init__(self, special: dict[int, Supplier] | None = None) -> None:
        self._special = special or {}

    @property
    def runners(self) -> dict[int, Runner]:
        """Those that do errands: pass messages on, place calls."""
        return {id_: supplier for id_, supplier in self._special.items() if isinstance(supplier, Runner)}

    @property
    def listen(self) -> bool:
        """Whether anybody is to be told at all."""
        return bool(self._special)

    async def leased(self, tx: Connection, leases: Sequence[Leased]) -> None:
        """Tell each supplier about its own."""
        for supplier_id, supplier in self._special.items():
            own = [lease for lease in leases if lease.supplier_id == supplier_id]
            if own:
                await supplier.leased(tx, own)

    async def more(self, tx: Connection, lease_ids: Sequence[int]) -> None:
        """Tell every special supplier; each knows its own leases."""
        for supplier in self._special.values():
            await supplier.more(tx, lease_ids)
