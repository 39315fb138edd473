"""`python -m tests.sim --seeds N [--first S] [--ticks T]`: simulate on a cluster of its own; a failing seed replays."""

from __future__ import annotations

import argparse
import os
import sys
import time

from tests.sim.runner import cluster_towns, simulate_all, told
from tests.sim.world import Plan

MOST_TOLD = 3


def main() -> int:
    """Run the command; 1 when a seed was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.sim", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="how many worlds")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--ticks", type=int, default=Plan().ticks, help="how long a world is: steps of two minutes")
    parser.add_argument("--processes", type=int, default=2 * (os.cpu_count() or 1), help="worlds at once")
    parser.add_argument("--each", action="store_true", help="a line for every seed")
    given = parser.parse_args()
    plan = Plan(ticks=given.ticks)
    started = time.monotonic()
    wrong = events = looks = 0
    with cluster_towns(min(given.processes, given.seeds)) as towns:
        seeds = range(given.first, given.first + given.seeds)
        for result in simulate_all(towns, seeds, plan):
            events += result.events
            looks += result.steps
            if given.each:
                sys.stdout.write(
                    f"{result.seed} {result.digest} {result.events} events, {result.statements} statements,"
                    f" {result.steps} looks, {result.seconds:.2f} s, {result.facts}\n"
                )
            if result.wrong is not None:
                wrong += 1
                if wrong <= MOST_TOLD:
                    sys.stdout.write(f"{told(result, plan)}\n")
            sys.stdout.flush()
    taken_s = time.monotonic() - started
    sys.stdout.write(
        f"{given.seeds - wrong} of {given.seeds} seeds are right: {events} events, looked at {looks} times,"
        f" {taken_s:.1f} s\n"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
