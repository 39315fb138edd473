"""A seed is one world and no other: run again it does the same, statement by statement, and ends with the same tables."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from tests.conftest import on_database
from tests.sim.planted import BUGS, REFUNDED, planted
from tests.sim.runner import DATABASE, Result, cluster_town, simulate, told
from tests.sim.stock import Town
from tests.sim.world import Plan

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SHORT = Plan(ticks=4, sessions=24)
MOST_SEEDS = 12
"""Within so many seeds every planted bug has to be found."""


@pytest.fixture(scope="module")
def town() -> Iterator[tuple[str, Town]]:
    with cluster_town() as found:
        yield found


# What plans are made by, besides the rows.
BELIEVED = """
select relname, reltuples, relpages, relallvisible from pg_class
where relnamespace = 'public'::regnamespace and relkind in ('r', 'i') order by 1"""


async def believed(town: tuple[str, Town]) -> list[tuple[object, ...]]:
    """What PostgreSQL takes the tables for."""
    connection = await asyncpg.connect(on_database(town[0], DATABASE))
    try:
        return [tuple(row) for row in await connection.fetch(BELIEVED)]
    finally:
        await connection.close()


def run(town: tuple[str, Town], seed: int, plan: Plan = SHORT) -> Result:
    return simulate(*town, seed, plan=plan, tables=True)


def test_a_seed_runs_the_same_way_again_also_after_others(town: tuple[str, Town]) -> None:
    first = run(town, 5)
    at_first = asyncio.run(believed(town))
    other = run(town, 6)
    again = run(town, 5)
    assert asyncio.run(believed(town)) == at_first
    assert first.wrong is None, told(first, SHORT)
    for before, after in zip(first.lines, again.lines, strict=False):
        assert before == after
    assert (first.digest, first.tables, first.events, first.statements) == (
        again.digest, again.tables, again.events, again.statements,
    )  # fmt: skip
    assert first.digest != other.digest
    assert first.tables != other.tables


def test_a_seed_runs_the_same_way_in_another_process() -> None:
    command = [sys.executable, "-m", "tests.sim", "--first", "7", "--seeds", "1", "--ticks", "6", "--each"]
    lines = []
    for hash_seed in ("0", "1"):
        environment = os.environ | {"PYTHONHASHSEED": hash_seed}
        done = subprocess.run(
            command, cwd=Path(__file__).parents[2], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        lines.append(done.stdout.split(" events")[0])
    assert lines[0] == lines[1]


@pytest.mark.parametrize("bug", [*BUGS, REFUNDED])
def test_a_planted_bug_is_found_and_its_seed_fails_again_at_the_same_step(town: tuple[str, Town], bug: str) -> None:
    with planted(bug):
        wrong = next((found for found in (run(town, seed) for seed in range(1, MOST_SEEDS + 1)) if found.wrong), None)
        assert wrong is not None, f"{MOST_SEEDS} seeds did not find it"
        again = run(town, wrong.seed)
    assert (again.wrong, again.digest, again.steps) == (wrong.wrong, wrong.digest, wrong.steps)
    said = told(wrong, SHORT)
    assert f"python -m tests.sim --first {wrong.seed} --seeds 1 --ticks {SHORT.ticks}" in said
    assert len(wrong.last) > 10
