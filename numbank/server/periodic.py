"""A background worker: one step again and again, whatever happens, until it is told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from numbank.db.pool import CONNECTION_ERRORS
from numbank.server.metrics import SWEPT, TROUBLE

log = structlog.get_logger("numbank")


class Periodic:
    """Runs `step` every `every_s` seconds; a step gives how much it handled, and one that was full runs again at once.

    `full` is what a full step handles; None means that there is always a pause. The step of a `hasty` worker is broken off
    at a stop: it waits for others, and what it took comes again by itself.
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], Awaitable[int]],
        every_s: float,
        *,
        full: int | None = None,
        hasty: bool = False,
    ) -> None:
        self.name = name
        self._step = step
        self._every_s = every_s
        self._full = full
        self._hasty = hasty
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start working."""
        self._task = asyncio.create_task(self._run(), name=f"worker-{self.name}")

    async def stop(self) -> None:
        """Finish the step that runs, then end; a hasty worker ends at once."""
        self._stopping.set()
        if self._task is not None:
            if self._hasty:
                self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        while not self._stopping.is_set():
            handled = 0
            try:
                handled = await self._step()
            except CONNECTION_ERRORS as error:
                TROUBLE.labels(self.name).inc()
                log.warning("worker_trouble", worker=self.name, error=type(error).__name__)
            except Exception as error:
                # A worker that died would let leases never end: it goes on, and the operator is told.
                TROUBLE.labels(self.name).inc()
                log.exception("worker_bug", worker=self.name, error=type(error).__name__)
            if handled:
                SWEPT.labels(self.name).inc(handled)
            if self._full is None or handled < self._full:
                await self._pause()

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), self._every_s)
        except TimeoutError:
            return
