"""verify: proves the books and the stock, also while the bank serves; says what it looked at, exits 1 on a difference."""

from __future__ import annotations

from functools import partial

import typer

from numbank.activation import verify as activation
from numbank.cli import screen
from numbank.cli.access import Data, DatabaseUrl, Json, Office, run
from numbank.db import checks
from numbank.db.pool import connect
from numbank.hooks import verify as hooks
from numbank.leases import verify as leases
from numbank.ledger import verify as ledger
from numbank.mailbox import verify as mailbox
from numbank.messages import verify as messages
from numbank.rent import verify as rent
from numbank.retention import verify as retention
from numbank.software import verify as software
from numbank.supply import verify as supply

ALL = (
    *ledger.CHECKS,
    *supply.CHECKS,
    *activation.CHECKS,
    *rent.CHECKS,
    *leases.CHECKS,
    *messages.CHECKS,
    *hooks.CHECKS,
    *retention.CHECKS,
    *software.CHECKS,
    *mailbox.CHECKS,
)


def verify(json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Prove that every transfer, balance, hold, number, count, lease and message is right."""

    async def act(office: Office) -> list[checks.Finding]:
        open_connection = partial(connect, office.settings.database_url, hot=False, command_timeout_s=3600)
        return await checks.run(open_connection, ALL)

    findings = run(data, database_url, act)
    wrong = [finding for finding in findings if finding.differences]
    if json:
        screen.print_json({"clean": not wrong, "checks": findings})
    else:
        screen.table(
            ("check", "looked at", "differences", "seconds"),
            ((one.check, one.looked_at, one.differences, f"{one.seconds:.2f}") for one in findings),
        )
        for finding in wrong:
            screen.err.print(f"{finding.check}: {finding.sentence}", style="red", markup=False)
            for example in finding.examples:
                screen.err.print(f"{finding.check}: {screen.plain(example)}", style="red", markup=False)
        screen.out.print(f"{len(findings)} checks, {sum(one.differences for one in findings)} differences")
    if wrong:
        raise typer.Exit(1)
