"""`python -m tests.sim --seeds N [--first S] [--steps M]`: simulate on a cluster of its own; a failing seed replays."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import asyncpg

from numbank.db.embedded import EmbeddedServer
from tests.conftest import DSN_VARIABLE, drop, on_database, prepare
from tests.sim.world import simulate


async def simulate_all(dsn: str, seeds: range, steps: int) -> None:
    """Each seed in a database of its own, copied from a template."""
    admin = await asyncpg.connect(dsn)
    await admin.execute("create database sim_template")
    await prepare(on_database(dsn, "sim_template"))
    for seed in seeds:
        name = f"sim_{seed}"
        await admin.execute(f"create database {name} template sim_template")
        await simulate(on_database(dsn, name), seed, steps)
        await drop(name)
    await admin.close()


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.sim", description=__doc__)
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--steps", type=int, default=40)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="numbank-sim-"))
    folder.chmod(0o755)
    started = time.monotonic()
    try:
        with EmbeddedServer.start(folder, lambda _: None, shared_buffers="64MB", durable=False) as server:
            os.environ[DSN_VARIABLE] = server.dsn
            seeds = range(given.first, given.first + given.seeds)
            asyncio.run(simulate_all(server.dsn, seeds, given.steps))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.stdout.write(f"{given.seeds} seeds of {given.steps} steps are right ({time.monotonic() - started:.1f} s)\n")


if __name__ == "__main__":
    main()
