"""The simulator behind the port: a lease on one of its numbers plans the messages that will come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from numbank.catalogue.catalogue import Catalogue
from numbank.codes import Brands
from numbank.db.pool import Connection, Pool
from numbank.db.queries import Queries
from numbank.leases.refs import rent_of
from numbank.messages.calls import Kind
from numbank.settings import Settings
from numbank.suppliers.simulator.messages import Writer
from numbank.suppliers.simulator.plan import Faults, Order, Planned, chance_for, plan, plan_more
from numbank.suppliers.simulator.rentals import plan_rental
from numbank.supply.errands import Errand
from numbank.supply.supplier import Leased, Supplier

Q = Queries("numbank.suppliers.simulator")

KIND = "simulator"

Row = tuple[datetime, int, str, str, str, int, str | None]


class Simulator(Supplier):
    """Plans messages inside the transaction of the lease; `outbox.send_due` sends them. OperatorError on bad faults."""

    kind = KIND

    def __init__(self, supplier_id: int, catalogue: Catalogue, settings: Settings, pool: Pool) -> None:
        self.supplier_id = supplier_id
        self._pool = pool
        self._catalogue = catalogue
        self._seed = settings.sandbox_seed
        self._delay_s = settings.sandbox_delay_s
        self._faults = Faults.parse(settings.sandbox_faults)
        self._writer = Writer({}, Brands.build([]))

    def learn(self, brands: Brands) -> None:
        """Write for the catalogue as it is now; called when it changed, with the brands that the door reads by."""
        self._writer = Writer(self._catalogue.by_code, brands)

    async def leased(self, tx: Connection, leases: Sequence[Leased]) -> None:
        """Plan the messages of new leases."""
        rows: list[Row] = []
        for lease in leases:
            country = self._catalogue.countries.get(lease.country_id)
            if country is not None and rent_of(lease.lease_id) is not None:
                told = plan_rental(lease, country, self._catalogue, self._writer, self._seed, self._delay_s)
                rows += [_row(planned, lease.at, lease.e164) for planned in told]
                continue
            life_s = (lease.due_at - lease.at).total_seconds()
            order = self._order(
                lease.lease_id, lease.country_id, lease.service_id, life_s, Kind(lease.kind), lease.language
            )
            if order is None:
                continue
            chance = chance_for(self._seed, lease.lease_id)
            fault = self._faults.draw(chance)
            for planned in plan(order, fault, self._writer, chance, self._delay_s):
                rows.append(_row(planned, lease.at, lease.e164))
        await _save(tx, rows)

    async def more(self, tx: Connection, lease_ids: Sequence[int]) -> None:
        """Plan a further code for those leases that are the simulator's own."""
        rows: list[Row] = []
        for lease_id, country_id, service_id, e164, now, turn in await tx.fetch(
            Q.own_leases, list(lease_ids), self.supplier_id
        ):
            order = self._order(lease_id, country_id, service_id, 0.0)
            if order is not None:
                chance = chance_for(self._seed, lease_id, turn)
                rows.append(_row(plan_more(order, turn, self._writer, chance, self._delay_s), now, e164))
        await _save(tx, rows)

    def _order(
        self, lease_id: int, country_id: int, service_id: int, life_s: float, kind: Kind = Kind.SMS,
        language: str | None = None,
    ) -> Order | None:  # fmt: skip
        """None for what this node has not heard of yet: no message comes, as it happens with real suppliers."""
        country = self._catalogue.countries.get(country_id)
        service = self._catalogue.services.get(service_id)
        if country is None or service is None:
            return None
        return Order(lease_id, service, country.iso2, life_s, kind, language, country.dialing_prefix)

    async def run(self, errand: Errand) -> None:
        """Errands are written down where they can be looked at; nobody is called."""
        await self._pool.execute(
            Q.do_errand, errand.id, errand.kind, errand.e164, errand.target, errand.sender, errand.text
        )


def _row(planned: Planned, at: datetime, e164: int) -> Row:
    return (
        at + timedelta(seconds=planned.delay_s), e164, planned.foreign_id, planned.sender, planned.text, planned.medium,
        planned.language,
    )  # fmt: skip


async def _save(tx: Connection, rows: Sequence[Row]) -> None:
    if rows:
        await tx.execute(Q.plan_messages, *(list(column) for column in zip(*rows, strict=True)))
