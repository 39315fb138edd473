"""A supplier that has to be asked, for banks in tests."""

from __future__ import annotations

from numbank.supply.asking import Answer, Done, Held, NoStock, Outcome, Question, Release


class Far:
    """A supplier that has to be asked: gives one number after the other, every third time none."""

    def __init__(self) -> None:
        self.turn = 0

    async def acquire(self, question: Question) -> Answer:
        """A number that was never seen, or no."""
        self.turn += 1
        return Held(79_800_000_000 + self.turn, f"far-{self.turn}") if self.turn % 3 else NoStock()

    async def release(self, reference: str, outcome: Outcome) -> Release:
        """All is well."""
        return Done()
