"""How long a second start takes beyond PostgreSQL's own, and what a worker weighs that has nothing to do."""

from __future__ import annotations

import time
from pathlib import Path

from bench.harness import Figure, Rounds, Say, interleave, plain
from bench.machine import cluster, serving

IDLE_S = 2.0
MEGABYTE = 1024 * 1024


def run(folder: Path, rounds: Rounds, say: Say) -> list[Figure]:
    """Start PostgreSQL alone and the whole bank in turns on one folder that was started before."""
    say("second start and idle memory")
    weights: list[float] = []

    def postgres() -> float:
        began = time.monotonic()
        with cluster(folder):
            return time.monotonic() - began

    def bank() -> float:
        began = time.monotonic()
        with serving("bank", folder, "/readyz", data=str(folder / "data")) as server:
            took = time.monotonic() - began
            time.sleep(IDLE_S)
            weights.append(server.worker().memory_info().rss / MEGABYTE)
            return took

    bank()  # the first start makes the cluster and migrates
    weights.clear()
    times = interleave(rounds, say, {"bank": bank, "postgres": postgres})
    beyond = [whole - own for whole, own in zip(times["bank"], times["postgres"], strict=True)]
    detail = ", ".join(f"{whole:.2f}-{own:.2f}" for whole, own in zip(times["bank"], times["postgres"], strict=True))
    return [
        plain("second start beyond PostgreSQL's own", 2, "s", beyond, detail + " s"),
        plain("idle worker, resident", 120, "MB", weights),
    ]
