"""policy allow, deny, list, check; policy region allow, deny, list, remove."""

from __future__ import annotations

from typing import Annotated

import typer

from numbank.cli import screen
from numbank.cli.access import Data, DatabaseUrl, Json, Office, run
from numbank.customers import audit
from numbank.errors import OperatorError
from numbank.policy import denied, regions
from numbank.policy.clients import address
from numbank.policy.policy import Policy
from numbank.policy.regions import Verdict

app = typer.Typer(no_args_is_help=True)
region = typer.Typer(no_args_is_help=True)
app.add_typer(region, name="region", help="Which client addresses are served.")

Codes = Annotated[list[str], typer.Argument(metavar="CODE...", help="Service codes, see getServicesList.")]
Subjects = Annotated[
    list[str],
    typer.Argument(metavar="REGION...", help="Networks (10.0.0.0/8), countries (BR), unknown, or all."),
]


@app.command()
def allow(
    codes: Codes,
    reason: Annotated[str, typer.Option("--reason", help="Why you may sell it: kept in the audit log.")],
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Sell services that are denied: knowingly, with a reason. Works on every node within a second."""
    _decide(codes, reason, deny=False, json=json, data=data, database_url=database_url)


@app.command()
def deny(
    codes: Codes,
    reason: Annotated[str, typer.Option("--reason", help="Why it is not sold: kept in the audit log.")],
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Stop selling services; what is leased runs on. Works on every node within a second."""
    _decide(codes, reason, deny=True, json=json, data=data, database_url=database_url)


def _decide(
    codes: list[str], reason: str, *, deny: bool, json: bool, data: str | None, database_url: str | None
) -> None:
    reason = reason.strip()
    if not reason or len(reason) > denied.MAX_REASON or not reason.isprintable():
        raise OperatorError(f"a reason has 1 to {denied.MAX_REASON} characters, in one line")

    async def act(office: Office) -> dict[str, bool]:
        unknown = [code for code in codes if code not in office.catalogue.by_code]
        if unknown:
            raise OperatorError(f"there is no service {unknown[0]!r}")
        changed = {}
        async with office.transaction() as tx:
            for code in sorted(set(codes)):
                service = office.catalogue.by_code[code]
                changed[code] = await denied.decide(tx, service.id, denied=deny, reason=reason)
                verb = "policy.deny" if deny else "policy.allow"
                details = {"name": service.name_en, "reason": reason, "changed": changed[code]}
                await audit.write(tx, verb, code, details)
        return changed

    changed = run(data, database_url, act)
    if json:
        screen.print_json([{"service": code, "denied": deny, "changed": new} for code, new in changed.items()])
        return
    for code, new in changed.items():
        state = "denied for sale" if deny else "allowed for sale"
        screen.out.print(f"{code} is {state}{'' if new else ', as it was'}", markup=False)


@app.command("list")
def list_(
    lifted: Annotated[bool, typer.Option("--lifted", help="Only what was denied once and is allowed now.")] = False,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """List the services that are denied for sale, and those of the default list that were lifted."""

    async def act(office: Office) -> list[denied.Listed]:
        return await denied.everything(office.pool)

    rows = [
        {"code": one.code, "name": one.name, "denied": one.denied, "reason": one.reason,
         "changed_at": one.changed_at.isoformat(timespec="seconds")}
        for one in run(data, database_url, act) if not (lifted and one.denied)
    ]  # fmt: skip
    if json:
        screen.print_json(rows)
    else:
        columns = ("code", "name", "denied", "reason", "changed_at")
        screen.table(columns, ([row[column] for column in columns] for row in rows))


@app.command()
def check(
    client: Annotated[str, typer.Argument(metavar="ADDRESS", help="An IPv4 or IPv6 address.")],
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Say whether requests from an address are served, which rule decides, and its country."""
    found = address(client)
    if found is None:
        raise OperatorError(f"{client!r} is no address")

    async def act(office: Office) -> Verdict:
        policy = Policy(office.settings)
        policy.open()
        await policy.load(office.pool, warn=False)
        return policy.verdict(found)

    verdict = run(data, database_url, act)
    if json:
        screen.print_json({
            "address": str(found), "served": verdict.allowed, "rule": verdict.decided_by or None, "country": verdict.country,
        })  # fmt: skip
    else:
        why = f"by the rule for {verdict.decided_by}" if verdict.decided_by else "for no rule says otherwise"
        where = f" (country {verdict.country})" if verdict.country else ""
        screen.out.print(f"{found}{where} is {'served' if verdict.allowed else 'refused'} {why}", markup=False)


Reason = Annotated[str, typer.Option("--reason", help="Why; kept with the rule and in the audit log.")]


@region.command("allow")
def region_allow(
    subjects: Subjects, reason: Reason = "", json: Json = False, data: Data = None, database_url: DatabaseUrl = None
) -> None:
    """Serve clients of a region. The narrowest network decides, then the country (or unknown), then all."""
    _rule(subjects, reason, allowed=True, json=json, data=data, database_url=database_url)


@region.command("deny")
def region_deny(
    subjects: Subjects, reason: Reason = "", json: Json = False, data: Data = None, database_url: DatabaseUrl = None
) -> None:
    """Refuse clients of a region: they get SERVICE_UNAVAILABLE_REGION."""
    _rule(subjects, reason, allowed=False, json=json, data=data, database_url=database_url)


def _rule(
    subjects: list[str], reason: str, *, allowed: bool, json: bool, data: str | None, database_url: str | None
) -> None:
    named = list(dict.fromkeys(regions.subject_of(subject) for subject in subjects))

    async def act(office: Office) -> tuple[dict[str, bool], list[str]]:
        countries = {country.iso2.upper() for country in office.catalogue.countries.values()}
        changed = {}
        async with office.transaction() as tx:
            for subject in named:
                changed[subject] = await regions.decide(tx, subject, allowed=allowed, reason=reason)
                verb = "policy.region-allow" if allowed else "policy.region-deny"
                await audit.write(tx, verb, subject, {"reason": reason, "changed": changed[subject]})
        return changed, [subject for subject in named if regions.COUNTRY.match(subject) and subject not in countries]

    changed, strange = run(data, database_url, act)
    for subject in strange:
        screen.warn(f"{subject} is no country of this bank's table: kept all the same")
    if json:
        screen.print_json([{"region": one, "served": allowed, "changed": new} for one, new in changed.items()])
        return
    for one, new in changed.items():
        screen.out.print(f"{one} is {'served' if allowed else 'refused'}{'' if new else ', as it was'}", markup=False)


@region.command("remove")
def region_remove(subjects: Subjects, json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Forget rules about regions."""
    named = list(dict.fromkeys(regions.subject_of(subject) for subject in subjects))

    async def act(office: Office) -> None:
        async with office.transaction() as tx:
            for subject in named:
                if not await regions.remove(tx, subject):
                    raise OperatorError(f"there is no rule for {subject}")
                await audit.write(tx, "policy.region-remove", subject, {})

    run(data, database_url, act)
    if json:
        screen.print_json([{"region": one, "removed": True} for one in named])
    else:
        for one in named:
            screen.out.print(f"{one} has no rule any more", markup=False)


@region.command("list")
def region_list(json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """List the rules about regions."""

    async def act(office: Office) -> list[regions.Rule]:
        return await regions.everything(office.pool)

    rows = [
        {"region": one.subject, "served": one.allowed, "reason": one.reason,
         "added_at": one.added_at.isoformat(timespec="seconds") if one.added_at else ""}
        for one in run(data, database_url, act)
    ]  # fmt: skip
    if json:
        screen.print_json(rows)
    else:
        columns = ("region", "served", "reason", "added_at")
        screen.table(columns, ([row[column] for column in columns] for row in rows))
