"""What a service costs in a country and how many are left at each price: pure functions over tiers and counted stock.

A tier draws from the pools of its supplier that fit its operator; an operator's own tiers beat those of any operator.
Several tiers over the same pools share them, the cheapest first, so that their counts together are what the pools have.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import msgspec

T = TypeVar("T")

SMS, CALL, VOICE = 0, 1, 2
# What a number must be able to do for a kind of verification (pool.abilities).
ABILITY = {SMS: 1, CALL: 2, VOICE: 2}

Counts = tuple[tuple[int, int], ...]  # price in 1/10,000 and what is left at it, cheapest first


class Pool(msgspec.Struct, frozen=True):
    """Numbers of one supplier and operator; `gone` is what each service cannot have of the free ones."""

    supplier_id: int
    operator_id: int
    abilities: int
    free: int
    gone: Mapping[int, int]


class Source(msgspec.Struct, frozen=True, gc=False):
    """Where a tier's numbers come from. `operator_id` 0: any operator but those in `own`, which have their own tiers."""

    supplier_id: int
    operator_id: int
    own: frozenset[int]
    kind: int
    asked: bool


class Tier(msgspec.Struct, frozen=True, gc=False):
    """A price. `offer_id` is 0 when as many may be sold as there are."""

    price: int
    offer_id: int
    regular: bool


class Offered(msgspec.Struct, frozen=True, gc=False):
    """The tiers of one source, cheapest first."""

    source: Source
    tiers: tuple[Tier, ...]


class Line(msgspec.Struct, frozen=True, gc=False):
    """Everything that is offered of a service."""

    service_id: int
    offered: tuple[Offered, ...]

    @property
    def simple(self) -> bool:
        """Whether there is one price, for as many as there are."""
        offered = self.offered
        return len(offered) == 1 and len(offered[0].tiers) == 1 and not offered[0].tiers[0].offer_id


class Price(msgspec.Struct, frozen=True):
    """What a service costs (the regular price, 1/10,000), how many can be had at it, and how many at each price when the
    numbers are shared out: from all suppliers, and from each."""

    service_id: int
    cost: int
    count: int
    tiers: Counts
    suppliers: tuple[tuple[int, Counts], ...]


class Row(msgspec.Struct, frozen=True, gc=False):
    """A tier as the database has it; `operator_id` 0: any."""

    service_id: int
    kind: int
    supplier_id: int
    operator_id: int
    price: int
    offer_id: int
    regular: bool
    limited: bool
    asked: bool


class Book:
    """The tiers of one country, by kind and service."""

    def __init__(self) -> None:
        self._lines: dict[int, tuple[list[int], list[Line]]] = {}
        self._same: dict[object, object] = {}
        self._single: dict[tuple[int, ...], tuple[Offered, ...]] = {}
        self.limited: list[int] = []

    def add(self, rows: Iterable[Row]) -> None:
        """Tiers in order of service, kind, supplier, operator, price; those of a service come all at once."""
        group: list[Row] = []
        for row in rows:
            if group and (row.service_id != group[0].service_id or row.kind != group[0].kind):
                self._close(group)
                group = []
            group.append(row)
        if group:
            self._close(group)

    def seal(self) -> Book:
        """Nothing more comes."""
        self._same.clear()
        self._single.clear()
        return self

    def lines(self, kind: int) -> Sequence[Line]:
        """The lines of a kind, by service."""
        return self._lines.get(kind, ((), ()))[1]

    def line(self, kind: int, service_id: int) -> Line | None:
        """The line of a service."""
        ids, lines = self._lines.get(kind, ([], []))
        at = bisect_left(ids, service_id)
        return lines[at] if at < len(ids) and ids[at] == service_id else None

    def _close(self, group: Sequence[Row]) -> None:
        first = group[0]
        if len(group) == 1 and not first.limited:
            # Most services have one price: those that share it are built once.
            key = (first.kind, first.supplier_id, first.operator_id, first.price, first.regular, first.asked)
            offered = self._single.get(key)
            if offered is None:
                offered = self._single[key] = self._offered(group)
        else:
            offered = self._offered(group)
        ids, lines = self._lines.setdefault(first.kind, ([], []))
        ids.append(first.service_id)
        lines.append(Line(first.service_id, offered))

    def _offered(self, group: Sequence[Row]) -> tuple[Offered, ...]:
        own: dict[int, set[int]] = {}
        tiers: dict[tuple[int, int, bool], list[Tier]] = {}
        for row in group:
            if row.operator_id:
                own.setdefault(row.supplier_id, set()).add(row.operator_id)
            if row.limited:
                self.limited.append(row.offer_id)
            tier = self._one(Tier(row.price, row.offer_id if row.limited else 0, row.regular))
            tiers.setdefault((row.supplier_id, row.operator_id, row.asked), []).append(tier)
        offered = []
        for (supplier_id, operator_id, asked), same in tiers.items():
            others = frozenset() if operator_id else frozenset(own.get(supplier_id, ()))
            source = self._one(Source(supplier_id, operator_id, others, group[0].kind, asked))
            offered.append(self._one(Offered(source, tuple(same))))
        return self._one(tuple(offered))

    def _one(self, value: T) -> T:
        """One object for all that are equal: thousands of services share their prices and sources."""
        return self._same.setdefault(value, value)  # type: ignore[return-value]


class Seat(msgspec.Struct, frozen=True):
    """What a source has now: its free numbers, and those of its pools that lack some for some service.

    `fits`: it has pools, or can be asked; `shown`: its price may be told.
    """

    free: int
    lacking: tuple[Pool, ...]
    fits: bool
    shown: bool

    def available(self, service_id: int) -> int:
        """Numbers for a service."""
        left = self.free
        for pool in self.lacking:
            left -= min(pool.free, pool.gone.get(service_id, 0))
        return left


class Stock:
    """What one country offers, as of one snapshot. `remaining` by offer; `operators` empty: those of any operator."""

    def __init__(
        self,
        country_id: int,
        book: Book,
        pools: Sequence[Pool],
        remaining: Mapping[int, int],
        operators: frozenset[int] = frozenset(),
    ) -> None:
        self.country_id = country_id
        self.book = book
        self.pools = pools
        self.remaining = remaining
        self.operators = operators
        self._seats: dict[Source, Seat] = {}

    def of(self, operators: frozenset[int]) -> Stock:
        """The same, of some operators."""
        return Stock(self.country_id, self.book, self.pools, self.remaining, operators) if operators else self

    def price(self, service_id: int, kind: int = SMS) -> Price | None:
        """The prices of one service; None when nothing of it is offered."""
        line = self.book.line(kind, service_id)
        return None if line is None else self._price(line)

    def prices(self, kind: int = SMS) -> Iterator[Price]:
        """All prices, by service."""
        for line in self.book.lines(kind):
            price = self._price(line)
            if price is not None:
                yield price

    def briefs(self, kind: int = SMS) -> Iterator[tuple[int, int, int]]:
        """(service, regular price, count at it) of all services; quick for what has one price."""
        for line in self.book.lines(kind):
            if line.simple:
                first = line.offered[0]
                seat = self._seats.get(first.source) or self._seat(first.source)
                if seat.shown:
                    left = seat.available(line.service_id) if seat.lacking else seat.free
                    yield line.service_id, first.tiers[0].price, left
                continue
            price = self._price(line)
            if price is not None:
                yield line.service_id, price.cost, price.count

    def _seat(self, source: Source) -> Seat:
        bit = ABILITY[source.kind]
        theirs = [
            pool
            for pool in self.pools
            if pool.supplier_id == source.supplier_id
            and pool.abilities & bit
            and (not self.operators or pool.operator_id in self.operators)
        ]
        if source.operator_id:
            own = [pool for pool in theirs if pool.operator_id == source.operator_id]
            shown = not self.operators or source.operator_id in self.operators
        else:
            own = [pool for pool in theirs if pool.operator_id not in source.own]
            # A price of any operator that is left without a pool, because each has its own, is nobody's price.
            shown = bool(own) or not theirs
        lacking = tuple(pool for pool in own if pool.gone)
        seat = Seat(sum(pool.free for pool in own), lacking, bool(own) or source.asked, shown)
        self._seats[source] = seat
        return seat

    def _only_price(self, line: Line) -> Price | None:
        (first,) = line.offered
        seat = self._seats.get(first.source) or self._seat(first.source)
        if not seat.shown:
            return None
        cost, left = first.tiers[0].price, seat.available(line.service_id)
        counts = ((cost, left),)
        return Price(line.service_id, cost, left, counts, ((first.source.supplier_id, counts),))

    def _price(self, line: Line) -> Price | None:
        if line.simple:
            return self._only_price(line)
        seated = [(offered, self._seats.get(offered.source) or self._seat(offered.source)) for offered in line.offered]
        seated = [(offered, seat) for offered, seat in seated if seat.shown]
        # A price without a pool is shown where there is no other, with nothing left at it.
        seated = [(offered, seat) for offered, seat in seated if seat.fits] or seated
        if not seated:
            return None
        marked = [tier.price for offered, _ in seated for tier in offered.tiers if tier.regular]
        cost = min(marked or [tier.price for offered, _ in seated for tier in offered.tiers])
        count = 0
        everybody: dict[int, int] = {}
        suppliers: dict[int, dict[int, int]] = {}
        for offered, seat in seated:
            available = left = seat.available(line.service_id)
            theirs = suppliers.setdefault(offered.source.supplier_id, {})
            for tier in offered.tiers:
                limit = self.remaining.get(tier.offer_id, 0) if tier.offer_id else available
                if tier.price == cost:
                    count += min(available, limit)
                sold = min(left, limit)
                left -= sold
                theirs[tier.price] = theirs.get(tier.price, 0) + sold
                everybody[tier.price] = everybody.get(tier.price, 0) + sold
        each = tuple((supplier_id, _sorted(counts)) for supplier_id, counts in sorted(suppliers.items()))
        return Price(line.service_id, cost, count, _sorted(everybody), each)


def _sorted(counts: Mapping[int, int]) -> Counts:
    return tuple(sorted(counts.items()))
