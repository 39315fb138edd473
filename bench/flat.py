"""Whether a lease costs the same with few numbers and with many, and when most of them were used for the service.

Measured at the lease desk behind its counter, without HTTP: a bank of 1,000 numbers is sold out within a tenth of a
second of load, so batches of 64 are timed one by one, and the small bank is put back between blocks of them, untimed.
The small bank is a database of its own, so that its indexes are small too.
"""

from __future__ import annotations

import asyncio
import time
from statistics import median

from bench.bank import COUNTRY, Bank, connect
from bench.harness import BenchError, Figure, Rounds, Say, ratio
from numbank.activation.desk import LeaseDesk
from numbank.activation.model import Activation, LeaseRequest, Opened
from numbank.db.counter import Counter
from numbank.db.pool import connector
from numbank.settings import load
from numbank.supply.supplier import Suppliers

BATCH = 64
BATCHES = 15  # 960 of the 1,000 numbers
RESET = """
update number set state = 0, holder = null, last_service_id = null where state = 1;
update shelf set hi = start, lo = 0;
update shelf_stock set withheld = 0, busy = 0;
update stock set free = {numbers};
truncate use; truncate stock_move; truncate tally_move; truncate pile; truncate passed
"""

Desk = Counter[LeaseRequest, Activation | Opened]


class Shop:
    """One bank with the service that is leased from it."""

    def __init__(self, bank: Bank, service_id: int) -> None:
        settings = load({})
        desk = LeaseDesk(Suppliers(), operator_fallback=True, claim_pools=settings.claim_pools)
        self.bank = bank
        self.requests = [
            LeaseRequest(account_id, COUNTRY, service_id, 1200.0, 120.0)
            for account_id in (list(bank.accounts) * 2)[:BATCH]
        ]
        self.counter: Desk = Counter(
            "lease", desk.serve, connector(bank.dsn, 10.0), batch_limit=BATCH, queue_limit=BATCH, deadline_s=10.0
        )

    async def block(self) -> list[float]:
        """The seconds of each batch but the first."""
        times = []
        for _ in range(BATCHES):
            began = time.perf_counter()
            results = await asyncio.gather(*map(self.counter.ask, self.requests))
            times.append(time.perf_counter() - began)
            if not all(isinstance(result, Activation) for result in results):
                raise BenchError(f"a lease was refused: {results}")
        return times[1:]

    async def reset(self) -> None:
        """Put all numbers back; for the small bank only."""
        connection = await connect(self.bank.dsn)
        try:
            await connection.execute(RESET.format(numbers=self.bank.numbers))
            await connection.execute("vacuum number, shelf, shelf_stock, stock, account")
        finally:
            await connection.close()


async def _measure(small: Shop, big: Shop, used: Shop, rounds: Rounds, say: Say) -> dict[str, list[float]]:
    shops = {"small": small, "big": big, "used": used}
    for shop in shops.values():
        shop.counter.start()
        await shop.block()
    medians: dict[str, list[float]] = {name: [] for name in shops}
    for number in range(rounds.count):
        times: dict[str, list[float]] = {name: [] for name in shops}
        for block in range(2 * rounds.seconds):
            await small.reset()
            order = list(shops) if block % 2 == 0 else list(reversed(shops))
            for name in order:
                times[name] += await shops[name].block()
        for name, seconds in times.items():
            medians[name].append(median(seconds))
        say(f"  round {number + 1} of {rounds.count}")
    for shop in shops.values():
        await shop.counter.stop()
    await small.reset()
    return medians


def run(small: Bank, big: Bank, rounds: Rounds, say: Say) -> list[Figure]:
    """Three shelves in turns: 1,000 numbers, 1,000,000 numbers, 1,000,000 of which 95 % are used."""
    say("lease cost: 1,000 and 1,000,000 numbers, 0 % and 95 % used")
    fresh, used = big.shelves[-2:]
    shops = (Shop(small, small.shelves[0].service_id), Shop(big, fresh.service_id), Shop(big, used.service_id))
    times = asyncio.run(_measure(*shops, rounds, say))
    cost = {name: f"{median(values) * 1000:.1f}" for name, values in times.items()}
    size = f"batch of {BATCH}: {cost['big']} against {cost['small']} ms"
    share = f"batch of {BATCH}: {cost['used']} against {cost['big']} ms"
    sizes = f"lease cost, {big.numbers:,} / {small.numbers:,} numbers"
    return [
        ratio(sizes, 1.3, times["big"], times["small"], at_least=False, detail=size),
        ratio("lease cost, 95 % / 0 % used", 1.3, times["used"], times["big"], at_least=False, detail=share),
    ]
