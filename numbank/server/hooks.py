"""Wires webhooks to the bank of one worker: the sender with its guard, the log's end, the metrics."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, cast

from numbank.asgi import Receive, Scope, Send
from numbank.hooks import book
from numbank.hooks.desk import HookDesk
from numbank.hooks.posting import Posting, terms
from numbank.hooks.sender import HookWatch
from numbank.rest.app import Rest, RestWatch
from numbank.server.periodic import Periodic

if TYPE_CHECKING:
    from numbank.server.bank import Bank

Endpoint = Callable[[Scope, Receive, Send], Awaitable[None]]

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


def rest(bank: Bank, watch: RestWatch) -> Endpoint:
    """The JSON API of the bank."""
    desk = HookDesk(bank.pool, bank.seals, terms(bank.settings))
    return cast("Endpoint", Rest(bank.keys, bank.policy, desk, bank.calls.desk, watch).app())


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
