"""What the operator edits in the reference tables, and who supplies. Every change tells all nodes."""

from __future__ import annotations

import re

import msgspec

from numbank.db.pool import Connection, Pool
from numbank.db.queries import Queries
from numbank.db.versions import bump
from numbank.errors import OperatorError

Q = Queries("numbank.catalogue", "edit.sql")

TOPIC = "catalogue"
SERVICE_CODE = re.compile(r"[a-z0-9]{2,8}")
MAX_NAME = 200


class SupplierLine(msgspec.Struct, frozen=True):
    """A supplier as the operator sees it; `id` is public, it is what `providerIds` names."""

    id: int
    name: str
    kind: str
    active: bool
    asked: bool
    numbers: int
    free: int


class CountryLine(msgspec.Struct, frozen=True):
    """What can be edited of a country."""

    id: int
    eng: str
    visible: bool
    retry: bool
    multi_service: bool


class ServiceLine(msgspec.Struct, frozen=True):
    """What can be edited of a service."""

    code: str
    name_en: str
    aliases: str
    forward_capable: bool


async def suppliers(pool: Pool) -> list[SupplierLine]:
    """All suppliers."""
    return [msgspec.convert(dict(row), SupplierLine) for row in await pool.fetch(Q.suppliers)]


async def switch_supplier(tx: Connection, name: str, *, active: bool) -> None:
    """Switch a supplier on or off. One that is off sells nothing; what is leased runs on."""
    if await tx.fetchval(Q.set_supplier_active, name, active) is None:
        raise OperatorError(f"there is no supplier named {name!r}")
    await bump(tx, TOPIC)


async def country(
    tx: Connection, country_id: int, *, visible: bool | None, retry: bool | None, multi_service: bool | None
) -> CountryLine:
    """Change the flags of a country; None leaves one as it is."""
    row = await tx.fetchrow(Q.edit_country, country_id, visible, retry, multi_service)
    if row is None:
        raise OperatorError(f"there is no country {country_id}")
    await bump(tx, TOPIC)
    return msgspec.convert(dict(row), CountryLine)


async def service(
    tx: Connection, code: str, *, forward_capable: bool | None, name: str | None, aliases: str | None
) -> ServiceLine:
    """Change a service; None leaves a thing as it is."""
    _check_names(name, aliases)
    row = await tx.fetchrow(Q.edit_service, code, forward_capable, name, aliases)
    if row is None:
        raise OperatorError(f"there is no service {code!r}")
    await bump(tx, TOPIC)
    return msgspec.convert(dict(row), ServiceLine)


async def add_service(tx: Connection, code: str, name: str, aliases: str) -> ServiceLine:
    """A service that the reference table does not have."""
    if not SERVICE_CODE.fullmatch(code):
        raise OperatorError(f"{code!r} is no service code: expected 2 to 8 small letters or digits")
    _check_names(name, aliases)
    row = await tx.fetchrow(Q.add_service, code, name, aliases)
    if row is None:
        raise OperatorError(f"there is a service {code!r} already")
    await bump(tx, TOPIC)
    return msgspec.convert(dict(row), ServiceLine)


def _check_names(name: str | None, aliases: str | None) -> None:
    for text in (name, aliases):
        if text is not None and (len(text) > MAX_NAME or not text.isprintable()):
            raise OperatorError(f"names are printable, at most {MAX_NAME} characters")
    if name is not None and not name.strip():
        raise OperatorError("a service needs a name")
