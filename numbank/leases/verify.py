"""Proves what holds across the kinds of lease."""

from __future__ import annotations

from numbank.db.checks import Check
from numbank.db.proofs import whole
from numbank.db.queries import Queries

Q = Queries("numbank.leases", "verify.sql")

CHECKS: tuple[Check, ...] = (whole(Q, "open_holds"),)
