"""Where time, chance and ids come from, so that tests and the simulator own them.

A desk's own time is the database's (engine 6); `Clock` is for everything around it, and its offset moves both.
"""

from __future__ import annotations

import random
import secrets
import time
import uuid
from datetime import UTC, datetime, timedelta

import msgspec


class Clock:
    """The real clock. `offset` is added to the database's time too, so that tests can move the bank forward."""

    def __init__(self) -> None:
        self.offset = timedelta(0)

    def now(self) -> datetime:
        """UTC time of this machine, moved by the offset."""
        return datetime.now(UTC) + self.offset

    def monotonic(self) -> float:
        """Seconds that never go backwards; for deadlines and ages, never for dates."""
        return time.monotonic()


class Chance:
    """Randomness that is not secret: seeded in simulations, fresh in the bank."""

    def __init__(self, seed: int | None = None) -> None:
        self._random = random.Random(seed)  # noqa: S311  jitter and made-up messages, never keys

    def between(self, low: float, high: float) -> float:
        """A float in [low, high]."""
        return self._random.uniform(low, high)

    def below(self, limit: int) -> int:
        """A whole number in [0, limit)."""
        return self._random.randrange(limit)


class Pace(msgspec.Struct, frozen=True):
    """How something is tried: a try takes `hard_s` at most, the pause after it doubles from `first_s` to `longest_s`."""

    hard_s: float
    first_s: float
    longest_s: float
    tries: int


def new_uuid() -> uuid.UUID:
    """A fresh random UUID: batch marks and message ids that the sender did not give."""
    return uuid.uuid4()


def new_key() -> str:
    """A fresh secret key of 32 hex characters: the length that old clients check (protocol.md 1.3)."""
    return secrets.token_hex(16)


def secret_bytes(length: int) -> bytes:
    """Fresh secret bytes."""
    return secrets.token_bytes(length)
