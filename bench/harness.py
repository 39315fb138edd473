"""Rounds and figures: what is measured in turns, what it must reach, and how the results read."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import TypeVar

import msgspec
import psutil

T = TypeVar("T")
Say = Callable[[str], None]

CONNECTIONS = 64
ACCOUNTS = 50
PGBENCH_CLIENTS = 32


class BenchError(Exception):
    """The run cannot go on, or what it measured was not honest work; one line for the operator."""


class Rounds(msgspec.Struct, frozen=True):
    """How often and how long each load runs."""

    count: int
    seconds: int
    warm_up_s: int


class Figure(msgspec.Struct, frozen=True):
    """A measured value and its bar. `low` and `high` are the spread over the rounds."""

    name: str
    bar: float
    at_least: bool
    unit: str
    value: float
    low: float
    high: float
    detail: str = ""

    @property
    def ok(self) -> bool:
        """Whether the bar is reached."""
        return self.value >= self.bar if self.at_least else self.value <= self.bar


def ratio(
    name: str, bar: float, of: Sequence[float], to: Sequence[float], *, at_least: bool, detail: str = ""
) -> Figure:
    """The ratio of two medians; the spread is that of the rounds' own ratios."""
    each = [one / other for one, other in zip(of, to, strict=True)]
    return Figure(name, bar, at_least, "x", median(of) / median(to), min(each), max(each), detail)


def plain(name: str, bar: float, unit: str, values: Sequence[float], detail: str = "") -> Figure:
    """The median of an upper-bounded value."""
    return Figure(name, bar, False, unit, median(values), min(values), max(values), detail)


def listed(rates: Sequence[float]) -> str:
    """The rates of all rounds, for the detail of a figure."""
    return ", ".join(f"{rate:,.0f}" for rate in rates)


def interleave(rounds: Rounds, say: Say, measures: Mapping[str, Callable[[], T]]) -> dict[str, list[T]]:
    """Run all measures in turns. Every other round goes backwards, so that a drift of the machine favours nobody."""
    results: dict[str, list[T]] = {name: [] for name in measures}
    for number in range(rounds.count):
        names = list(measures) if number % 2 == 0 else list(measures)[::-1]
        for name in names:
            results[name].append(measures[name]())
        say(f"  round {number + 1} of {rounds.count}")
    return results


def others_cpu(seconds: float = 1.0) -> float:
    """The share of the CPUs that others use while we do nothing; above a few percent all ratios are doubtful."""
    return psutil.cpu_percent(seconds)


def until(what: str, holds: Callable[[], bool], limit_s: float, every_s: float = 0.005) -> None:
    """Wait until something holds; BenchError after the limit."""
    deadline = time.monotonic() + limit_s
    while not holds():
        if time.monotonic() > deadline:
            raise BenchError(f"{what}: not within {limit_s:.0f} s")
        time.sleep(every_s)
