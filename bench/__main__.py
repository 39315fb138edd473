"""`python -m bench`: run the benchmarks, print the table, exit 1 when a bar is missed."""

from __future__ import annotations

import argparse
import asyncio
import shlex
import signal
import sys
from pathlib import Path

from bench import (
    codes,
    connections,
    flat,
    grown,
    intake,
    lease,
    mail,
    memory,
    prices,
    rent,
    report,
    start,
    status,
    workers,
)
from bench.bank import Bank, connect, fill
from bench.books import verify
from bench.harness import BenchError, Figure, Rounds, others_cpu
from bench.load import require_wrk
from bench.machine import cluster, serving, temporary_folder
from numbank.db.embedded import EmbeddedError
from numbank.supply.numbers import RENT, SMS

NAMES = ("lease", "intake", "rent", "status", "connections", "workers", "flat", "prices", "mail", "codes", "start")
# Not among those of a plain run: one fills a bank for minutes, and takes 30 GB of disk, one takes an hour, one needs a peer.
LONG = ("grown", "memory", "peers")
# Loads over HTTP on one big bank.
LOADS = {"lease": lease, "status": status, "connections": connections, "workers": workers}
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
    if names & {*LOADS, "flat"}:
        with temporary_folder() as folder, cluster(folder) as server:
            say(f"filling a bank with {NUMBERS:,} numbers")
            bank = asyncio.run(fill(server.dsn, NUMBERS, [*STARTS, FRESH, USED]))
            say(f"durable: {asyncio.run(_durable(bank.dsn))}")
            with serving("bank", folder, "/readyz", database_url=bank.dsn) as served:
                for name in sorted(names & LOADS.keys()):
                    figures += LOADS[name].run(bank, served, folder, rounds, say)
            if names & LOADS.keys():
                say(f"numbank verify: {verify(bank.dsn)}")
            if "flat" in names:
                figures += flat.run(asyncio.run(_small(bank.dsn)), bank, rounds, say)
    if "intake" in names:
        with temporary_folder() as folder, cluster(folder) as server:
            say(f"filling a bank with {NUMBERS:,} numbers")
            # Few services with long stretches: the numbers that wait for messages follow each other.
            waiting = asyncio.run(fill(server.dsn, NUMBERS, intake.STARTS))
            with serving("bank", folder, "/readyz", database_url=waiting.dsn) as served:
                figures += intake.run(waiting, served, folder, rounds, say)
            say(f"numbank verify: {verify(waiting.dsn)}")
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


def _grown(given: argparse.Namespace, rounds: Rounds) -> list[Figure]:
    """In a folder that is kept when it was named."""
    if given.folder:
        given.folder.mkdir(mode=0o755, exist_ok=True)
        return grown.run(given.folder, given.leases, rounds, say, year=given.year)
    with temporary_folder() as folder:
        return grown.run(folder, given.leases, rounds, say, year=given.year)


def _peers(rounds: Rounds) -> list[Figure]:
    from bench.peers import run as peers  # noqa: PLC0415  needs packages that nothing else here needs

    peers.require_peers()
    with temporary_folder() as folder, cluster(folder) as server:
        bank = asyncio.run(fill(server.dsn, NUMBERS, STARTS))
        with serving("bank", folder, "/readyz", database_url=bank.dsn) as served:
            figures = peers.run(bank, served, folder, rounds, say)
        say(f"numbank verify: {verify(bank.dsn)}")
        return figures


def _memory(minutes: float) -> list[Figure]:
    with temporary_folder() as folder, cluster(folder) as server:
        bank = asyncio.run(fill(server.dsn, NUMBERS, STARTS[:10]))
        figures = memory.run(bank, folder, minutes, say)
        say(f"numbank verify: {verify(bank.dsn)}")
        return figures


def main() -> int:
    """Parse, run, report."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "names", nargs="*", help=f"which benchmarks: {', '.join(NAMES)} (default: all), {', '.join(LONG)}"
    )
    parser.add_argument("--quick", action="store_true", help="three rounds of one second: to see that it works")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds, at least 3 (default 5)")
    parser.add_argument("--seconds", type=int, default=4, help="length of each load in a round (default 4)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results to FILE")
    parser.add_argument(
        "--leases", type=int, default=grown.LEASES, help="grown: leases in the bank (default 20,000,000)"
    )
    parser.add_argument("--folder", type=Path, help="grown: fill this folder and keep it, or measure what is in it")
    parser.add_argument("--year", action="store_true", help="grown: with as many partitions as a year has")
    parser.add_argument("--minutes", type=float, default=60, help="memory: how long the load goes on (default 60)")
    given = parser.parse_args()
    unknown = set(given.names) - {*NAMES, *LONG}
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
        if "grown" in given.names:
            figures += _grown(given, rounds)
        if "peers" in given.names:
            figures += _peers(rounds)
        if "memory" in given.names:
            figures += _memory(given.minutes)
    except (BenchError, EmbeddedError) as error:
        say(f"bench: {error}")
        return 2
    report.show(figures)
    if given.json:
        report.write(given.json, figures, busy, shlex.join(["python", "-m", "bench", *sys.argv[1:]]))
    return 0 if all(figure.ok for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
