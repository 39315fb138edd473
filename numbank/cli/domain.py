"""domain add, load, list, set, on, off, price, unprice, prices: the operator's mail domains and what they cost."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer
from rich.progress import Progress

from numbank.cli import screen
from numbank.cli.access import Data, DatabaseUrl, Json, Office, run
from numbank.cli.customer import amount_of
from numbank.cli.lines import MAX_LINE, STDIN, lines_of
from numbank.cli.tier import say
from numbank.customers import audit
from numbank.errors import OperatorError
from numbank.mailbox import domains
from numbank.money import format_minor

app = typer.Typer(no_args_is_help=True)

BATCH = 500
MOST_COUNT = 10**9

Name = Annotated[str, typer.Argument(metavar="NAME", help="A domain, or a zone.")]
DomainName = Annotated[str, typer.Argument(metavar="NAME", help="A domain, see domain list.")]
Zone = Annotated[str | None, typer.Option("--zone", help="What it is sold as one with; its last label if left out.")]
NewPopular = Annotated[bool, typer.Option("--popular", help="Sold by its own name too (mail_type 2).")]
NewCapacity = Annotated[
    int, typer.Option("--capacity", min=0, max=domains.MOST_CAPACITY, help="Live leases at once on one domain.")
]
Site = Annotated[str, typer.Option("--site", help="Only for this site; for every other one when left out.")]
AsZone = Annotated[bool, typer.Option("--as-zone", help="The zone of this name, though there is a domain of it.")]


@app.callback()
def group() -> None:
    """Mail domains."""


@app.command()
def add(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Domains whose mail comes to this bank.")],
    zone: Zone = None,
    popular: NewPopular = False,
    capacity: NewCapacity = domains.DEFAULT_CAPACITY,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add domains; those that are there already stay as they are. They are sold once they have a price."""
    wanted = list(dict.fromkeys(domains.domain_name(name) for name in names))
    of = None if zone is None else domains.zone_name(zone)
    added = _add(wanted, of, popular, capacity, data, database_url)
    known = [name for name in wanted if name not in added]
    if json:
        screen.print_json({"added": [name for name in wanted if name in added], "known": known})
        return
    for name in wanted:
        screen.out.print(f"{name} is {'added' if name in added else 'known already'}", markup=False)


@app.command()
def load(
    file: Annotated[str, typer.Argument(help="A file with one domain a line; - for standard input.")] = STDIN,
    zone: Zone = None,
    popular: NewPopular = False,
    capacity: NewCapacity = domains.DEFAULT_CAPACITY,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add many domains, one a line. Duplicates and bad lines are reported by line number, the rest is kept."""
    read, bad = _read(lines_of(file))
    of = None if zone is None else domains.zone_name(zone)
    added = _add([name for _, name in read], of, popular, capacity, data, database_url)
    seen: set[str] = set()
    known = []
    for line, name in read:
        if name not in added or name in seen:
            known.append((line, name))
        seen.add(name)
    if json:
        screen.print_json({
            "added": len(added),
            "known": [{"line": line, "domain": name} for line, name in known],
            "bad": [{"line": line, "reason": reason} for line, reason in bad],
        })  # fmt: skip
    else:
        for line, reason in bad:
            screen.err.print(f"line {line}: {reason}", style="red", markup=False)
        for line, name in known:
            screen.err.print(f"line {line}: {name} is known already", style="yellow", markup=False)
        screen.out.print(f"added {len(added)}, known already {len(known)}, bad {len(bad)}")
    if bad:
        raise typer.Exit(1)


def _read(lines: Iterable[str]) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """Domains with their lines, and the lines that are none; empty lines and comments (#) are skipped."""
    read, bad = [], []
    for number, line in enumerate(lines, start=1):
        text = line.lstrip("\ufeff").partition("#")[0].strip()
        if not text:
            continue
        try:
            read.append((number, domains.domain_name(text[:MAX_LINE])))
        except OperatorError as error:
            bad.append((number, str(error)))
    return read, bad


def _add(
    names: list[str], zone: str | None, popular: bool, capacity: int, data: str | None, database_url: str | None
) -> set[str]:
    """Add domains in batches, each a transaction of its own; gives those that are new."""

    async def act(office: Office) -> set[str]:
        added: set[str] = set()
        with Progress(console=screen.err, disable=not screen.err.is_terminal) as bar:
            task = bar.add_task("adding domains", total=len(names))
            for start in range(0, len(names), BATCH):
                batch = sorted(set(names[start : start + BATCH]))
                async with office.transaction() as tx:
                    for name in batch:
                        if await domains.add(tx, name, zone=zone, popular=popular, capacity=capacity):
                            added.add(name)
                            details = {"zone": zone, "popular": popular, "capacity": capacity}
                            await audit.write(tx, "domain.add", name, details)
                bar.advance(task, len(batch))
        return added

    return run(data, database_url, act)


@app.command("list")
def list_(
    zone: Annotated[str, typer.Option("--zone", help="Only this zone.")] = "",
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """List domains with their zones and how many leases live on them."""

    async def act(office: Office) -> list[domains.Domain]:
        found: list[domains.Domain] = []
        while page := await domains.listed(office.pool, (found[-1].zone, found[-1].name) if found else ("", "")):
            found.extend(page)
        return found

    rows = [
        {"domain": one.name, "zone": one.zone, "popular": one.popular, "sold": one.active, "live": one.live,
         "capacity": one.capacity}
        for one in run(data, database_url, act) if zone in ("", one.zone)
    ]  # fmt: skip
    if json:
        screen.print_json(rows)
    else:
        columns = ("domain", "zone", "popular", "sold", "live", "capacity")
        screen.table(columns, ([row[column] for column in columns] for row in rows))


@app.command("set")
def set_(
    name: DomainName,
    zone: Zone = None,
    popular: Annotated[bool | None, typer.Option("--popular/--not-popular", help="Sold by its own name too.")] = None,
    capacity: Annotated[
        int | None, typer.Option("--capacity", min=0, max=domains.MOST_CAPACITY, help="Live leases at once.")
    ] = None,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Change a domain; what is leased on it runs on."""
    wanted = domains.Change(None if zone is None else domains.zone_name(zone), popular, capacity=capacity)
    if not wanted.given:
        raise OperatorError("nothing to change: give --zone, --popular, --not-popular or --capacity")
    _change(name, "domain.set", wanted, "is changed", json=json, data=data, database_url=database_url)


@app.command()
def off(name: DomainName, json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Sell nothing on a domain any more. Its live leases run on; addresses that rest take no mail."""
    _change(
        name,
        "domain.off",
        domains.Change(active=False),
        "is no longer sold",
        json=json,
        data=data,
        database_url=database_url,
    )


@app.command()
def on(name: DomainName, json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Sell a domain again."""
    _change(name, "domain.on", domains.Change(active=True), "is sold", json=json, data=data, database_url=database_url)


def _change(
    name: str, act: str, wanted: domains.Change, done: str, *, json: bool, data: str | None, database_url: str | None
) -> None:
    host = domains.domain_name(name)

    async def carry_out(office: Office) -> None:
        async with office.transaction() as tx:
            await domains.change(tx, host, wanted)
            await audit.write(tx, act, host, wanted.given)

    run(data, database_url, carry_out)
    say(json, {"domain": host, "changed": wanted.given}, f"{host} {done}")


@app.command()
def price(
    name: Name,
    amount: Annotated[str, typer.Argument(metavar="PRICE", help="Price of one lease.")],
    site: Site = "",
    count: Annotated[
        int | None,
        typer.Option("--count", min=0, max=MOST_COUNT, help="How many at this price; no limit when left out."),
    ] = None,
    as_zone: AsZone = False,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Set what an address of a zone or a popular domain costs, for one site or for every other one."""
    minor = amount_of(amount)
    host = domains.site_name(site) if site else ""

    async def act(office: Office) -> tuple[str, bool]:
        async with office.transaction() as tx:
            where = await domains.place(tx, name, of_domain=False if as_zone else None)
            subject = domains.subject(name, where)
            await domains.put_price(tx, where, host, minor, count)
            await audit.write(tx, "domain.price", subject, {"site": host, "price": format_minor(minor), "count": count})
            quiet = where[1] is not None and not (await domains.by_name(tx, domains.domain_name(name))).popular
            return subject, quiet

    subject, quiet = run(data, database_url, act)
    if quiet:
        screen.warn(f"{subject} is not popular, so it is not sold by its own name: see domain set --popular")
    many = "any number" if count is None else str(count)
    shown: dict[str, object] = {"of": subject, "site": host or None, "price": format_minor(minor), "count": count}
    say(json, shown, f"{subject}, {host or 'every other site'}: {many} at {format_minor(minor)}")


@app.command()
def unprice(
    name: Name,
    site: Site = "",
    as_zone: AsZone = False,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Remove a price; what was leased at it stays as it is."""
    host = domains.site_name(site) if site else ""

    async def act(office: Office) -> str:
        async with office.transaction() as tx:
            where = await domains.place(tx, name, of_domain=False if as_zone else None)
            subject = domains.subject(name, where)
            if not await domains.remove_price(tx, where, host):
                raise OperatorError(f"{subject} has no price for {host or 'every other site'}, see domain prices")
            await audit.write(tx, "domain.unprice", subject, {"site": host})
            return subject

    subject = run(data, database_url, act)
    say(json, {"of": subject, "site": host or None, "removed": True}, f"{subject} has no price there any more")


@app.command()
def prices(json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """List the prices of zones and domains."""

    async def act(office: Office) -> list[domains.Price]:
        found: list[domains.Price] = []
        while page := await domains.prices(office.pool, found[-1] if found else None):
            found.extend(page)
        return found

    rows = [
        {"zone": one.zone, "domain": one.domain, "site": one.site or None, "price": format_minor(one.price),
         "left": one.remaining}
        for one in run(data, database_url, act)
    ]  # fmt: skip
    if json:
        screen.print_json(rows)
    else:
        columns = ("zone", "domain", "site", "price", "left")
        empty = {"zone": "", "domain": "", "site": "every other one", "left": "any number"}
        screen.table(columns, (
            [empty[column] if row[column] is None else row[column] for column in columns] for row in rows
        ))  # fmt: skip
