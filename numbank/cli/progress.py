"""How a long command shows how far it is: a bar on a terminal, a line now and then elsewhere; always on stderr."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from numbank.backup.dump import Progress as Step
from numbank.cli import screen

if TYPE_CHECKING:
    from numbank.backup.dump import Watch

LINE_EVERY_S = 5.0


@contextmanager
def shown() -> Iterator[Watch]:
    """A function that shows a step."""
    if screen.err.is_terminal:
        with _bar() as watch:
            yield watch
        return
    yield _lines()


@contextmanager
def _bar() -> Iterator[Watch]:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[told]}"), TimeElapsedColumn())
    with Progress(*columns, console=screen.err, transient=True) as bar:
        tasks: dict[str, object] = {}

        def watch(step: Step) -> None:
            if step.stage not in tasks:
                tasks[step.stage] = bar.add_task(step.stage, total=None, told="")
            bar.update(tasks[step.stage], completed=step.done, total=step.total or None, told=told(step))  # type: ignore[arg-type]

        yield watch


def _lines() -> Watch:
    began = monotonic()
    next_at, stage = began, ""

    def watch(step: Step) -> None:
        nonlocal next_at, stage
        now = monotonic()
        if now < next_at and step.stage == stage:
            return
        next_at, stage = now + LINE_EVERY_S, step.stage
        screen.say(f"{step.stage}: {told(step)}, {now - began:.0f} s")

    return watch


def told(step: Step) -> str:
    """A step in words."""
    if step.bytes and step.done == step.bytes:
        return f"{size(step.bytes)} of {size(step.total)}"
    done = f"{step.done} of {step.total}" if step.total else f"{step.done}"
    return f"{done}, {size(step.bytes)}" if step.bytes else done


def size(count: int) -> str:
    """Bytes for people."""
    value = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"
