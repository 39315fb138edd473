"""Which client addresses are served: networks, countries, the unknown, and all others, in this order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime

import msgspec

from numbank.db.pool import Connection, Pool
from numbank.db.queries import Queries
from numbank.db.versions import bump
from numbank.errors import OperatorError
from numbank.policy.clients import Address, Network, network

Q = Queries("numbank.policy")

TOPIC = "policy"
ALL = "all"
UNKNOWN = "unknown"
COUNTRY = re.compile(r"^[A-Z]{2}$")


class Rule(msgspec.Struct, frozen=True):
    """One rule; `subject` is a network, a country's two letters, `unknown` or `all`."""

    subject: str
    allowed: bool
    reason: str = ""
    added_at: datetime | None = None


class Verdict(msgspec.Struct, frozen=True):
    """What becomes of an address: whether it is served, the subject that decided (empty: no rule), its country."""

    allowed: bool
    decided_by: str = ""
    country: str | None = None


class Regions:
    """The rules as a node asks them. `needed` is False while there are none, `countries` tells whether any names one."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._named = {rule.subject: rule.allowed for rule in rules}
        found = [network(subject, "region") for subject in self._named if _is_network(subject)]
        # The narrowest network decides, so it comes first.
        self._networks: list[tuple[Network, str]] = sorted(
            ((one, str(one)) for one in found), key=lambda pair: -pair[0].prefixlen
        )
        self.needed = bool(self._named)
        self.countries = any(COUNTRY.match(subject) or subject == UNKNOWN for subject in self._named)

    def decide(self, address: Address | None, country_of: Callable[[Address], str | None]) -> Verdict:
        """The narrowest network that holds the address, else its country, else `all`; without a rule it is served."""
        if address is None:
            return self._by(UNKNOWN, None) or self._by(ALL, None) or Verdict(True)
        for each, subject in self._networks:
            if address.version == each.version and address in each:
                return Verdict(self._named[subject], subject)
        country = country_of(address) if self.countries else None
        return self._by(country or UNKNOWN, country) or self._by(ALL, country) or Verdict(True, "", country)

    def _by(self, subject: str, country: str | None) -> Verdict | None:
        allowed = self._named.get(subject)
        return None if allowed is None else Verdict(allowed, subject, country)


def _is_network(subject: str) -> bool:
    return subject not in (ALL, UNKNOWN) and not COUNTRY.match(subject)


def subject_of(text: str) -> str:
    """How a rule's subject is kept: BR, 10.0.0.0/8, unknown or all; OperatorError for anything else."""
    text = text.strip()
    if text.lower() in (ALL, UNKNOWN):
        return text.lower()
    if COUNTRY.match(text.upper()):
        return text.upper()
    return str(network(text, "region"))


async def decide(tx: Connection, subject: str, *, allowed: bool, reason: str) -> bool:
    """Serve or refuse a region, on every node within a second; False when it was so already."""
    if len(reason) > 500 or "\0" in reason:
        raise OperatorError("a reason has at most 500 characters")
    changed = await tx.fetchval(Q.set_region, subject, allowed, reason)
    await bump(tx, TOPIC)
    return changed is not None


async def remove(tx: Connection, subject: str) -> bool:
    """Forget a rule; False when there is none."""
    removed = await tx.fetchval(Q.remove_region, subject)
    await bump(tx, TOPIC)
    return removed is not None


async def everything(pool: Pool) -> list[Rule]:
    """All rules."""
    return [Rule(*row) for row in await pool.fetch(Q.region_rules)]
