"""A trouble that goes on does not fill the log, and nothing else is held back."""

from __future__ import annotations

import pytest
import structlog
from structlog.typing import EventDict

from numbank.server.repeats import EVERY_S, MOST, Repeats

pytestmark = pytest.mark.unit


class Log:
    """What gets through, under a clock of its own."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.written: list[EventDict] = []
        self._repeats = Repeats(lambda: self.now_s)

    def say(self, level: str = "warning", **fields: object) -> None:
        try:
            self.written.append(self._repeats(None, level, {"level": level, "timestamp": self.now_s, **fields}))
        except structlog.DropEvent:
            return


def test_what_is_said_again_is_counted_and_told_with_the_next() -> None:
    log = Log()
    for _ in range(41):
        log.say(event="worker_trouble", worker="sales")
        log.now_s += EVERY_S / 20
    assert [(line["timestamp"], line.get("repeated")) for line in log.written] == [
        (0.0, None), (EVERY_S, 19), (2 * EVERY_S, 19),
    ]  # fmt: skip


def test_lines_that_differ_in_anything_and_errors_are_all_written() -> None:
    log = Log()
    for worker in ("sales", "fold"):
        for level in ("warning", "error"):
            log.say(level, event="worker_trouble", worker=worker)
            log.say(level, event="worker_trouble", worker=worker)
    assert len(log.written) == 6


def test_a_flood_of_different_lines_is_written_and_does_not_fill_the_memory() -> None:
    log = Log()
    for number in range(2 * MOST):
        log.say(event="odd", number=number)
    assert len(log.written) == 2 * MOST
    assert len(log._repeats._said) == MOST
    log.now_s = EVERY_S
    log.say(event="odd", number=0)
    log.say(event="new", number=0)
    log.say(event="new", number=0)
    assert len(log.written) == 2 * MOST + 2
    assert len(log._repeats._said) < MOST
