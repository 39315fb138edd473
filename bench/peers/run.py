"""The same load on the bank and on the plain shop, and what became of numbers and money."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path

import msgspec

from bench import lease, status
from bench.bank import BALANCE, COUNTRY, FIRST_E164, PRICE, Bank, connect
from bench.books import Books
from bench.harness import CONNECTIONS, BenchError, Figure, Rounds, Say, interleave, listed, plain, ratio, until
from bench.load import wrk
from bench.machine import HOST, REPOSITORY, START_LIMIT_S, Server, free_port, get
from bench.peers.shop import SCHEMA

WORKERS, THREADS = 4, 4  # twice the cores, as gunicorn and Flask advise
STATUS = "/stubs/handler_api.php?action=getStatus&api_key={key}&id={id}"
OURS = """
select (select count(*) from activation),
  (select coalesce(sum(n - 1), 0) from (select count(*) as n from activation where state < 8 group by number_id) t),
  (select sum(cash) from account)::bigint
"""
COUNTS = """
select (select count(*) from activation),
  (select coalesce(sum(n - 1), 0) from (select count(*) as n from activation group by number_id having count(*) > 1)),
  (select sum(balance) from customer)
"""


class Tally(msgspec.Struct):
    """What loads left behind. `lost` is in prices: leases that were handed out and never paid."""

    rates: list[float] = []
    errors: int = 0
    leases: int = 0
    doubled: int = 0
    lost: int = 0

    def words(self, name: str) -> str:
        """For the detail of a figure."""
        return (
            f"{name}: {listed(self.rates)} /s, {self.leases:,} leases, {self.doubled:,} numbers sold again while leased, "
            f"{self.lost:,} leases not paid, {self.errors:,} errors"
        )


class Shop:
    """The plain shop under gunicorn, with as many accounts, services and numbers as it is asked to have."""

    def __init__(self, bank: Bank, folder: Path, numbers: int, *, careful: bool) -> None:
        self.name = "Flask and SQLite, transaction first" if careful else "Flask and SQLite"
        self.database = folder / ("careful.db" if careful else "plain.db")
        self._careful = careful
        self._keys = list(bank.accounts.values())
        self._codes = [shelf.code for shelf in bank.shelves]
        self.tally = Tally()
        with closing(sqlite3.connect(self.database)) as db, db:
            db.executescript(SCHEMA)
            db.executemany(
                "insert into customer (api_key, balance) values (?, ?)", [(key, BALANCE) for key in self._keys]
            )
            db.executemany("insert into price values (?, ?, ?)", [(COUNTRY, code, PRICE) for code in self._codes])
            phones = ((COUNTRY, str(FIRST_E164 + turn)) for turn in range(numbers))
            db.executemany("insert into number (country, phone, free) values (?, ?, 1)", phones)
        self.many = lease.write_paths(folder / f"{self.database.stem}.txt", self._keys, self._codes)

    @contextmanager
    def serving(self) -> Iterator[int]:
        """Run it; gives its port."""
        port = free_port()
        environment = os.environ | {"PEER_DATABASE": str(self.database), "PEER_CAREFUL": "1" if self._careful else "0"}
        command = [
            sys.executable, "-m", "gunicorn", "--workers", str(WORKERS), "--threads", str(THREADS), "--log-level", "error",
            "--keep-alive", "60", "--bind", f"{HOST}:{port}", "bench.peers.shop:create()",
        ]  # fmt: skip
        process = subprocess.Popen(command, env=environment, cwd=REPOSITORY)
        try:
            until("the start of gunicorn", lambda: _answers(process, port), START_LIMIT_S)
            yield port
        finally:
            process.terminate()
            process.wait(START_LIMIT_S)

    def lease(self, port: int, seconds: int) -> float:
        """Leases per second, those that were written down."""
        before = self._counts()
        load = wrk(port, self.many, seconds, strict=False)
        now = self._counts()
        self.tally.errors += load.errors
        self.tally.leases, self.tally.doubled = now[0], now[1]
        self.tally.lost = now[0] - (len(self._keys) * BALANCE - now[2]) // PRICE
        rate = (now[0] - before[0]) * 1e6 / load.duration_us
        self.tally.rates.append(rate)
        return rate

    def polls(self, folder: Path) -> Path:
        """Paths that poll what was leased."""
        with closing(sqlite3.connect(self.database)) as db:
            rows = db.execute(
                "select a.id, c.api_key from activation a join customer c on c.id = a.customer_id limit 5000"
            ).fetchall()
        file = folder / "peer-polls.txt"
        file.write_text("".join(STATUS.format(key=key, id=one) + "\n" for one, key in rows))
        return file

    def _counts(self) -> tuple[int, int, int]:
        with closing(sqlite3.connect(self.database)) as db:
            found: tuple[int, int, int] = db.execute(COUNTS).fetchone()
        return found


async def _counted(bank: Bank) -> tuple[int, int, int]:
    """The bank's leases, numbers that two live leases have, and leases that were not paid."""
    connection = await connect(bank.dsn)
    try:
        leases, doubled, cash = await connection.fetchrow(OURS) or (0, 0, 0)
    finally:
        await connection.close()
    return leases, int(doubled), leases - (len(bank.accounts) * BALANCE - cash) // PRICE


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    if process.poll() is not None:
        raise BenchError(f"gunicorn ended with exit {process.returncode}")
    try:
        return get(port, STATUS.format(key="nobody", id=0))[0] == 200
    except OSError:
        return False


def require_peers() -> None:
    """BenchError when what the peer is made of is missing."""
    if find_spec("flask") is None or find_spec("gunicorn") is None or shutil.which("wrk") is None:
        raise BenchError("the peers need wrk, flask and gunicorn (the extra `dev`): install them and run it again")


def run(bank: Bank, server: Server, folder: Path, rounds: Rounds, say: Say) -> list[Figure]:
    """getNumber on three, getStatus on two, in turns."""
    say("the same load on the bank and on Flask with SQLite")
    shops = [Shop(bank, folder, bank.numbers, careful=careful) for careful in (False, True)]
    many = lease.write_paths(
        folder / "peers-bank.txt", list(bank.accounts.values()), [one.code for one in bank.shelves]
    )

    def ours(seconds: int) -> float:
        books = Books(bank)
        load = wrk(server.port, many, seconds)
        books.check("numbank", load.requests, CONNECTIONS)  # each lease with its own number and its own money
        return load.rate

    ours(rounds.warm_up_s)
    polls = status.write_paths(bank, server, folder)
    with shops[0].serving() as plain_port, shops[1].serving() as careful_port:
        for shop, port in zip(shops, (plain_port, careful_port), strict=True):
            shop.lease(port, rounds.warm_up_s)
            shop.tally.rates.clear()
        peer_polls = shops[0].polls(folder)
        measures: dict[str, Callable[[], float]] = {
            "ours": lambda: ours(rounds.seconds),
            "plain": lambda: shops[0].lease(plain_port, rounds.seconds),
            "careful": lambda: shops[1].lease(careful_port, rounds.seconds),
            "our polls": lambda: wrk(server.port, polls, rounds.seconds).rate,
            "their polls": lambda: wrk(plain_port, peer_polls, rounds.seconds, strict=False).rate,
        }
        rates = interleave(rounds, say, measures)
    mine = Tally(rates["ours"])
    mine.leases, mine.doubled, mine.lost = asyncio.run(_counted(bank))
    words = "; ".join((mine.words("numbank"), *(shop.tally.words(shop.name) for shop in shops)))
    return [
        ratio("getNumber / Flask and SQLite", 1.0, rates["ours"], rates["plain"], at_least=True, detail=words),
        ratio("getNumber / the same, transaction first", 1.0, rates["ours"], rates["careful"], at_least=True),
        ratio(
            "getStatus / Flask and SQLite", 1.0, rates["our polls"], rates["their polls"], at_least=True,
            detail=f"{listed(rates['our polls'])} against {listed(rates['their polls'])} /s",
        ),
        plain("numbank: numbers sold twice + leases not paid", 0, "", [float(mine.doubled + mine.lost)]),
    ]  # fmt: skip
