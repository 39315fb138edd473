"""What operators tell about services: templates of their messages, their senders, their names; per country or everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from numbank.codes.services import Brands, Hint, HintError, HintKind, check_hint
from numbank.codes.services.templates import MAX_PER_SERVICE
from numbank.db.pool import Connection, Pool
from numbank.db.queries import Queries
from numbank.db.versions import bump
from numbank.errors import OperatorError

Q = Queries("numbank.catalogue", "hints.sql")

TOPIC = "codes"
MOST_HINTS = 5_000
"""Of all services together: every node keeps them in its memory."""


class Listed(msgspec.Struct, frozen=True):
    """A hint as `code template list` shows it; an empty country is every country."""

    service: str
    kind: HintKind
    country: str
    text: str
    added_at: datetime


def typed(service: str, kind: HintKind, text: str, country: str) -> Hint:
    """A hint as it is kept, whether it can be used or not."""
    return Hint(service, kind, text.strip(), country.strip().upper())


def hint_of(service: str, kind: HintKind, text: str, country: str) -> Hint:
    """A hint that can be used; OperatorError with the reason for any other."""
    hint = typed(service, kind, text, country)
    try:
        check_hint(hint)
    except HintError as error:
        raise OperatorError(str(error)) from None
    return hint


async def add(tx: Connection, service_id: int, hint: Hint) -> bool:
    """Keep a hint, for every node within a second; False when it is there already. OperatorError when there are too many."""
    await tx.execute(Q.lock_hints)
    added = await tx.fetchval(Q.add_hint, service_id, hint.kind.value, hint.country, hint.text)
    of_service, of_all = await tx.fetchrow(Q.count_hints, service_id, hint.kind.value) or (0, 0)
    if of_service > MAX_PER_SERVICE:
        raise OperatorError(
            f"{hint.service} has {MAX_PER_SERVICE} of the kind {hint.kind.value} already, which is the most"
        )
    if of_all > MOST_HINTS:
        raise OperatorError(f"there are {MOST_HINTS} hints already, which is the most")
    await bump(tx, TOPIC)
    return added is not None


def left_out(services: Iterable[tuple[str, Sequence[str]]], before: list[Listed], after: list[Listed]) -> str | None:
    """Why nodes could not use all that they are told after a change, if they could before: together it is too much."""
    services = list(services)
    was, now = (Brands.build(services, as_hints(listed)).refused for listed in (before, after))
    return next((line for line in now if line not in was), None)


async def remove(tx: Connection, service_id: int, hint: Hint) -> bool:
    """Forget a hint; False when there is none."""
    removed = await tx.fetchval(Q.remove_hint, service_id, hint.kind.value, hint.country, hint.text)
    await bump(tx, TOPIC)
    return removed is not None


async def everything(connection: Connection | Pool) -> list[Listed]:
    """All hints, by service, kind, country and text."""
    rows = await connection.fetch(Q.hints)
    return [Listed(code, HintKind(kind), country, text, added_at) for code, kind, country, text, added_at in rows]


def as_hints(listed: list[Listed]) -> list[Hint]:
    """The same for whoever reads messages."""
    return [Hint(one.service, one.kind, one.text, one.country) for one in listed]
