"""One worker process against two of the same bank on the same database: what a second core brings, where there is one."""

from __future__ import annotations

from pathlib import Path

from bench import lease, status
from bench.bank import Bank
from bench.books import Books
from bench.harness import CONNECTIONS, Figure, Rounds, Say, interleave, listed, ratio
from bench.load import wrk
from bench.machine import Server, serving

WORKERS = 2
BAR = 1.6


def run(bank: Bank, one: Server, folder: Path, rounds: Rounds, say: Say) -> list[Figure]:
    """Polls and leases in turns at both; wrk and PostgreSQL want cores too: with few cores the bar is out of reach."""
    say(f"one worker against {WORKERS}")
    polls = status.write_paths(bank, one, folder)
    leases = lease.write_paths(
        folder / "workers.txt", list(bank.accounts.values()), [shelf.code for shelf in bank.shelves[:-2]]
    )
    books = Books(bank)

    def poll(server: Server, seconds: int) -> float:
        return wrk(server.port, polls, seconds).rate

    def take(server: Server, seconds: int) -> float:
        load = wrk(server.port, leases, seconds)
        books.check("numbank", load.requests, CONNECTIONS)
        return load.rate

    with serving("bank", folder, "/readyz", database_url=bank.dsn, workers=str(WORKERS)) as several:
        for server in (one, several):
            poll(server, rounds.warm_up_s)
            take(server, rounds.warm_up_s)
        rates = interleave(
            rounds, say,
            {
                "polls": lambda: poll(one, rounds.seconds),
                "polls of two": lambda: poll(several, rounds.seconds),
                "leases": lambda: take(one, rounds.seconds),
                "leases of two": lambda: take(several, rounds.seconds),
            },
        )  # fmt: skip
    return [
        ratio(
            f"{name}, {WORKERS} workers / one", BAR, rates[f"{load} of two"], rates[load], at_least=True,
            detail=f"{listed(rates[f'{load} of two'])} against {listed(rates[load])} /s",
        )
        for name, load in (("getStatus", "polls"), ("getNumber", "leases"))
    ]  # fmt: skip
