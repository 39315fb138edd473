"""`numbank`, but it may be told to kill itself at a named commit: run as `python -m tests.fire.node serve ...`.

The order is a file, `PLACE STAGE NTH WHO` (points.py; WHO is `node` or `worker`), named by FIRE_ARM. The worker that
passes there for the NTH time takes the order away and dies by SIGKILL, alone or with its whole node.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
from asyncpg.transaction import Transaction

from numbank.server import bank
from numbank.server.suppliers import asked_suppliers
from numbank.supply.asking import Answer, AskedSuppliers, Done, Held, Outcome, Question, Release

ARM = "FIRE_ARM"
# Appended by the supplier that is played here; it outlives the node, as a supplier does.
SUPPLIED = "FIRE_SUPPLIED"
ASKED_ID = "FIRE_ASKED_ID"
FIRST_ASKED = 79_600_000_000

_passes: dict[str, int] = {}


def name_of_place(frame: Any) -> str:
    """How points.py names the code that commits."""
    task = asyncio.current_task()
    name = task.get_name() if task is not None else ""
    while frame.f_globals.get("__name__") in ("numbank.db.confirmed", "contextlib"):
        frame = frame.f_back
    code = frame.f_code
    if name.startswith("clerk-") or code.co_name == "_in_transaction":
        return name
    module = frame.f_globals.get("__name__", "").removeprefix("numbank.")
    parts = [part for part in code.co_qualname.split(".") if part != "<locals>"]
    return ".".join((module, *(part for part in parts[:-1] if part[:1].isupper()), parts[-1]))


def ordered(place: str, stage: str) -> str | None:
    """Who is to die here now; None: nobody."""
    try:
        with open(os.environ[ARM], encoding="ascii") as file:
            order = file.read()
    except (FileNotFoundError, KeyError):
        return None
    wanted, wanted_stage, nth, who = order.split()
    if (wanted, wanted_stage) != (place, stage):
        return None
    _passes[order] = _passes.get(order, 0) + 1
    return who if _passes[order] >= int(nth) else None


def die(who: str) -> None:
    """SIGKILL, if nobody else was quicker to take the order."""
    try:
        os.rename(os.environ[ARM], os.environ[ARM] + ".done")
    except FileNotFoundError:
        return
    if who == "node":
        os.killpg(0, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


async def passing(place: str, commit: Callable[[], Awaitable[Any]]) -> Any:
    """Commit, with the three moments at which this process may die."""
    if (who := ordered(place, "before")) is not None:
        die(who)
    if (who := ordered(place, "sent")) is not None:
        sending = asyncio.ensure_future(commit())
        for _ in range(4):
            await asyncio.sleep(0)
        die(who)
        return await sending
    result = await commit()
    if (who := ordered(place, "after")) is not None:
        die(who)
    return result


def install() -> None:
    """Put the moments around every commit of this process."""
    execute, leave = asyncpg.Connection.execute, Transaction.__aexit__

    async def executed(self: Any, sql: str, *values: Any, **more: Any) -> Any:
        if not sql.endswith("; commit"):
            return await execute(self, sql, *values, **more)
        return await passing(name_of_place(sys._getframe(1)), lambda: execute(self, sql, *values, **more))

    async def left(self: Any, kind: Any, error: Any, at: Any) -> Any:
        if kind is not None:
            return await leave(self, kind, error, at)
        return await passing(name_of_place(sys._getframe(1)), lambda: leave(self, kind, error, at))

    setattr(asyncpg.Connection, "execute", executed)  # noqa: B010  what mypy would not have otherwise
    setattr(Transaction, "__aexit__", left)  # noqa: B010
    for name in ("execute", "fetch", "fetchrow", "fetchval"):
        setattr(asyncpg.Pool, name, around(getattr(asyncpg.Pool, name)))
    setattr(bank, "asked_suppliers", played)  # noqa: B010


def around(ask: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """A statement of its own commits by itself."""

    async def asked(self: Any, *values: Any, **more: Any) -> Any:
        return await passing(name_of_place(sys._getframe(1)), lambda: ask(self, *values, **more))

    return asked


class Played:
    """A supplier that must be asked; gives a number per question, and writes down what it gave and what came back."""

    async def acquire(self, question: Question) -> Answer:
        """A number that nobody else has; the same question gets the same one."""
        note(f"gave {question.acquisition_id}")
        return Held(FIRST_ASKED + question.acquisition_id, f"ref-{question.acquisition_id}", 500)

    async def release(self, reference: str, outcome: Outcome) -> Release:
        """Take it back."""
        note(f"back {reference.removeprefix('ref-')} {outcome.name}")
        return Done()


def note(line: str) -> None:
    """One line that survives this process."""
    with open(os.environ[SUPPLIED], "ab", buffering=0) as file:
        file.write(line.encode() + b"\n")


def played(of: bank.Bank) -> AskedSuppliers:
    """The asked suppliers of a node under test."""
    suppliers = asked_suppliers(of)
    if ASKED_ID in os.environ:
        suppliers.register(int(os.environ[ASKED_ID]), Played())
    return suppliers


if __name__ == "__main__":
    install()
    from numbank.cli.main import main

    main()
