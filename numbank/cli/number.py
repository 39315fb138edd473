"""number add: the operator's own numbers, from a file or a pipe."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import asyncpg
import typer
from rich.progress import Progress

from numbank.catalogue import offers
from numbank.cli import line, lost, screen
from numbank.cli.access import MAX_COUNTRY, Data, DatabaseUrl, Json, Office, run
from numbank.cli.lines import MAX_LINE, STDIN, Read, lines_of, read_numbers, strangers
from numbank.customers import audit
from numbank.errors import OperatorError
from numbank.suppliers.agent.keys import KIND as AGENT
from numbank.supply import numbers

app = typer.Typer(no_args_is_help=True)

BATCH = 10_000
TRIES = 5
ABILITIES = {"sms": numbers.SMS, "call": numbers.CALL, "forward": numbers.FORWARD, "rent": numbers.RENT}


@app.callback()
def group() -> None:
    """Numbers."""


app.command()(line.offline)
app.command()(line.online)
app.command()(lost.lost)
app.command()(line.found)


@app.command()
def add(
    country: Annotated[
        int, typer.Option("--country", min=0, max=MAX_COUNTRY, help="Country number, see getCountries.")
    ],
    operator: Annotated[str, typer.Option("--operator", help="Mobile operator; any when it does not matter.")],
    file: Annotated[str, typer.Argument(help="A file with one number a line; - for standard input.")] = STDIN,
    agent: Annotated[str, typer.Option("--agent", help="The agent whose numbers these are.")] = "",
    abilities: Annotated[
        str | None,
        typer.Option(
            "--abilities",
            help="What new numbers can do, with commas between: sms, call, forward, rent.",
            show_default="sms",
        ),
    ] = None,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add numbers, one a line. Bad lines are reported by line number, the rest is kept."""
    read = read_numbers(lines_of(file))
    name = operator.strip()
    if not name or len(name) > MAX_LINE:
        raise OperatorError("an operator's name has 1 to 200 characters")
    bits = abilities_of("sms" if abilities is None else abilities)
    added, notes = run(data, database_url, partial(_add, read, country, name, agent, bits))
    for note in notes:
        screen.warn(note)
    seen: set[int] = set()
    known_already = []
    for place, e164 in read.lines:
        if e164 not in added or e164 in seen:
            known_already.append((place, str(e164)))
        seen.add(e164)
    report(len(added), known_already, read.bad, json=json, able=abilities is not None)


def abilities_of(text: str) -> int:
    """The bits of abilities by their names; OperatorError on an unknown one, and on none at all."""
    names = [part.strip() for part in text.split(",") if part.strip()]
    unknown = [name for name in names if name not in ABILITIES]
    if unknown or not names:
        raise OperatorError(f"{text!r}: expected some of {', '.join(ABILITIES)}, with commas between")
    bits = 0
    for name in names:
        bits |= ABILITIES[name]
    if not bits & (numbers.SMS | numbers.CALL):
        raise OperatorError(f"{text!r}: something has to come in: sms or call belongs to it")
    return bits


async def _add(
    read: Read, country_id: int, operator: str, agent: str, abilities: int, office: Office
) -> tuple[set[int], list[str]]:
    """Add what was read; gives the numbers that are new, and what the operator should look at."""
    country = office.catalogue.countries.get(country_id)
    if country is None:
        raise OperatorError(f"there is no country {country_id}")
    async with office.transaction() as tx:
        supplier_id, kind = await offers.existing_supplier(tx, agent or offers.OWN_POOL)
    if agent and kind != AGENT:
        raise OperatorError(f"supplier {agent!r} is no agent but of kind {kind}")
    if abilities & numbers.FORWARD:
        # Who would pass a message on? Customers would pay a surcharge for nothing.
        raise OperatorError(f"numbers of a supplier of kind {kind} cannot forward: it has no way to pass messages on")
    added: set[int] = set()
    with Progress(console=screen.err, disable=not screen.err.is_terminal) as bar:
        task = bar.add_task("adding numbers", total=len(read.lines))
        for start in range(0, len(read.lines), BATCH):
            batch = [e164 for _, e164 in read.lines[start : start + BATCH]]
            added.update(await _add_batch(office, supplier_id, country_id, operator, batch, abilities))
            bar.advance(task, len(batch))
    async with office.transaction() as tx:
        await numbers.fold(tx)
        await tx.execute("analyze number")
        if added:
            details = {
                "country": country_id, "operator": operator, "supplier": agent or offers.OWN_POOL, "added": len(added),
                "abilities": abilities,
            }  # fmt: skip
            await audit.write(tx, "number.add", f"country {country_id}", details)
    notes = strangers(country, added)
    if read.lines and operator not in office.catalogue.by_country.get(country_id, {}):
        notes.insert(0, f"operator {operator} is new in country {country_id}")
    return added, notes


async def _add_batch(
    office: Office, supplier_id: int, country_id: int, operator: str, batch: list[int], abilities: int
) -> list[int]:
    """Add some numbers in one transaction; again when another `number add` was adding the same ones to another pool."""
    for turn in range(TRIES):
        try:
            async with office.transaction() as tx:
                operator_id = await offers.operator(tx, country_id, operator)
                return await numbers.add(tx, supplier_id, country_id, operator_id, batch, abilities)
        except (asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError):
            if turn == TRIES - 1:
                raise
    raise AssertionError("the last try returns or raises")


def report(added: int, known: list[tuple[int, str]], bad: list[tuple[int, str]], *, json: bool, able: bool) -> None:
    """Say what became of each line; a bad line makes the exit non-zero, though the rest is kept.

    `able`: abilities were asked for, which numbers that are known do not get.
    """
    if json:
        screen.print_json({
            "added": added,
            "known": [{"line": line, "number": number} for line, number in known],
            "bad": [{"line": line, "reason": reason} for line, reason in bad],
        })  # fmt: skip
    else:
        for line, reason in bad:
            screen.err.print(f"line {line}: {reason}", style="red", markup=False)
        for line, number in known:
            screen.err.print(f"line {line}: {number} is known already", style="yellow", markup=False)
        stay = " with the abilities that they had" if able and known else ""
        screen.out.print(f"added {added}, known already {len(known)}{stay}, bad {len(bad)}")
    if bad:
        raise typer.Exit(1)
