"""Wires the suppliers that are more than a plain pool to the bank."""

from __future__ import annotations

from numbank.db.pool import Pool
from numbank.settings import Settings
from numbank.supply.supplier import Supplier


async def special_suppliers(pool: Pool, settings: Settings) -> dict[int, Supplier]:
    """Suppliers by id that want to know about leases."""
    del pool, settings
    return {}
