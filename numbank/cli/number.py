"""number add: the operator's own numbers, from a file or a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.progress import Progress

from numbank.catalogue import offers
from numbank.cli import screen
from numbank.cli.access import Data, DatabaseUrl, Json, Office, run
from numbank.errors import OperatorError
from numbank.supply import numbers
from numbank.supply.e164 import parse_e164

app = typer.Typer(no_args_is_help=True)

BATCH = 10_000
MAX_LINE = 200


class Read(msgspec.Struct):
    """What a file holds: numbers with their line, and the lines that are not one."""

    lines: list[tuple[int, int]] = []
    bad: list[tuple[int, str]] = []


@app.callback()
def group() -> None:
    """Numbers."""


@app.command()
def add(
    country: Annotated[int, typer.Option("--country", help="Country number, see getCountries.")],
    operator: Annotated[str, typer.Option("--operator", help="Mobile operator; any when it does not matter.")],
    file: Annotated[str, typer.Argument(help="A file with one number a line; - for standard input.")] = "-",
    agent: Annotated[str, typer.Option("--agent", help="The agent whose numbers these are.")] = "",
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add numbers, one a line. Bad lines are reported by line number, the rest is kept."""
    read = read_numbers(lines_of(file))

    async def act(office: Office) -> list[int]:
        known = office.catalogue.countries.get(country)
        if known is None:
            raise OperatorError(f"there is no country {country}")
        name = operator.strip()
        if not name or len(name) > MAX_LINE:
            raise OperatorError("an operator's name has 1 to 200 characters")
        added: list[int] = []
        with Progress(console=screen.err, disable=json or not screen.err.is_terminal) as bar:
            task = bar.add_task("adding numbers", total=len(read.lines))
            for start in range(0, len(read.lines), BATCH):
                batch = [e164 for _, e164 in read.lines[start : start + BATCH]]
                async with office.transaction() as tx:
                    supplier_id = (await offers.existing_supplier(tx, agent or offers.OWN_POOL))[0]
                    operator_id = await offers.operator(tx, country, name)
                    added += await numbers.add(tx, supplier_id, country, operator_id, batch)
                bar.advance(task, len(batch))
        async with office.transaction() as tx:
            await numbers.fold(tx)
            await tx.execute("analyze number")
        return added

    added = set(run(data, database_url, act))
    seen: set[int] = set()
    known_already = []
    for line, e164 in read.lines:
        if e164 not in added or e164 in seen:
            known_already.append((line, str(e164)))
        seen.add(e164)
    report(len(added), known_already, read.bad, json=json)


def lines_of(file: str) -> Iterator[str]:
    """The lines of a file or of standard input."""
    if file == "-":
        yield from sys.stdin
        return
    try:
        with Path(file).open(encoding="utf-8", errors="replace") as opened:
            yield from opened
    except OSError as error:
        raise OperatorError(f"cannot read {file}: {error.strerror}") from None


def read_numbers(lines: Iterator[str]) -> Read:
    """Numbers and bad lines; empty lines and lines that begin with # are skipped."""
    read = Read()
    for number, line in enumerate(lines, start=1):
        text = line.strip().lstrip("\ufeff")
        if not text or text.startswith("#"):
            continue
        try:
            read.lines.append((number, parse_e164(text[:MAX_LINE])))
        except OperatorError as error:
            read.bad.append((number, str(error)))
    return read


def report(added: int, known: list[tuple[int, str]], bad: list[tuple[int, str]], *, json: bool) -> None:
    """Say what became of each line; a bad line makes the exit non-zero, though the rest is kept."""
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
        screen.out.print(f"added {added}, known already {len(known)}, bad {len(bad)}")
    if bad:
        raise typer.Exit(1)
