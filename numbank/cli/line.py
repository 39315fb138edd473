"""number offline, online, found: lines that go off and on, and lost numbers that are back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated

import typer

from numbank.cli import screen
from numbank.cli.access import Data, DatabaseUrl, Json, Office, run
from numbank.customers import audit
from numbank.db.pool import Connection
from numbank.errors import OperatorError
from numbank.supply import lines, numbers
from numbank.supply.e164 import parse_e164
from numbank.supply.shelf import NumberState

Numbers = Annotated[list[str], typer.Argument(metavar="NUMBER", help="One or more numbers of the bank.")]


def offline(numbers_: Numbers, json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Lines are not connected: nobody gets these numbers. A leased one goes offline when its lease ends."""

    async def act(tx: Connection, _: Office, ids: list[int]) -> list[lines.Line]:
        return await lines.disconnect(tx, ids)

    _switch("number.offline", numbers_, act, json=json, data=data, database_url=database_url)


def online(numbers_: Numbers, json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Lines are connected again: these numbers rest for the cool-down, and can be leased then."""

    async def act(tx: Connection, office: Office, ids: list[int]) -> list[lines.Line]:
        return await lines.connect(tx, ids, timedelta(seconds=office.settings.cool_down_s))

    _switch("number.online", numbers_, act, json=json, data=data, database_url=database_url)


def found(numbers_: Numbers, json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Numbers that were lost are back: they rest for the cool-down, and can be leased then. Refunds stay as they are."""

    async def act(tx: Connection, office: Office, ids: list[int]) -> list[lines.Line]:
        return await lines.found(tx, ids, timedelta(seconds=office.settings.cool_down_s))

    _switch("number.found", numbers_, act, json=json, data=data, database_url=database_url)


def _switch(
    verb: str,
    texts: list[str],
    switch: Callable[[Connection, Office, list[int]], Awaitable[list[lines.Line]]],
    *,
    json: bool,
    data: str | None,
    database_url: str | None,
) -> None:
    wanted = list(dict.fromkeys(parse_e164(text) for text in texts))

    async def act(office: Office) -> list[lines.Line]:
        async with office.transaction() as tx:
            known = await numbers.known(tx, wanted)
            missing = [str(e164) for e164 in wanted if e164 not in known]
            if missing:
                raise OperatorError(f"no number of this bank: {', '.join(missing)}")
            found = await switch(tx, office, [known[e164].id for e164 in wanted])
            for line in found:
                await audit.write(tx, verb, f"number {line.e164}", {"state": line.state.name.lower()})
            return found

    found = run(data, database_url, act)
    if json:
        screen.print_json(
            [{"number": line.e164, "state": line.state.name.lower(), "offline": line.offline} for line in found]
        )
        return
    for line in found:
        later = ", goes offline when its lease ends" if line.offline and line.state is NumberState.LEASED else ""
        screen.out.print(f"number {line.e164} is {line.state.name.lower()}{later}", markup=False)
