"""How many leases accounts may still make: live ones at once, and within a minute. Exact under the accounts' locks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.errors import ChannelsLimit, RateLimited, Refusal

Q = Queries("numbank.leases")


class Limited(Protocol):
    """A request that makes a lease. Limits of 0 are none."""

    @property
    def account_id(self) -> int:
        """Whose lease it will be."""

    @property
    def max_live(self) -> int:
        """How many live leases the account may have."""

    @property
    def per_min(self) -> int:
        """How many leases the account may make within 60 s."""


class Room(msgspec.Struct):
    """What accounts with a limit have; a desk counts on while it decides in order of arrival."""

    live: dict[int, int] = {}
    lately: dict[int, int] = {}

    def refuse(self, request: Limited, wanted: int = 1, ending: int = 0) -> Refusal | None:
        """The refusal for so many more leases, None when there is room. So many are `ending`, to make room for these."""
        account_id = request.account_id
        if request.max_live and self.live.get(account_id, 0) - ending + wanted > request.max_live:
            return ChannelsLimit()
        if request.per_min and self.lately.get(account_id, 0) + wanted > request.per_min:
            return RateLimited()
        return None

    def take(self, request: Limited, wanted: int = 1, ending: int = 0) -> None:
        """Count leases that are being made, and those that end for them."""
        account_id = request.account_id
        self.live[account_id] = self.live.get(account_id, 0) - ending + wanted
        self.lately[account_id] = self.lately.get(account_id, 0) + wanted


async def room(tx: Connection, requests: Sequence[Limited]) -> Room:
    """Count what the accounts of these requests have; the caller has locked them. No query for those without a limit."""
    live = {one.account_id: one.max_live for one in requests if one.max_live}
    lately = {one.account_id: one.per_min for one in requests if one.per_min}
    found = Room()
    if live:
        found.live = dict(map(tuple, await tx.fetch(Q.live_leases, list(live), list(live.values()))))
    if lately:
        found.lately = dict(map(tuple, await tx.fetch(Q.leases_lately, list(lately), list(lately.values()))))
    return found
