"""The audit log of operators' acts: one row per act, written in its transaction, never changed (docs/policy.md)."""

from __future__ import annotations

import getpass
import os
import re
import socket
from collections.abc import AsyncIterator, Mapping
from datetime import datetime

import msgspec
from asyncpg import Record

from numbank.db.pool import Connection, Pool
from numbank.db.queries import Queries
from numbank.settings import PREFIX

Q = Queries("numbank.customers", "audit.sql")

ACTOR = PREFIX + "ACTOR"
MAX_ACTOR = 200
MAX_SUBJECT = 500
# What our keys and secrets look like: 128 bits in hex, or a webhook secret. None gets into a log that is never erased, not
# even as the name that somebody pasted.
SECRET = re.compile(r"(?<![0-9a-fA-F])[0-9a-fA-F]{32}(?![0-9a-fA-F])|whsec_[A-Za-z0-9+/=_-]*")
HIDDEN = "***"

PAGE = 1_000


class Act(msgspec.Struct, frozen=True):
    """A row of the log; `details` is an object."""

    id: int
    at: datetime
    actor: str
    act: str
    subject: str
    details: msgspec.Raw


async def write(tx: Connection, act: str, subject: str, details: Mapping[str, object]) -> None:
    """Note an act (`group.verb`) upon a subject in the transaction that carries it out.

    Details are plain values; what looks like a key or a secret is starred, for a row stays for ever.
    """
    # PostgreSQL takes no NUL, neither in text nor in jsonb.
    text = SECRET.sub(HIDDEN, msgspec.json.encode(details).decode().replace("\\u0000", ""))
    subject = SECRET.sub(HIDDEN, subject.replace("\0", ""))[:MAX_SUBJECT]
    await tx.execute(Q.write_audit, actor(), act, subject, text)


def actor() -> str:
    """Who acts: `NUMBANK_ACTOR` when a panel or a pipeline names somebody, else the user of the system and the host."""
    named = os.environ.get(ACTOR, "").replace("\0", "").strip()
    if named:
        return named[:MAX_ACTOR]
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a user without a name, as containers have
        user = f"uid {os.getuid()}"
    sudo = os.environ.get("SUDO_USER")
    if sudo and sudo != user:
        user = f"{sudo} as {user}"
    return f"{user}@{socket.gethostname()}"[:MAX_ACTOR]


async def newest(pool: Pool, *, since: datetime, act: str, limit: int) -> list[Act]:
    """The newest acts since a time, newest first; `act` is one act, a group of acts, or empty for all."""
    return [_act(row) for row in await pool.fetch(Q.audit_rows, since, act, limit)]


async def everything(pool: Pool, *, since: datetime) -> AsyncIterator[Act]:
    """All acts since a time, oldest first, a page at a time."""
    last = 0
    while rows := await pool.fetch(Q.audit_from, last, since, PAGE):
        for row in rows:
            yield _act(row)
        last = rows[-1]["id"]


def _act(row: Record) -> Act:
    return Act(row["id"], row["at"], row["actor"], row["act"], row["subject"], msgspec.Raw(row["details"].encode()))
