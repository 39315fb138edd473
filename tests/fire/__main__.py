"""The long runs: `python -m tests.fire --kills N --seed S`, `python -m tests.fire --patroni ROUNDS`."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections import Counter

from tests.fire import patroni, points
from tests.fire.kills import run

# So many kills on one bank, then everything is proved and a new bank is opened.
PIECE = 50


def say(text: str) -> None:
    """One line now."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def kills(wanted: int, seed: int, minutes: float, *, verbose: bool) -> None:
    """Kill, prove, and say which moments were met."""
    until = time.monotonic() + 60 * minutes
    hit: Counter[tuple[str, str]] = Counter()
    done = 0
    while done < wanted and time.monotonic() < until:
        tell = say if verbose else lambda _: None
        killer = asyncio.run(run(min(PIECE, wanted - done), seed, tell, until=until))
        done, seed, hit = done + killer.kills, seed + 1, hit + killer.hit
        say(
            f"{done} kills, {killer.at_random} of {killer.kills} at random, slowest start {killer.slowest_start_s:.1f} s,"
            f" {killer.turns} turns of customers: nothing lost, nothing doubled (next seed {seed})"
        )
    every = {(place, moment) for place in points.PASSED for moment in points.STAGES}
    say(f"{done} kills, {hit.total()} at named moments; {len(hit)} of {len(every)} named moments met")
    for place, moment in sorted(every - hit.keys()):
        say(f"  not met: {place} {moment}")


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.fire", description=__doc__)
    parser.add_argument("--kills", type=int, default=0, help="kills of nodes at named commits and at random moments")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no new kill after this time")
    parser.add_argument("--patroni", type=int, default=0, metavar="ROUNDS", help="fail-overs under Patroni and etcd")
    parser.add_argument("--verbose", action="store_true", help="a line for every kill")
    given = parser.parse_args()
    if given.kills:
        kills(given.kills, given.seed, given.minutes, verbose=given.verbose)
    if given.patroni:
        lacks = patroni.missing()
        if lacks:
            say(f"NOT TESTED: fail-over under Patroni; this machine lacks {lacks}"
                " (apt-get install patroni etcd-server postgresql)")  # fmt: skip
            return 0
        asyncio.run(patroni.run(given.patroni, given.seed, say))
        say(f"{given.patroni} fail-overs under Patroni: nothing lost, nothing doubled")
    return 0


if __name__ == "__main__":
    sys.exit(main())
