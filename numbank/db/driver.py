"""Two places where the driver costs more than its work, and how we go round them (shown by tests/db/test_driver.py)."""

from __future__ import annotations

from uuid import UUID

from asyncpg.pgproto import pgproto
from asyncpg.protocol import protocol

ARRAYS: tuple[type, ...] = (list, tuple)
"""What we hand over as arrays; the driver refuses all else. Each further type would be asked for with every element."""


def uuid_of(data: bytes) -> UUID:
    """A UUID of 16 bytes, of the driver's own kind: equal to any other, and made in a sixth of the time."""
    return pgproto.UUID(data)


def quicken() -> None:
    """Let the driver tell arrays by their type, as long as it asks as it does.

    For each element of an array it asks whether that is an array too, by an abstract class, which costs more than all the
    rest of an argument: of the work for a message that came in a tenth.
    """
    if hasattr(protocol, "IterableABC"):
        protocol.IterableABC = ARRAYS
