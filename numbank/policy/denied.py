"""Services denied for sale: the default list (banks, payment, government) and what the operator lifted or added."""

from __future__ import annotations

import csv
from datetime import datetime
from importlib import resources
from io import StringIO

import msgspec

from numbank.db.pool import Connection, Pool
from numbank.db.queries import Queries
from numbank.db.versions import bump

Q = Queries("numbank.policy")

TOPIC = "policy"
MAX_REASON = 500


class Default(msgspec.Struct, frozen=True):
    """A service of the default list: what kind of thing it is, and why it is not sold."""

    code: str
    name: str
    kind: str
    reason: str


class Listed(msgspec.Struct, frozen=True):
    """A service as `policy list` shows it; one with `denied` off was lifted."""

    code: str
    name: str
    denied: bool
    reason: str
    changed_at: datetime


def defaults() -> list[Default]:
    """The default list of the package, data/denied.csv."""
    text = resources.files("numbank.policy").joinpath("data", "denied.csv").read_text("utf-8")
    return [msgspec.convert(row, Default) for row in csv.DictReader(StringIO(text))]


async def load(tx: Connection) -> None:
    """Deny what the default list names and nobody has decided about; what an operator lifted stays lifted."""
    listed = defaults()
    await tx.execute(Q.deny_by_default, [one.code for one in listed], [f"{one.kind}: {one.reason}" for one in listed])
    await bump(tx, TOPIC)


async def decide(tx: Connection, service_id: int, *, denied: bool, reason: str) -> bool:
    """Deny a service for sale or lift that, on every node within a second; False when it was so already."""
    changed = await tx.fetchval(Q.set_denied, service_id, denied, reason[:MAX_REASON])
    await bump(tx, TOPIC)
    return changed is not None


async def is_denied(tx: Connection, code: str) -> bool:
    """Whether a service is denied for sale, by its code."""
    found: bool = await tx.fetchval(Q.is_denied, code)
    return found


async def everything(pool: Pool) -> list[Listed]:
    """All decisions."""
    return [Listed(*row) for row in await pool.fetch(Q.denied_services)]
