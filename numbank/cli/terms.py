"""What the commands about accounts share: ids, times, changes of one customer."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from numbank.cli import screen
from numbank.cli.access import MAX_ID, Office, run
from numbank.customers import standing
from numbank.customers.standing import Change
from numbank.errors import OperatorError

CustomerId = Annotated[int, typer.Argument(metavar="ID", min=1, max=MAX_ID, help="Id of the customer.")]

_SPAN = re.compile(r"(\d{1,6})([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def span(text: str) -> timedelta:
    """A time such as 30m, 12h or 7d; OperatorError for anything else."""
    found = _SPAN.fullmatch(text.strip())
    if found is None or int(found[1]) == 0:
        raise OperatorError(f"{text!r} is no time: expected minutes, hours or days such as 30m, 12h or 7d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def moment(text: str) -> datetime:
    """A date such as 2026-12-31 or 2026-12-31T18:00, in UTC unless it names a zone; OperatorError for anything else."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise OperatorError(f"{text!r} is no date: expected one such as 2026-12-31 or 2026-12-31T18:00") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def change(
    customer_id: int, act: str, wanted: Change, done: str, *, json: bool, data: str | None, database_url: str | None
) -> None:
    """Change one customer and say so: `done` is the sentence behind `customer ID`."""

    async def carry_out(office: Office) -> None:
        async with office.transaction() as tx:
            await standing.change(tx, customer_id, act, wanted)

    run(data, database_url, carry_out)
    if json:
        screen.print_json({"customer": customer_id, "changed": wanted})
    else:
        screen.out.print(f"customer {customer_id} {done}", markup=False)
