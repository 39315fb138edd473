"""getRentNumber over HTTP against getNumber row by row in pgbench: a rental writes one row more than an activation."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from bench.bank import COUNTRY, PRICE, Bank, connect
from bench.books import SETTLE_S, Books
from bench.harness import CONNECTIONS, BenchError, Figure, Rounds, Say, interleave, listed, ratio
from bench.lease import write_paths
from bench.load import pgbench, wrk
from bench.machine import Server

PATH = "/stubs/handler_api.php?action=getRentNumber&api_key={key}&service={service}&country={country}&rent_time=4"
TERMS = (
    "insert into rent_term (country_id, service_id, hours, price) select $1, unnest($2::int[]), 4, $3",
    "update country set rent = true where id = $1",
)
# What one rental adds, each of these once; and what it takes of the money.
COUNTS = """
select (select count(*) from rent where state = 1) as rentals, (select count(*) from rent_charge) as charges,
  (select count(*) from hold h join rent_charge c on c.hold_id = h.id where h.state = 0) as holds,
  (select count(*) from number n join rent r on n.holder = -r.id where n.state = 1) as numbers,
  (select -sum(cash) / $1::bigint from account)::bigint as paid
"""


class RentBooks:
    """Counts what is there, and proves what a load has added since."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self._before = asyncio.run(self._counts())

    def check(self, rentals: int) -> None:
        """BenchError unless at least as many were written wholly, and no more than could be in flight."""
        time.sleep(SETTLE_S)
        now = asyncio.run(self._counts())
        done = {name: now[name] - self._before[name] for name in now}
        if len(set(done.values())) != 1 or not rentals <= done["rentals"] <= rentals + CONNECTIONS:
            raise BenchError(f"numbank reports {rentals} rentals, the database counts {done}")

    async def _counts(self) -> dict[str, int]:
        connection = await connect(self._bank.dsn)
        try:
            row = await connection.fetchrow(COUNTS, PRICE)
        finally:
            await connection.close()
        if row is None:
            raise BenchError("the database does not count")
        return dict(row)


async def open_rentals(bank: Bank) -> None:
    """Terms for every service, at the price of a lease."""
    connection = await connect(bank.dsn)
    try:
        await connection.execute(TERMS[0], COUNTRY, [shelf.service_id for shelf in bank.shelves], PRICE)
        await connection.execute(TERMS[1], COUNTRY)
    finally:
        await connection.close()


def measures(bank: Bank, server: Server, folder: Path, seconds: int) -> dict[str, Callable[[], float]]:
    """Both loads; each proves its work before it says its rate."""
    ids = list(bank.accounts)
    paths = write_paths(folder / "rent.txt", list(bank.accounts.values()), [shelf.code for shelf in bank.shelves], PATH)

    def wire() -> float:
        books = RentBooks(bank)
        load = wrk(server.port, paths, seconds)
        books.check(load.requests)
        return load.rate

    def rows() -> float:
        books = Books(bank)
        load = pgbench(
            bank.dsn, seconds, first_account=ids[0], last_account=ids[-1], country=COUNTRY, price=PRICE,
            first_service=bank.shelves[0].service_id, last_service=bank.shelves[-1].service_id,
        )  # fmt: skip
        books.check("pgbench", load.requests)
        return load.rate

    return {"rent": wire, "rows": rows}


def run(bank: Bank, server: Server, folder: Path, rounds: Rounds, say: Say) -> list[Figure]:
    """Two loads in turns."""
    say("getRentNumber against pgbench")
    for warm_up in measures(bank, server, folder, rounds.warm_up_s).values():
        warm_up()
    rates = interleave(rounds, say, measures(bank, server, folder, rounds.seconds))
    detail = f"{listed(rates['rent'])} against {listed(rates['rows'])} /s"
    return [ratio("getRentNumber / pgbench", 1.5, rates["rent"], rates["rows"], at_least=True, detail=detail)]
