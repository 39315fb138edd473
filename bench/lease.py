"""getNumber over HTTP against the same transaction row by row in pgbench, on the same tables of the same server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from random import Random

from bench.bank import COUNTRY, PRICE, Bank
from bench.books import Books
from bench.harness import CONNECTIONS, Figure, Rounds, Say, interleave, listed, ratio
from bench.load import pgbench, wrk
from bench.machine import Server

PATH = "/stubs/handler_api.php?action=getNumber&api_key={key}&service={service}&country={country}"


def write_paths(file: Path, keys: Sequence[str], services: Sequence[str], path: str = PATH) -> Path:
    """Every account with every service, in a shuffled order that is the same in every run."""
    lines = [path.format(key=key, service=service, country=COUNTRY) for key, service in product(keys, services)]
    Random(1).shuffle(lines)
    file.write_text("\n".join(lines) + "\n")
    return file


def measures(bank: Bank, server: Server, folder: Path, seconds: int) -> dict[str, Callable[[], float]]:
    """The four loads; each proves its work before it says its rate."""
    # The last two shelves are for the flat benchmark.
    shelves = bank.shelves[:-2]
    ids = list(bank.accounts)
    codes = [shelf.code for shelf in shelves]
    many = write_paths(folder / "lease-many.txt", list(bank.accounts.values()), codes)
    one = write_paths(folder / "lease-one.txt", [bank.accounts[ids[0]]], codes)
    books = Books(bank)

    def wire(paths: Path) -> float:
        load = wrk(server.port, paths, seconds)
        books.check("numbank", load.requests, CONNECTIONS)
        return load.rate

    def rows(last: int) -> float:
        load = pgbench(
            bank.dsn, seconds, first_account=ids[0], last_account=last, country=COUNTRY, price=PRICE,
            first_service=shelves[0].service_id, last_service=shelves[-1].service_id,
        )  # fmt: skip
        books.check("pgbench", load.requests)
        return load.rate

    return {
        "many": lambda: wire(many),
        "many_rows": lambda: rows(ids[-1]),
        "one": lambda: wire(one),
        "one_rows": lambda: rows(ids[0]),
    }


def run(bank: Bank, server: Server, folder: Path, rounds: Rounds, say: Say) -> list[Figure]:
    """Four loads in turns."""
    say("getNumber against pgbench")
    for warm_up in measures(bank, server, folder, rounds.warm_up_s).values():
        warm_up()
    rates = interleave(rounds, say, measures(bank, server, folder, rounds.seconds))
    return [
        _figure("getNumber / pgbench", 2.2, rates, "many"),
        _figure("getNumber / pgbench, one account", 1.2, rates, "one"),
    ]


def _figure(name: str, bar: float, rates: dict[str, list[float]], load: str) -> Figure:
    ours, rows = rates[load], rates[f"{load}_rows"]
    return ratio(name, bar, ours, rows, at_least=True, detail=f"{listed(ours)} against {listed(rows)} /s")
