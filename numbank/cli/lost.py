"""number lost: a number is gone, and who rented it gets the money back."""

from __future__ import annotations

from typing import Annotated

import typer

from numbank.cli import screen
from numbank.cli.access import Data, DatabaseUrl, Json, Office, run
from numbank.customers import audit
from numbank.errors import OperatorError
from numbank.money import format_minor
from numbank.rent.lost import Lost, lose
from numbank.supply.e164 import parse_e164

MAX_REASON = 500


def lost(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="A number of the bank.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; it goes to the audit log.")],
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """A number is gone: nobody gets it again, unless it is found (number found). A rental on it is revoked with a refund
    (NUMBANK_RENT_REFUND_PRO_RATA: of the time that is left). One with a live activation is refused until that has ended.
    """
    from numbank.server.rent import change_desk  # noqa: PLC0415  the server's metrics are only loaded where they are needed

    e164 = parse_e164(number)
    if not reason.strip() or len(reason) > MAX_REASON or "\0" in reason:
        raise OperatorError(f"a lost number needs a reason of 1 to {MAX_REASON} characters")

    async def act(office: Office) -> Lost:
        async with office.transaction() as tx:
            gone = await lose(tx, change_desk(office.settings), e164)
            details = {"reason": reason, "rental": gone.rent_id, "customer": gone.account_id, "back_minor": gone.back}
            await audit.write(tx, "number.lost", f"number {e164}", details)
            return gone

    gone = run(data, database_url, act)
    if json:
        screen.print_json({
            "number": gone.e164, "rental": gone.rent_id, "customer": gone.account_id, "back": format_minor(gone.back),
        })  # fmt: skip
        return
    told = f"; rental {gone.rent_id} is revoked, customer {gone.account_id} gets {format_minor(gone.back)} back"
    screen.out.print(f"number {gone.e164} is lost{told if gone.rent_id is not None else ''}", markup=False)
