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
        some = lease.write_paths(folder / "some.txt", list(bank.accounts.values()), [bank.shelves[0].code])
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


def run(bank: Bank, server: Server, folder: Path, rounds: Rounds, say: Say) -> list[Figure]:
    """The bank and the constant in turns."""
    say("getStatus against a constant")
    paths = write_paths(bank, server, folder)

    def polls(seconds: int) -> Load:
        before = _served(server)
        load = wrk(server.port, paths, seconds)
        served = _served(server) - before
        if not load.requests <= served <= load.requests + CONNECTIONS:
            raise BenchError(f"wrk got {load.requests} answers, {served} of them were successes")
        return load

    with serving("constant", folder, "/") as constant:
        polls(rounds.warm_up_s)
        wrk(constant.port, paths, rounds.warm_up_s)
        loads = interleave(
            rounds, say,
            {"status": lambda: polls(rounds.seconds), "constant": lambda: wrk(constant.port, paths, rounds.seconds)},
        )  # fmt: skip
    status, top = ([load.rate for load in loads[name]] for name in ("status", "constant"))
    detail = f"{listed(status)} against {listed(top)} /s"
    p99 = [load.p99_us / 1000 for load in loads["status"]]
    middle = ", ".join(f"{load.p50_us / 1000:.1f}" for load in loads["status"])
    return [
        ratio("getStatus / constant", 0.5, status, top, at_least=True, detail=detail),
        plain("getStatus p99", 30, "ms", p99, f"p50 {middle} ms"),
    ]
