"""Runs seeds: a cluster, a town that is copied for every world, processes beside each other, and a word on what is wrong."""

from __future__ import annotations

import asyncio
import gc
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

import asyncpg
import msgspec

from numbank.catalogue.catalogue import Catalogue
from numbank.db.embedded import EmbeddedServer
from tests.conftest import on_database, prepare
from tests.sim import stock
from tests.sim.line import Line
from tests.sim.loop import VirtualLoop
from tests.sim.stage import Stage, keep_stock
from tests.sim.stock import Town
from tests.sim.world import Plan, World

DATABASE = "sim"
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
    """Make the database of all worlds."""
    admin = await asyncpg.connect(dsn)
    await admin.execute(f"create database {DATABASE}")
    await prepare(on_database(dsn, DATABASE))
    connection = await asyncpg.connect(on_database(dsn, DATABASE))
    town = await stock.found(connection)
    await connection.close()
    await keep_stock(on_database(dsn, DATABASE))
    await admin.close()
    return town


def simulate(dsn: str, town: Town, seed: int, plan: Plan, *, tables: bool = False) -> Result:
    """One world. `tables`: the digest of all tables at the end is taken too."""
    started = time.perf_counter()
    stage = _stage(dsn)
    stage.clear()
    # What the world before left is cleared away once; to look for garbage all the time takes a third of the time.
    gc.collect()
    gc.disable()
    loop = VirtualLoop()
    world: list[World] = []

    async def run() -> str:
        world.append(World(seed, plan, town, _catalogues[dsn], loop))
        world[0].trace.keep = [] if tables else None
        await world[0].run(stage.lines, stage.observer)
        return digest_of_tables(stage.observer) if tables else ""

    wrong, digest = None, ""
    try:
        digest = loop.run_until_complete(run())
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) or not world or world[0].gate is None:
            raise
        wrong = f"{type(error).__name__}: {error}"
    finally:
        _empty(loop)
        gc.enable()
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
_stages: dict[str, Stage] = {}


def _stage(dsn: str) -> Stage:
    """The stage of this process in that cluster, and the catalogue of its town."""
    if dsn not in _stages:
        own = on_database(dsn, DATABASE)
        _catalogues[dsn] = asyncio.run(_catalogue(own))
        _stages[dsn] = Stage(own)
        gc.collect()
        gc.freeze()  # what was imported stays
    return _stages[dsn]


async def _catalogue(dsn: str) -> Catalogue:
    connection = await asyncpg.connect(dsn)
    try:
        return await stock.catalogue(connection)
    finally:
        await connection.close()


def _empty(loop: VirtualLoop) -> None:
    """End what the nodes that were stopped left behind; nothing of it reaches the database."""
    tasks = loop.unfinished
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    loop.close()


def digest_of_tables(observer: Line) -> str:
    """One digest of every row of every table, whatever their order on disk."""
    rows = observer.fetch(
        "select c.oid::regclass::text from pg_class c where c.relnamespace = 'public'::regnamespace"
        " and c.relkind in ('r', 'p') and not c.relispartition order by 1"
    )
    parts = []
    for (table,) in rows:
        parts.append(observer.fetchval(f"select md5(string_agg(t::text, '|' order by t::text)) from {table} t"))
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
