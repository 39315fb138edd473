"""What a sweep could not end: at once again when the database was away, put aside when it is the lease's own fault."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from numbank.errors import Unavailable
from numbank.server.bank import Bank
from numbank.server.sweeping import sweep
from numbank.settings import Settings


class OneLease:
    """A bank in which one lease is due; remembers which leases it was told to leave out."""

    settings = Settings()

    def __init__(self) -> None:
        self.left_out: list[list[int]] = []
        self.pool = self

    async def now(self) -> datetime:
        return datetime.now(UTC)

    async def fetch(self, _due: str, _now: datetime, _batch: int, stuck: list[int]) -> list[tuple[int]]:
        self.left_out.append(stuck)
        return [] if stuck else [(7,)]


async def swept(refusal: Unavailable, steps: int) -> list[list[int]]:
    bank: Any = OneLease()

    async def end(_row: Any) -> Unavailable:
        return refusal

    of: Bank = bank
    expire = sweep(of, "test", "due", end)[0]
    for _ in range(steps):
        assert await expire._step() == 0
    left_out: list[list[int]] = bank.left_out
    return left_out


async def test_a_database_that_was_away_puts_no_lease_aside() -> None:
    assert await swept(Unavailable(away=True), 4) == [[]] * 4


async def test_a_lease_that_fails_is_put_aside() -> None:
    assert await swept(Unavailable(), 4) == [[], [7], [7], [7]]
