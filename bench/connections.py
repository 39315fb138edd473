"""getStatus with a new connection for every request, as `requests.get` makes one, against the constant under the same."""

from __future__ import annotations

from pathlib import Path

from bench import status
from bench.bank import Bank
from bench.harness import BenchError, Figure, Rounds, Say
from bench.load import Load
from bench.machine import Server

# The server closes after its answer, and wrk opens the next connection.
EACH_ITS_OWN = "Connection: close"
SNMP = Path("/proc/net/snmp")


def opened() -> int:
    """How many connections this machine has accepted since it started."""
    names, values = (line.split() for line in SNMP.read_text().splitlines() if line.startswith("Tcp:"))
    return int(dict(zip(names, values, strict=True))["PassiveOpens"])


def run(bank: Bank, server: Server, folder: Path, rounds: Rounds, say: Say) -> list[Figure]:
    """The bank and the constant in turns; checked that there were as many connections as answers."""
    say("getStatus with new connections against a constant")
    before = opened()
    polls, constants = status.compare(bank, server, folder, rounds, say, EACH_ITS_OWN)
    _check(opened() - before, [*polls, *constants])
    return status.figures("getStatus, new connections", 0.6, polls, constants)


def _check(connections: int, loads: list[Load]) -> None:
    answers = sum(load.requests for load in loads)
    if connections < answers:
        raise BenchError(f"{answers} answers came over {connections} connections: they were kept open")
