"""Wires webhooks to the bank of one worker: the sender with its guard, the log's end, the metrics."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TYPE_CHECKING, cast
from zoneinfo import ZoneInfo

from numbank.asgi import Receive, Scope, Send
from numbank.db.pool import Pool
from numbank.db.seals import Seals
from numbank.errors import OperatorError
from numbank.hooks import book
from numbank.hooks.book import Terms
from numbank.hooks.desk import HookDesk
from numbank.hooks.egress import Guard, Resolver
from numbank.hooks.lanes import Lanes
from numbank.hooks.networks import parse_networks
from numbank.hooks.payload import Wording
from numbank.hooks.post import Poster, trust
from numbank.hooks.sender import HookWatch, Sender
from numbank.hooks.url import Rules, parse_ports
from numbank.rest.app import Rest, RestWatch
from numbank.server.periodic import Periodic
from numbank.settings import PREFIX, Settings

if TYPE_CHECKING:
    from numbank.server.bank import Bank

Endpoint = Callable[[Scope, Receive, Send], Awaitable[None]]

# The sender waits by itself for what is due.
STEP_S = 0.01
FORGET_EVERY_S = 60.0
MOST_FORGOTTEN = 5_000


def terms(settings: Settings) -> Terms:
    """What the settings say about endpoints; OperatorError names the one that cannot be read."""
    try:
        ports = parse_ports(settings.hook_ports)
    except ValueError:
        raise _unreadable("hook_ports", settings, "expected ports with commas between, e.g. 80,443,8000-8999") from None
    try:
        allowed = parse_networks(settings.hook_allow)
    except ValueError as error:
        raise _unreadable("hook_allow", settings, str(error)) from None
    return Terms(Rules(ports, allowed), settings.hooks_per_account, settings.hook_overlap_s)


def check(settings: Settings) -> None:
    """OperatorError when a setting of webhooks cannot be read; said once, before the workers start."""
    terms(settings)
    trust(settings.hook_ca_file)


def _unreadable(name: str, settings: Settings, reason: str) -> OperatorError:
    return OperatorError(f"setting {PREFIX}{name.upper()}={getattr(settings, name)!r}: {reason}")


class Posting:
    """A sender with the threads that look up names for it; `close` lets go of them."""

    def __init__(self, pool: Pool, seals: Seals, settings: Settings, watch: HookWatch | None = None) -> None:
        self._resolver = Resolver(settings.hook_connections)
        guard = Guard(terms(settings).rules, self._resolver)
        self.sender = Sender(
            pool,
            seals,
            Poster(guard, trust(settings.hook_ca_file), settings.hook_timeout_s),
            Wording(ZoneInfo(settings.time_zone), settings.no_code_word),
            Lanes(settings.hook_connections, settings.hook_endpoint_connections, settings.hook_slow_s, monotonic),
            timeout_s=settings.hook_timeout_s,
            poll_s=settings.hook_poll_s,
            disable_after=settings.hook_disable_after,
            watch=watch,
        )

    async def close(self) -> None:
        """End what runs."""
        try:
            await self.sender.finish()
        finally:
            self._resolver.close()


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
