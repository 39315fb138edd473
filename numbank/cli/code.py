"""code explain; the commands of hints are in code_hints.py."""

from __future__ import annotations

import sys
from typing import Annotated, get_args

import typer

from numbank.cli import screen
from numbank.cli.access import Data, DatabaseUrl, Json, run
from numbank.cli.code_explain import Question, explained, knowledge_of, new_knowledge
from numbank.cli.code_hints import COUNTRY, GROUPS, iso2_of, service_of
from numbank.cli.code_show import show
from numbank.codes.rows import Kind
from numbank.db.embedded import NotRunning
from numbank.errors import OperatorError

app = typer.Typer(no_args_is_help=True)
for kind, group_of_kind in GROUPS.items():
    app.add_typer(group_of_kind, name=kind.value)


KINDS: tuple[Kind, ...] = get_args(Kind)
MOST_READ = 1_000_000
"""Characters that are taken from stdin; what is looked at of them is much less."""


@app.callback()
def group() -> None:
    """Codes and services in messages: why they are recognised, and what you know better."""


@app.command()
def explain(
    text: Annotated[
        str, typer.Argument(help="The message, - is stdin; of a mail `Subject: ...`, an empty line and the body.")
    ],
    sender: Annotated[str, typer.Option("--sender", help="Who sent it.")] = "",
    kind: Annotated[str, typer.Option("--kind", metavar="|".join(KINDS), help="What it is.")] = "sms",
    service: Annotated[
        str, typer.Option("--service", help="Whose lease waits for it: would that get it, and which code?")
    ] = "",
    country: Annotated[str, typer.Option("--country", metavar=COUNTRY, help="The country of the number.")] = "",
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Show which code and service are recognised in a text, and why: candidates, scores, cues, masks."""
    read_as = next((one for one in KINDS if one == kind), None)
    if read_as is None:
        raise OperatorError(f"--kind is {', '.join(KINDS[:-1])} or {KINDS[-1]}, not {kind!r}")
    if service and read_as == "email":
        raise OperatorError("--service is for sms and voice: mailboxes are leased for a site, and have no habits")
    try:
        known = run(data, database_url, knowledge_of)
    except NotRunning:
        screen.say("no bank is open here: this is what a new one knows")
        known = new_knowledge()
    leased = service_of(known.catalogue, service) if service else None
    if text == "-":
        text = sys.stdin.buffer.read(MOST_READ).decode("utf-8", "replace")
    found = explained(known, Question(text, sender, read_as, iso2_of(known.catalogue, country), leased))
    if json:
        screen.print_json(found)
    else:
        show(found)
