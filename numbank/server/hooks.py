"""Wires webhooks to the bank of one worker: the sender with its guard, the log's end, the metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numbank.hooks import book
from numbank.hooks.posting import Posting
from numbank.hooks.sender import HookWatch
from numbank.server.periodic import Periodic

if TYPE_CHECKING:
    from numbank.server.bank import Bank

# The sender waits by itself for what is due.
STEP_S = 0.01
FORGET_EVERY_S = 60.0
MOST_FORGOTTEN = 5_000


class HookWorker(Periodic):
    """Sends in the background until it is told to stop."""

    def __init__(self, posting: Posting) -> None:
        super().__init__("hooks", posting.sender.step, STEP_S)
        self._posting = posting

    async def stop(self) -> None:
        """Finish the step that runs, then what it started."""
        self._posting.sender.wake()
        await super().stop()
        await self._posting.close()


def hook_workers(bank: Bank, watch: HookWatch) -> list[Periodic]:
    """What every node does for webhooks."""
    settings = bank.settings
    # The log must not outlive the texts that it can send again.
    days = min(settings.hook_log_days, settings.retention_days or settings.hook_log_days)

    async def forget() -> int:
        async with bank.pool.acquire() as connection, connection.transaction():
            return await book.forget(connection, days, MOST_FORGOTTEN)

    return [
        HookWorker(Posting(bank.pool, bank.seals, settings, watch)),
        Periodic("hook-log", forget, FORGET_EVERY_S, full=MOST_FORGOTTEN),
    ]
