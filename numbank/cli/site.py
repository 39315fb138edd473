"""site deny, allow, list: for which sites no mailbox is leased."""

from __future__ import annotations

from typing import Annotated

import typer

from numbank.cli import screen
from numbank.cli.access import Data, DatabaseUrl, Json, Office, run
from numbank.customers import audit
from numbank.errors import OperatorError
from numbank.mailbox import denied, domains

app = typer.Typer(no_args_is_help=True)

Hosts = Annotated[list[str], typer.Argument(metavar="SITE...", help="Host names; each stands for all below it too.")]
Reason = Annotated[str, typer.Option("--reason", help="Why: kept with the decision and in the audit log.")]


@app.callback()
def group() -> None:
    """Sites for which no mailbox is leased."""


@app.command()
def deny(sites: Hosts, reason: Reason, json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Lease no mailbox for sites and everything below them; what is leased runs on."""
    _decide(sites, reason, deny=True, json=json, data=data, database_url=database_url)


@app.command()
def allow(
    sites: Hosts, reason: Reason, json: Json = False, data: Data = None, database_url: DatabaseUrl = None
) -> None:
    """Lease mailboxes for sites that are denied, or are below one that is: the nearest decision counts."""
    _decide(sites, reason, deny=False, json=json, data=data, database_url=database_url)


def _decide(
    sites: list[str], reason: str, *, deny: bool, json: bool, data: str | None, database_url: str | None
) -> None:
    reason = reason.strip()
    if not reason or len(reason) > denied.MAX_REASON or not reason.isprintable():
        raise OperatorError(f"a reason has 1 to {denied.MAX_REASON} characters, in one line")
    hosts = sorted({domains.site_name(site) for site in sites})

    async def act(office: Office) -> dict[str, bool]:
        changed = {}
        async with office.transaction() as tx:
            for host in hosts:
                changed[host] = await denied.decide(tx, host, denied=deny, reason=reason)
                verb = "site.deny" if deny else "site.allow"
                await audit.write(tx, verb, host, {"reason": reason, "changed": changed[host]})
        return changed

    changed = run(data, database_url, act)
    if json:
        screen.print_json([{"site": host, "denied": deny, "changed": new} for host, new in changed.items()])
        return
    for host, new in changed.items():
        screen.out.print(f"{host} is {'denied' if deny else 'allowed'}{'' if new else ', as it was'}", markup=False)


@app.command("list")
def list_(json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """List what was decided about sites."""

    async def act(office: Office) -> list[denied.Decided]:
        found: list[denied.Decided] = []
        while page := await denied.listed(office.pool, found[-1].host if found else ""):
            found.extend(page)
        return found

    rows = [
        {"site": one.host, "denied": one.denied, "reason": one.reason,
         "changed_at": one.changed_at.isoformat(timespec="seconds")}
        for one in run(data, database_url, act)
    ]  # fmt: skip
    if json:
        screen.print_json(rows)
    else:
        columns = ("site", "denied", "reason", "changed_at")
        screen.table(columns, ([row[column] for column in columns] for row in rows))
