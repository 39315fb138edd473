"""verify: proves the books and the stock, also while the bank serves; says what it looked at, exits 1 on a difference."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import typer

from numbank.activation import verify as activation
from numbank.cli import screen
from numbank.cli.access import Data, DatabaseUrl, Json, Office, run
from numbank.customers import audit
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


async def prove_bank(url: str) -> list[checks.Finding]:
    """Everything that can be proved about the bank in this database."""
    return await checks.run(partial(connect, url, hot=False, command_timeout_s=3600), ALL)


def show_differences(findings: Sequence[checks.Finding]) -> None:
    """What is wrong, with examples, on stderr."""
    for finding in findings:
        if finding.differences:
            screen.err.print(f"{finding.check}: {finding.sentence}", style="red", markup=False)
            for example in finding.examples:
                screen.err.print(f"{finding.check}: {screen.plain(example)}", style="red", markup=False)


def verify(json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Prove that every transfer, balance, hold, number, count, lease and message is right."""

    async def act(office: Office) -> list[checks.Finding]:
        findings = await prove_bank(office.settings.database_url)
        # A proof is worth knowing of afterwards: /metrics says when the last one was, and what it found.
        if not await office.pool.fetchval("select pg_is_in_recovery()"):
            async with office.transaction() as tx:
                wrong = sum(finding.differences for finding in findings)
                await audit.write(tx, "bank.verify", "books", {"checks": len(findings), "differences": wrong})
        return findings

    findings = run(data, database_url, act)
    differences = sum(finding.differences for finding in findings)
    if json:
        screen.print_json({"clean": not differences, "checks": findings})
    else:
        screen.table(
            ("check", "looked at", "differences", "seconds"),
            ((one.check, one.looked_at, one.differences, f"{one.seconds:.2f}") for one in findings),
        )
        show_differences(findings)
        screen.out.print(f"{len(findings)} checks, {differences} differences")
    if differences:
        raise typer.Exit(1)
