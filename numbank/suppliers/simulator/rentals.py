"""What a rental of a simulated number receives, and when: pure, and without the faults that activations meet."""

from __future__ import annotations

from numbank.catalogue.catalogue import Catalogue
from numbank.catalogue.model import RENT_SERVICE_CODE, Country, Service
from numbank.clock import Chance
from numbank.leases.refs import rent_of
from numbank.suppliers.simulator.messages import Writer
from numbank.suppliers.simulator.plan import Planned, chance_for
from numbank.suppliers.simulator.prices import WITH_MORE
from numbank.supply.supplier import Leased

# When messages come, in delays of the sandbox after the purchase.
TIMES = (1, 3, 6, 12, 24)
# Tells the chance of a rental from that of an activation with the same id.
TURN = 1 << 20


def plan_rental(
    lease: Leased, country: Country, catalogue: Catalogue, writer: Writer, seed: int, delay_s: float
) -> list[Planned]:
    """The messages of a rental, one after the other: of its service, or of several when it is for everything."""
    rent_id = rent_of(lease.lease_id)
    service = catalogue.services.get(lease.service_id)
    if rent_id is None or service is None:
        return []
    chance = chance_for(seed, rent_id, TURN)
    senders = _several(catalogue, chance) if service.code == RENT_SERVICE_CODE else [service]
    life_s = (lease.due_at - lease.at).total_seconds()
    planned = []
    for place, times in enumerate(TIMES):
        if times * delay_s < life_s:
            text = writer.coded(senders[place % len(senders)], country.iso2, chance)
            planned.append(Planned(times * delay_s, f"rent-{rent_id}-{place}", text.sender, text.text))
    return planned


def _several(catalogue: Catalogue, chance: Chance) -> list[Service]:
    """Well-known services in an order of chance."""
    known = [catalogue.by_code[code] for code in WITH_MORE if code in catalogue.by_code]
    return [known.pop(chance.below(len(known))) for _ in range(len(known))]
