"""getStatus against a bare ASGI app that answers a constant under the same granian settings, and its latency."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from random import Random

from bench import lease
from bench.bank import Bank, connect
from bench.books import SETTLE_S
from bench.constant import BODY
from bench.harness import CONNECTIONS, BenchError, Figure, Rounds, Say, interleave, listed, plain, ratio
from bench.load import Load, wrk
from bench.machine import Server, get, serving

PATH = "/stubs/handler_api.php?action=getStatus&api_key={key}&id={id}"
POLLED = 5_000
FILL_S = 2
SERVED = 'numbank_requests_total{action="getStatus",refused=""}'


async def _leases(bank: Bank) -> list[tuple[int, int]]:
    connection = await connect(bank.dsn)
    try:
        rows = await connection.fetch(
            "select id, account_id from activation where state = 1 order by random() limit $1", POLLED
        )
    finally:
        await connection.close()
    return [(row[0], row[1]) for row in rows]


def write_paths(bank: Bank, server: Server, folder: Path) -> Path:
    """Many activations of all accounts, each with its own account's key; checked that they answer what is expected."""
    found = asyncio.run(_leases(bank))
    if len(found) < POLLED:
        # Of many services: one alone would run into the next one's numbers. The last two are for the flat benchmark.
        codes = [shelf.code for shelf in bank.shelves[:-2]]
        some = lease.write_paths(folder / "some.txt", list(bank.accounts.values()), codes)
        wrk(server.port, some, FILL_S)
        found = asyncio.run(_leases(bank))
    if len(found) < POLLED // 5:
        raise BenchError(f"getNumber made only {len(found)} leases in {FILL_S} s: {server.last_word()}")
    lines = [PATH.format(key=bank.accounts[account], id=lease_id) for lease_id, account in found]
    for line in Random(1).sample(lines, 20):
        if get(server.port, line) != (200, BODY):
            raise BenchError(f"a poll was answered {get(server.port, line)}, not {BODY!r}")
    file = folder / "status.txt"
    file.write_text("\n".join(lines) + "\n")
    return file


def _served(server: Server) -> int:
    """How many polls were answered with success, once those in flight are through."""
    time.sleep(SETTLE_S)
    _, metrics = get(server.port, "/metrics")
    counts = [line.rpartition(" ")[2] for line in metrics.decode().splitlines() if line.startswith(SERVED)]
    return int(float(counts[0])) if counts else 0


def compare(
    bank: Bank, server: Server, folder: Path, rounds: Rounds, say: Say, *headers: str
) -> tuple[list[Load], list[Load]]:
    """The loads of the bank and of the constant, in turns; every poll was a success, counted by the bank itself."""
    paths = write_paths(bank, server, folder)

    def polls(seconds: int) -> Load:
        before = _served(server)
        load = wrk(server.port, paths, seconds, *headers)
        served = _served(server) - before
        if not load.requests <= served <= load.requests + CONNECTIONS:
            raise BenchError(f"wrk got {load.requests} answers, {served} of them were successes")
        return load

    with serving("constant", folder, "/") as constant:
        polls(rounds.warm_up_s)
        wrk(constant.port, paths, rounds.warm_up_s, *headers)
        loads = interleave(
            rounds, say,
            {
                "status": lambda: polls(rounds.seconds),
                "constant": lambda: wrk(constant.port, paths, rounds.seconds, *headers),
            },
        )  # fmt: skip
    return loads["status"], loads["constant"]


def figures(name: str, bar: float, status: list[Load], constant: list[Load]) -> list[Figure]:
    """The ratio of the rates, and the latency of the polls."""
    rates, top = ([load.rate for load in loads] for loads in (status, constant))
    p99 = [load.p99_us / 1000 for load in status]
    middle = ", ".join(f"{load.p50_us / 1000:.1f}" for load in status)
    return [
        ratio(f"{name} / constant", bar, rates, top, at_least=True, detail=f"{listed(rates)} against {listed(top)} /s"),
        plain(f"{name} p99", 30, "ms", p99, f"p50 {middle} ms"),
    ]


def run(bank: Bank, server: Server, folder: Path, rounds: Rounds, say: Say) -> list[Figure]:
    """The bank and the constant in turns."""
    say("getStatus against a constant")
    return figures("getStatus", 0.55, *compare(bank, server, folder, rounds, say))
