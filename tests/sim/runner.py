"""Runs seeds: a cluster, a town that is copied for every world, processes beside each other, and a word on what is wrong."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from hashlib import blake2b
from multiprocessing import get_context
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import asyncpg
import msgspec

from numbank.catalogue.catalogue import Catalogue
from numbank.db.embedded import EmbeddedServer
from tests.conftest import on_database, prepare
from tests.sim import stock
from tests.sim.loop import VirtualLoop
from tests.sim.stock import Town
from tests.sim.world import CONNECTIONS, PLAIN, SESSION, Plan, World

TEMPLATE = "sim_template"
# Statements stay prepared: their age would be counted in virtual time.
CACHE: dict[str, Any] = {"statement_cache_size": 2_000, "max_cached_statement_lifetime": 0}

# Nothing may happen by itself, and nothing is kept for afterwards.
QUIET = """
autovacuum = off
synchronize_seqscans = off
max_parallel_workers_per_gather = 0
jit = off
deadlock_timeout = '1h'
synchronous_commit = off
full_page_writes = off
checkpoint_timeout = '1d'
max_wal_size = '8GB'
wal_writer_delay = '10s'
bgwriter_delay = '10s'
track_activities = off
track_counts = off
"""


class Result(msgspec.Struct, frozen=True):
    """What became of a seed. `wrong` None: everything was right. `digest` is of everything that happened."""

    seed: int
    wrong: str | None
    digest: str
    events: int
    statements: int
    steps: int
    seconds: float
    last: list[str] = []
    tables: str = ""
    facts: dict[str, int] = {}
    lines: list[str] = []  # all of them, where the tables are compared too


async def prepare_town(dsn: str) -> Town:
    """Make the template database of all worlds."""
    admin = await asyncpg.connect(dsn)
    await admin.execute(f"create database {TEMPLATE}")
    await prepare(on_database(dsn, TEMPLATE))
    connection = await asyncpg.connect(on_database(dsn, TEMPLATE))
    town = await stock.found(connection)
    await connection.close()
    await admin.close()
    return town


def simulate(dsn: str, town: Town, seed: int, plan: Plan, *, tables: bool = False) -> Result:
    """One world in a database of its own. `tables`: the digest of all tables at the end is taken too."""
    started = time.perf_counter()
    loop = VirtualLoop()
    loop.listening = 1
    world: list[World] = []

    async def run() -> str:
        name = f"sim_{os.getpid()}_{seed}"
        admin = await asyncpg.connect(dsn)
        await admin.execute(f"create database {name} template {TEMPLATE}")
        own = on_database(dsn, name)
        connections: list[Any] = [
            await asyncpg.connect(own, server_settings=SESSION, **CACHE) for _ in range(CONNECTIONS)
        ]
        observer = await asyncpg.connect(own, server_settings=PLAIN, **CACHE)
        try:
            world.append(World(seed, plan, town, await _catalogue(dsn), loop))
            world[0].trace.keep = [] if tables else None
            await world[0].run(connections, observer, observer)
            return await digest_of_tables(observer) if tables else ""
        finally:
            for connection in (*connections, observer):
                connection.terminate()
            await admin.execute(f"drop database {name} with (force)")
            await admin.close()

    wrong, digest = None, ""
    try:
        digest = loop.run_until_complete(run())
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) or not world or world[0].gate is None:
            raise
        wrong = f"{type(error).__name__}: {error}"
    finally:
        _empty(loop)
    one = world[0]
    return Result(
        seed, wrong, one.trace.digest, one.events, one.gate.statements, one.checker.steps, time.perf_counter() - started,
        list(one.trace.last) if wrong else [], digest, one.memory.facts() | {"nodes": one.made},
        one.trace.keep or [],
    )  # fmt: skip


def simulate_all(towns: list[tuple[str, Town]], seeds: range, plan: Plan) -> Iterator[Result]:
    """Seeds in processes beside each other, one for every cluster; results come in the order of the seeds.

    A cluster of its own each: when a row is dead for good, so where the next one is put, depends on every transaction of a
    cluster, also on those in other databases.
    """
    # Sets of words must have the same order whenever a seed is run again.
    os.environ["PYTHONHASHSEED"] = "0"
    free: SimpleQueue[tuple[ProcessPoolExecutor, str, Town]] = SimpleQueue()

    def one(seed: int) -> Result:
        executor, dsn, town = taken = free.get()
        try:
            return executor.submit(simulate, dsn, town, seed, plan).result()
        finally:
            free.put(taken)

    with ExitStack() as stack:
        for town in towns:
            free.put((stack.enter_context(ProcessPoolExecutor(1, mp_context=get_context("spawn"))), *town))
        yield from stack.enter_context(ThreadPoolExecutor(len(towns))).map(one, seeds)


@contextmanager
def cluster_towns(how_many: int) -> Iterator[list[tuple[str, Town]]]:
    """So many clusters with the town in each."""
    with ExitStack() as stack:
        yield [stack.enter_context(cluster_town()) for _ in range(how_many)]


def told(result: Result, plan: Plan) -> str:
    """What is said of a seed that is wrong: what, the last steps, and how to see it again."""
    return "\n".join((
        f"seed {result.seed} is wrong after {result.events} events and {result.steps} looks: {result.wrong}",
        "the last steps:", *result.last,
        f"again: {replay(result.seed, plan)}",
    ))  # fmt: skip


def replay(seed: int, plan: Plan) -> str:
    """The command that runs a seed once more."""
    return f"PYTHONHASHSEED=0 python -m tests.sim --first {seed} --seeds 1 --ticks {plan.ticks}"


_catalogues: dict[str, Catalogue] = {}


async def _catalogue(dsn: str) -> Catalogue:
    if dsn not in _catalogues:
        connection = await asyncpg.connect(on_database(dsn, TEMPLATE))
        _catalogues[dsn] = await stock.catalogue(connection)
        await connection.close()
    return _catalogues[dsn]


def _empty(loop: VirtualLoop) -> None:
    """End what the nodes that were stopped left behind; nothing of it reaches the database."""
    loop.listening = 0
    tasks = list(loop.tasks)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    loop.close()


async def digest_of_tables(connection: Any) -> str:
    """One digest of every row of every table, whatever their order on disk."""
    rows = await connection.fetch(
        "select c.oid::regclass::text from pg_class c where c.relnamespace = 'public'::regnamespace"
        " and c.relkind in ('r', 'p') and not c.relispartition order by 1"
    )
    parts = []
    for (table,) in rows:
        parts.append(await connection.fetchval(f"select md5(string_agg(t::text, '|' order by t::text)) from {table} t"))
    return blake2b(repr(parts).encode(), digest_size=16).hexdigest()


@contextmanager
def cluster_town() -> Iterator[tuple[str, Town]]:
    """A cluster with the town in it."""
    with cluster() as dsn:
        yield dsn, asyncio.run(prepare_town(dsn))


@contextmanager
def cluster() -> Iterator[str]:
    """A PostgreSQL of its own, without fsync, that is removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="numbank-sim-"))
    folder.chmod(0o755)
    try:
        with EmbeddedServer.start(folder, lambda _: None, shared_buffers="64MB", durable=False) as server:
            for conf in folder.rglob("postgresql.auto.conf"):
                with conf.open("a") as file:
                    file.write(QUIET)
            os.kill(server.pid, signal.SIGHUP)
            yield server.dsn
    finally:
        shutil.rmtree(folder, ignore_errors=True)
