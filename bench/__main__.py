"""`python -m bench`: run the benchmarks, print the table, exit 1 when a bar is missed."""

from __future__ import annotations

import argparse
import asyncio
import shlex
import signal
import sys
from pathlib import Path

from bench import codes, flat, lease, mail, prices, rent, report, start, status
from bench.bank import Bank, connect, fill
from bench.books import verify
from bench.harness import BenchError, Figure, Rounds, others_cpu
from bench.load import require_wrk
from bench.machine import cluster, serving, temporary_folder
from numbank.db.embedded import EmbeddedError
from numbank.supply.numbers import RENT, SMS

NAMES = ("lease", "rent", "status", "flat", "prices", "mail", "codes", "start")
NUMBERS = 1_000_000
SMALL = 1_000
BUSY_PERCENT = 5
SERVICES = 50
# The loads share the first 90 % of the pool, a stretch for each service; the rest is for the flat benchmark.
STARTS = [(index * NUMBERS * 9 // 10 // SERVICES, 0) for index in range(SERVICES)]
FRESH = (NUMBERS * 9 // 10, 0)
USED = (0, NUMBERS * 95 // 100)


def say(line: str) -> None:
    """Progress goes to stderr, the results to stdout."""
    print(line, file=sys.stderr, flush=True)


async def _small(big: str) -> Bank:
    """A second database on the same server."""
    connection = await connect(big)
    try:
        await connection.execute("create database small")
    finally:
        await connection.close()
    return await fill(big.replace("@/numbank?", "@/small?"), SMALL, [(0, 0)])


async def _durable(dsn: str) -> str:
    connection = await connect(dsn)
    try:
        values = {
            name: await connection.fetchval(f"show {name}")
            for name in ("fsync", "synchronous_commit", "full_page_writes")
        }
    finally:
        await connection.close()
    if set(values.values()) != {"on"}:
        raise BenchError(f"commits are not durable: {values}")
    return ", ".join(f"{name} {value}" for name, value in values.items())


def run(names: set[str], rounds: Rounds) -> list[Figure]:
    """All that was asked for, each on fresh data."""
    figures: list[Figure] = []
    if names & {"lease", "status", "flat"}:
        with temporary_folder() as folder, cluster(folder) as server:
            say(f"filling a bank with {NUMBERS:,} numbers")
            bank = asyncio.run(fill(server.dsn, NUMBERS, [*STARTS, FRESH, USED]))
            say(f"durable: {asyncio.run(_durable(bank.dsn))}")
            with serving("bank", folder, "/readyz", database_url=bank.dsn) as served:
                if "lease" in names:
                    figures += lease.run(bank, served, folder, rounds, say)
                if "status" in names:
                    figures += status.run(bank, served, folder, rounds, say)
            if names & {"lease", "status"}:
                say(f"numbank verify: {verify(bank.dsn)}")
            if "flat" in names:
                figures += flat.run(asyncio.run(_small(bank.dsn)), bank, rounds, say)
    if "rent" in names:
        with temporary_folder() as folder, cluster(folder) as server:
            say(f"filling a bank with {NUMBERS:,} numbers to rent")
            rentable = asyncio.run(fill(server.dsn, NUMBERS, STARTS, SMS | RENT))
            asyncio.run(rent.open_rentals(rentable))
            with serving("bank", folder, "/readyz", database_url=rentable.dsn) as served:
                figures += rent.run(rentable, served, folder, rounds, say)
            say(f"numbank verify: {verify(rentable.dsn)}")
    if "prices" in names:
        with temporary_folder() as folder, cluster(folder) as server:
            say("filling a bank with every service in every country")
            shop = asyncio.run(prices.fill(server.dsn))
            with serving("bank", folder, "/readyz", database_url=shop.dsn) as served:
                figures += prices.run(shop, served, folder, rounds, say)
    if "mail" in names:
        with temporary_folder() as folder, cluster(folder) as server:
            post = asyncio.run(fill(server.dsn, SMALL, [(0, 0)]))
            figures += mail.run(post, folder, rounds, say)
            say(f"numbank verify: {verify(post.dsn)}")
    if "codes" in names:
        figures += codes.run(rounds, say)
    if "start" in names:
        with temporary_folder() as folder:
            figures += start.run(folder, rounds, say)
    return figures


def main() -> int:
    """Parse, run, report."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"which benchmarks: {', '.join(NAMES)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="three rounds of one second: to see that it works")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds, at least 3 (default 5)")
    parser.add_argument("--seconds", type=int, default=4, help="length of each load in a round (default 4)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results to FILE")
    given = parser.parse_args()
    unknown = set(given.names) - set(NAMES)
    if unknown or given.rounds < 3 or given.seconds < 1:
        parser.error(f"unknown benchmark {unknown}" if unknown else "at least 3 rounds of at least 1 second")
    rounds = Rounds(3, 1, 1) if given.quick else Rounds(given.rounds, given.seconds, 2)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything started here is stopped
    try:
        require_wrk()
        busy = others_cpu()
        if busy > BUSY_PERCENT:
            say(f"warning: others use {busy:.0f} % of this machine; the figures will be off")
        figures = run(set(given.names or NAMES), rounds)
    except (BenchError, EmbeddedError) as error:
        say(f"bench: {error}")
        return 2
    report.show(figures)
    if given.json:
        report.write(given.json, figures, busy, shlex.join(["python", "-m", "bench", *sys.argv[1:]]))
    return 0 if all(figure.ok for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
