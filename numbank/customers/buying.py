"""Whether an account may buy, and how much at once: what every purchase checks first, on every door."""

from __future__ import annotations

from datetime import datetime

from numbank.customers.keys import Customer
from numbank.errors import AccountInactive, Banned, ChannelsLimit
from numbank.settings import Settings


def check(customer: Customer, now: datetime) -> None:
    """Refuse every purchase of an account that is inactive, blocked or banned (protocol.md 12.1, 6)."""
    if not customer.active:
        raise AccountInactive
    if customer.blocked:
        raise ChannelsLimit
    if customer.banned_until is not None and customer.banned_until > now:
        raise Banned(customer.banned_until)


def limits(customer: Customer, settings: Settings) -> tuple[int, int]:
    """How many live leases the account may have, and how many it may begin within 60 s; 0 is no limit."""
    max_live = settings.max_live_leases if customer.max_live is None else customer.max_live
    return max_live, settings.leases_per_min if customer.leases_per_min is None else customer.leases_per_min
