"""The operator's domains and prices, inside a caller's transaction. Amounts are 1/10,000."""

from __future__ import annotations

import msgspec

from numbank.db.pool import Connection, Pool
from numbank.db.queries import Queries
from numbank.db.versions import bump
from numbank.errors import BadSite, OperatorError
from numbank.mailbox.site import host_of, site_of

Q = Queries("numbank.mailbox", "domains.sql")

DEFAULT_CAPACITY = 1_000
MOST_CAPACITY = 2**31 - 1
MOST_LISTED = 10_000
MOST_ZONE = 63


class Domain(msgspec.Struct, frozen=True):
    """A domain as the operator sees it; `live` leases now, of at most `capacity`."""

    id: int
    name: str
    zone: str
    popular: bool
    active: bool
    capacity: int
    live: int


class Change(msgspec.Struct, frozen=True):
    """What is changed of a domain; None leaves as it is."""

    zone: str | None = None
    popular: bool | None = None
    active: bool | None = None
    capacity: int | None = None

    @property
    def given(self) -> dict[str, object]:
        """What is not None."""
        return {what: value for what, value in msgspec.structs.asdict(self).items() if value is not None}


class Price(msgspec.Struct, frozen=True):
    """A price of a zone or of a domain (the other is None) for a site, '' for any other; `remaining` None: no limit."""

    zone: str | None
    domain: str | None
    site: str
    price: int
    remaining: int | None


def domain_name(text: str) -> str:
    """A domain as it is kept: lower case, A-labels. OperatorError for what cannot be one."""
    name = host_of(text.strip().removesuffix("."))
    if name is None:
        raise OperatorError(f"{text!r} is no domain")
    return name


def zone_name(text: str) -> str:
    """A zone as it is kept: a short name without spaces, in lower case; it need not be a part of a domain."""
    zone = text.strip().removeprefix(".").lower()
    if not zone or len(zone) > MOST_ZONE or not zone.isprintable() or " " in zone or "@" in zone:
        raise OperatorError(f"{text!r} is no zone: expected a name such as com")
    return zone


def site_name(text: str) -> str:
    """A site as it is kept; OperatorError for what cannot be one."""
    site = site_of(text)
    if isinstance(site, BadSite):
        raise OperatorError(f"{text!r} is no site: expected a host name such as example.com")
    return site


async def add(
    tx: Connection, name: str, *, zone: str | None = None, popular: bool = False, capacity: int = DEFAULT_CAPACITY
) -> bool:
    """Add a domain; its zone is its last label unless given. False when it is there already: then nothing is changed."""
    added = await tx.fetchval(Q.add_domain, name, zone or name.rpartition(".")[2], popular, capacity) is not None
    if added:
        await bump(tx, "mail")  # mail servers tell unknown addresses from foreign domains
    return added


async def by_name(tx: Connection, name: str) -> Domain:
    """A domain, locked; OperatorError when there is none."""
    await tx.fetch(Q.lock_domain_by_name, name)
    row = await tx.fetchrow(Q.domain_by_name, name)
    if row is None:
        raise OperatorError(f"there is no domain {name}, see domain list")
    return Domain(*row)


async def change(tx: Connection, name: str, wanted: Change) -> None:
    """Change what is given; what is leased on the domain runs on."""
    was = await by_name(tx, name)
    await tx.execute(Q.change_domain, was.id, *msgspec.structs.astuple(wanted))
    await bump(tx, "mail")


async def listed(connection: Connection | Pool, after: tuple[str, str] = ("", "")) -> list[Domain]:
    """Domains by zone and name, at most MOST_LISTED of them, behind one of an earlier page."""
    return [Domain(*row) for row in await connection.fetch(Q.listed_domains, *after, MOST_LISTED)]


async def place(tx: Connection, name: str, *, of_domain: bool | None = None) -> tuple[str | None, int | None]:
    """What a price is of: a zone, or a domain's id. A name that may be both is the domain unless told otherwise."""
    if of_domain is not False:
        host = host_of(name)
        row = None if host is None else await tx.fetchrow(Q.domain_by_name, host)
        if row is not None:
            return None, row[0]
        if of_domain:
            raise OperatorError(f"there is no domain {name}, see domain list")
    zone = zone_name(name)
    if not await tx.fetchval(Q.zone_exists, zone):
        raise OperatorError(f"{name} is neither a domain nor a zone, see domain list")
    return zone, None


async def put_price(
    tx: Connection, where: tuple[str | None, int | None], site: str, price: int, remaining: int | None
) -> None:
    """Set the price of a zone or a domain for a site ('': every other one)."""
    await tx.execute(Q.put_price, *where, site, price, remaining)


async def remove_price(tx: Connection, where: tuple[str | None, int | None], site: str) -> bool:
    """Remove a price; False when there was none."""
    return await tx.fetchval(Q.remove_price, *where, site) is not None


async def prices(connection: Connection | Pool, after: Price | None = None) -> list[Price]:
    """Prices, those of zones first, at most MOST_LISTED of them, behind one of an earlier page."""
    last = (False, "", "") if after is None else (after.zone is None, after.zone or after.domain or "", after.site)
    return [Price(*row) for row in await connection.fetch(Q.listed_prices, *last, MOST_LISTED)]


def subject(name: str, where: tuple[str | None, int | None]) -> str:
    """How the place of a price is named to people and in the audit log."""
    return f"zone {where[0]}" if where[0] is not None else f"domain {domain_name(name)}"
