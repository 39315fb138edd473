"""Puts a sender together from the settings: for the worker of a node, and for one test by a command."""

from __future__ import annotations

from time import monotonic
from zoneinfo import ZoneInfo

from numbank.db.pool import Pool
from numbank.db.seals import Seals
from numbank.errors import OperatorError
from numbank.hooks.book import Terms
from numbank.hooks.egress import Guard, Resolver
from numbank.hooks.lanes import Lanes
from numbank.hooks.networks import parse_networks
from numbank.hooks.payload import Wording
from numbank.hooks.post import Poster, trust
from numbank.hooks.sender import HookWatch, Sender
from numbank.hooks.url import Rules, parse_ports
from numbank.settings import PREFIX, Settings


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
