"""What a node knows of the codes of each service: by the package, and by the bank's own finished leases. It is read in the
background and looked up without the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

import msgspec

from numbank.catalogue.model import Service
from numbank.codes.prior import NO_PRIOR, Prior, Shape, prior
from numbank.codes.services.names import key_of
from numbank.codes.services.usual import usual
from numbank.db.pool import Pool
from numbank.db.queries import Queries

Q = Queries("numbank.messages", "habits.sql")

MOST_SENDERS = 50_000
"""Senders that a node knows, those that were met last: some 10 MB."""


class Seen(msgspec.Struct, frozen=True):
    """How often the codes of a service looked so."""

    service_id: int
    length: int
    letters: bool
    times: int


class Habits:
    """The priors of all services. `load` replaces everything at once; empty until then."""

    def __init__(self) -> None:
        self._priors: dict[int, Prior] = {}
        self._senders: dict[str, frozenset[int]] = {}
        self._loading = asyncio.Lock()

    def prior_of(self, service_id: int) -> Prior:
        """What is known of a service's codes."""
        return self._priors.get(service_id, NO_PRIOR)

    def sent_by(self, sender: str) -> frozenset[int]:
        """The services whose finished leases got their codes from this sender; empty where it is nobody's in particular."""
        return self._senders.get(key_of(sender), frozenset()) if self._senders else frozenset()

    async def load(self, pool: Pool, services: Iterable[Service]) -> None:
        """Read what was learned; `services` are those of the catalogue. One at a time: what was read first never
        replaces what was read later.
        """
        async with self._loading:
            seen = [Seen(*row) for row in await pool.fetch(Q.habits)]
            senders: list[tuple[int, str]] = [
                (row[0], row[1]) for row in await pool.fetch(Q.known_senders, MOST_SENDERS)
            ]
            await asyncio.to_thread(self.learn, [(one.id, one.code) for one in services], seen, senders)

    def learn(
        self, services: Iterable[tuple[int, str]], seen: Iterable[Seen], senders: Iterable[tuple[int, str]]
    ) -> None:
        """The same from rows at hand; `services` are ids and codes, `senders` service and sender, spelt by `key_of`."""
        shapes: dict[int, dict[Shape, int]] = {}
        for one in seen:
            shapes.setdefault(one.service_id, {})[Shape(one.length, one.letters)] = one.times
        names: dict[int, set[str]] = {}
        services_of: dict[str, set[int]] = {}
        for service_id, sender in senders:
            names.setdefault(service_id, set()).add(sender)
            services_of.setdefault(sender, set()).add(service_id)
        priors = ((id_, _prior(code, shapes.get(id_, {}), frozenset(names.get(id_, ())))) for id_, code in services)
        self._priors = {id_: known for id_, known in priors if known != NO_PRIOR}
        self._senders = {sender: frozenset(ids) for sender, ids in services_of.items()}


def _prior(code: str, seen: Mapping[Shape, int], senders: frozenset[str]) -> Prior:
    known = usual(code)
    # "US:32665" is a sender in one country: enough to be a little surer of a code.
    spelt = frozenset(key_of(sender.rpartition(":")[2]) for sender in known.senders)
    return prior(known.lengths, letters=known.letters, seen=seen, senders=senders | spelt)
