"""The operator's policy as a node keeps it: read when its version changes, asked without the database."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from ipaddress import IPv6Address, IPv6Network
from time import monotonic

import structlog

from numbank.asgi import Scope
from numbank.db.pool import Pool
from numbank.db.queries import Queries
from numbank.errors import RateLimited, RegionRefused
from numbank.policy import regions
from numbank.policy.clients import Address, address, client, hops, networks
from numbank.policy.countries import CountryDatabase
from numbank.policy.rates import Buckets, Flood
from numbank.policy.regions import Regions, Verdict
from numbank.settings import Settings

log = structlog.get_logger("numbank")

Q = Queries("numbank.policy")

MOST_REMEMBERED = 50_000
# A client may write what it likes to the left of its proxy; what is longer is walked again each time.
LONGEST_REMEMBERED = 128
# Who has one IPv6 address has all of its network: wrong keys are counted by that.
ONE_CLIENT_BITS = 64
# Addresses without a key share the meters of customers, under numbers that no customer has.
STRANGERS = 2**61 - 1


class Policy:
    """What is sold, to whom, and how often. `load` replaces everything at once.

    `watching`: whether requests of customers without limits of their own have to come through `admit` at all; asked on
    every poll, so that a bank without rules pays one attribute for them.
    """

    def __init__(self, settings: Settings) -> None:
        self._sandbox = settings.sandbox
        self._per_s = settings.requests_per_s
        self._trusted = networks(settings.trusted_proxies, "setting NUMBANK_TRUSTED_PROXIES")
        self._header = settings.client_address_header
        self._header_name = self._header.encode()
        self._buckets = Buckets()
        self._flood = Flood(settings.wrong_keys_per_min) if settings.wrong_keys_per_min else None
        self._good: set[bytes] = set()
        self._database = CountryDatabase(settings.region_database)
        self._regions = Regions()
        self._verdicts: dict[tuple[str, str], bool] = {}
        self.denied: frozenset[int] = frozenset()
        self.watching = bool(self._per_s)
        # How often a rule said no since the last look of the metrics.
        self.refused: dict[str, int] = {}

    def open(self) -> None:
        """Read the database of countries; OperatorError when the setting names none that can be read."""
        self._database.open()

    async def load(self, pool: Pool, *, warn: bool = True) -> None:
        """Read the tables; `warn` in the log when a rule needs a database of countries that is not there."""
        denied = frozenset(row[0] for row in await pool.fetch(Q.denied_ids))
        rules = Regions(await regions.everything(pool))
        # A sandbox delivers nothing real: there is nothing to protect, and tests want every service.
        self.denied = frozenset() if self._sandbox else denied
        self._regions = rules
        self._verdicts.clear()
        self.watching = bool(self._per_s) or rules.needed
        if warn and rules.countries and not self._database.known:
            log.warning("regions_without_database", setting="NUMBANK_REGION_DATABASE")

    async def refresh(self) -> int:
        """Look whether the database of countries has changed."""
        # A large file takes longer than the loop may be held.
        changed = await asyncio.to_thread(self._database.refresh)
        if changed:
            self._verdicts.clear()
        return int(changed)

    def permits(self, service_id: int) -> bool:
        """Whether a service may be sold; asked before every lease, of whatever kind."""
        if service_id in self.denied:
            self._count("service")
            return False
        return True

    def admit(self, scope: Scope, customer_id: int, per_s: int | None) -> None:
        """Let a request with a good key pass; RegionRefused or RateLimited. `per_s` is the customer's own limit, None: the
        setting's."""
        if self._regions.needed and not self._served(scope):
            self._count("region")
            raise RegionRefused
        limit = self._per_s if per_s is None else per_s
        if limit and not self._buckets.take(customer_id, limit, monotonic()):
            self._count("rate")
            raise RateLimited

    def admit_stranger(self, scope: Scope) -> None:
        """Let a request pass that needs no key; its client address has the setting's number of requests."""
        self.admit(scope, ~(hash(self._guesser(scope)) & STRANGERS), None)

    def before_key(self, scope: Scope, digest: bytes) -> None:
        """A key that is not at hand is about to be looked up; RateLimited when its client has tried too many wrong ones.

        A key that was good once is always looked up: those who share an address with somebody who guesses work on.
        """
        if self._flood is None or digest in self._good:
            return
        if self._flood.over(self._guesser(scope), monotonic()):
            self._count("wrong_keys")
            raise RateLimited

    def good_key(self, digest: bytes) -> None:
        """The key was good."""
        if self._flood is not None:
            if len(self._good) >= MOST_REMEMBERED:
                self._good.clear()
            self._good.add(digest)

    def wrong_key(self, scope: Scope) -> None:
        """The key was wrong."""
        if self._flood is not None:
            self._flood.note(self._guesser(scope), monotonic())

    def address_of(self, scope: Scope) -> Address | None:
        """The address of a request's client, through trusted proxies; None when nobody can tell."""
        peer, header = self._origin(scope)
        return self._resolve(peer, header)

    def _guesser(self, scope: Scope) -> str:
        found = self.address_of(scope)
        if isinstance(found, IPv6Address):
            return str(IPv6Network((found, ONE_CLIENT_BITS), strict=False))
        return str(found)

    def verdict(self, found: Address | None) -> Verdict:
        """What becomes of requests from an address, and why."""
        return self._regions.decide(found, self._database.country)

    def take_refused(self) -> Mapping[str, int]:
        """The counts of refusals since the last call."""
        counts, self.refused = self.refused, {}
        return counts

    def _served(self, scope: Scope) -> bool:
        origin = self._origin(scope)
        known = self._verdicts.get(origin)
        if known is None:
            known = self.verdict(self._resolve(*origin)).allowed
            if len(self._verdicts) >= MOST_REMEMBERED:
                self._verdicts.clear()
            if len(origin[1]) <= LONGEST_REMEMBERED:
                self._verdicts[origin] = known
        return known

    def _origin(self, scope: Scope) -> tuple[str, str]:
        """The peer and the whole header, empty where no proxy is trusted."""
        peer = scope.get("client")
        host = peer[0] if peer else ""
        if not self._trusted:
            return host, ""
        values = [value.decode("latin-1") for name, value in scope["headers"] if name.lower() == self._header_name]
        return host, ",".join(values)

    def _resolve(self, peer: str, header: str) -> Address | None:
        chain = hops(self._header, header) if header else ()
        return client(address(peer), chain, self._trusted)

    def _count(self, rule: str) -> None:
        self.refused[rule] = self.refused.get(rule, 0) + 1
