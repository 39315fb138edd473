"""The port for suppliers that have to be asked for every number, and the registry of those that this node can ask.

Questions go out when their acquisition is committed, never inside a transaction. A supplier that breaks or does not
answer until the hard deadline leaves us not knowing: that is an answer too (supply.md 10.3).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from enum import IntEnum
from typing import Protocol, TypeVar

import msgspec
import structlog

from numbank.supply.numbers import SMS

log = structlog.get_logger("numbank")

T = TypeVar("T")

MAX_REFERENCE = 255
MAX_COST = 10**15


class Question(msgspec.Struct, frozen=True):
    """A number is wanted. `operators` empty: any; `price` is what the customer pays, in 1/10,000 of `currency`.

    `acquisition_id` is ours and never used twice: an idempotency key for suppliers that take one. `kind` is 0 for an SMS, 1
    for a call by number, 2 for a voice call in `language`; `forward`: calls and messages shall be passed on. A number that
    has one of the `excluded` prefixes is given back.
    """

    acquisition_id: int
    country_id: int
    service_id: int
    operators: frozenset[int]
    price: int
    currency: int
    kind: int = 0
    forward: bool = False
    language: str | None = None
    excluded: tuple[str, ...] = ()


class Held(msgspec.Struct, frozen=True):
    """The supplier gave a number; `reference` is its own name for that, `cost` in 1/10,000."""

    number: int
    reference: str
    cost: int = 0


class NoStock(msgspec.Struct, frozen=True):
    """The supplier has none."""


class Rejected(msgspec.Struct, frozen=True):
    """The supplier says that it does not serve this, and nothing was bought."""

    reason: str


class Unknown(msgspec.Struct, frozen=True):
    """Nobody can say what happened."""


class Outcome(IntEnum):
    """What became of a number, as its supplier is told. Burnt: it was used for the service before."""

    SOLD = 0
    CANCELLED = 1
    BURNT = 2
    REFUNDED = 3


class Done(msgspec.Struct, frozen=True):
    """The supplier closed it."""


class AlreadyDone(msgspec.Struct, frozen=True):
    """The supplier had closed it before."""


class Refused(msgspec.Struct, frozen=True):
    """The supplier does not close it now."""

    reason: str


Answer = Held | NoStock | Rejected | Unknown
Release = Done | AlreadyDone | Refused | Unknown


class AskedSupplier(Protocol):
    """A connector. It may raise whatever its transport raises, and is cancelled at the hard deadline."""

    async def acquire(self, question: Question) -> Answer:
        """Ask for a number. The messages for it come in through the door, perhaps before this returns."""

    async def release(self, reference: str, outcome: Outcome) -> Release:
        """Close what was held; told again and again until it is final, so it must be idempotent."""


class AskedSuppliers:
    """The asked suppliers of this node by id. One that is not here is not offered; its releases wait for another node."""

    def __init__(self, hard_s: float) -> None:
        self._hard_s = hard_s
        self._suppliers: dict[int, AskedSupplier] = {}
        self._abilities: dict[int, int] = {}

    @property
    def ids(self) -> list[int]:
        """Who can be asked now."""
        return list(self._suppliers)

    @property
    def abilities(self) -> tuple[list[int], list[int]]:
        """Who can be asked now, and what the numbers of each can do (supply/numbers.py)."""
        return list(self._abilities), list(self._abilities.values())

    def register(self, supplier_id: int, supplier: AskedSupplier, abilities: int = SMS) -> None:
        """From now on this supplier is asked through this connector, for what it says that its numbers can do."""
        self._suppliers[supplier_id] = supplier
        self._abilities[supplier_id] = abilities

    async def acquire(self, supplier_id: int, question: Question) -> Answer:
        """Ask; Unknown for everything that is not an answer that can be kept."""
        answer = await self._call(supplier_id, "acquire", self._suppliers[supplier_id].acquire(question))
        if isinstance(answer, Held) and not _can_be_kept(answer):
            log.error("supplier_answer_senseless", supplier=supplier_id, acquisition=question.acquisition_id)
            return Unknown()
        return answer

    async def release(self, supplier_id: int, reference: str, outcome: Outcome) -> Release:
        """Tell what became of a number."""
        return await self._call(supplier_id, "release", self._suppliers[supplier_id].release(reference, outcome))

    async def _call(self, supplier_id: int, call: str, answer: Awaitable[T]) -> T | Unknown:
        try:
            async with asyncio.timeout(self._hard_s):
                return await answer
        except Exception as error:
            # Broken in the middle or too late: whether the supplier acted on it cannot be known here. Its own words
            # stay out of the log, they may hold its key.
            log.warning("supplier_unknown", supplier=supplier_id, call=call, error=type(error).__name__)
            return Unknown()


def _can_be_kept(held: Held) -> bool:
    """Whether the reference and the cost fit their columns: what a supplier sends must not fail in SQL (engine 1.4)."""
    reference = held.reference
    return 0 < len(reference) <= MAX_REFERENCE and reference.isprintable() and 0 <= held.cost <= MAX_COST
