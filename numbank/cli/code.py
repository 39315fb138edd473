"""code explain; code template, name, sender: add, list, remove."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from numbank.catalogue import hints
from numbank.catalogue.catalogue import Catalogue
from numbank.catalogue.model import Service
from numbank.cli import screen
from numbank.cli.access import Data, DatabaseUrl, Json, Office, run
from numbank.cli.code_explain import Question, explained, knowledge_of, new_knowledge, show
from numbank.cli.tier import say
from numbank.codes.services import Hint, HintKind
from numbank.customers import audit
from numbank.db.embedded import NotRunning
from numbank.errors import OperatorError

app = typer.Typer(no_args_is_help=True)
template = typer.Typer(no_args_is_help=True)
name = typer.Typer(no_args_is_help=True)
sender_ = typer.Typer(no_args_is_help=True)
app.add_typer(template, name="template", help="Pieces of messages that name a service and show where its code stands.")
app.add_typer(name, name="name", help="Names of services, as messages spell them.")
app.add_typer(sender_, name="sender", help="Who sends the messages of a service.")


class As(StrEnum):
    """What a text is read as."""

    SMS = "sms"
    EMAIL = "email"
    VOICE = "voice"


ServiceCode = Annotated[str, typer.Option("--service", help="Service code, see getServicesList.")]
Country = Annotated[
    int | None, typer.Option("--country", min=0, help="Only for numbers of this country, see getCountries.")
]
Pattern = Annotated[
    str,
    typer.Argument(
        metavar="PATTERN",
        help="Such as 'Your Acme code is {code}' ({any}: anything between), or re: and an RE2 expression.",
    ),
]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The name as messages have it.")]
SenderId = Annotated[str, typer.Argument(metavar="SENDER", help="A sender id or a short number.")]


@app.callback()
def group() -> None:
    """Codes and services in messages: why they are recognised, and what you know better."""


@app.command()
def explain(
    text: Annotated[str, typer.Argument(help="The message; of a mail `Subject: ...`, an empty line and the body.")],
    sender: Annotated[str, typer.Option("--sender", help="Who sent it.")] = "",
    kind: Annotated[As, typer.Option("--kind", help="What it is.")] = As.SMS,
    service: Annotated[str, typer.Option("--service", help="The service that the number was leased for.")] = "",
    country: Annotated[
        int | None, typer.Option("--country", min=0, help="The country of the number, see getCountries.")
    ] = None,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Show which code and service are recognised in a text, and why: candidates, scores, cues, masks."""

    try:
        known = run(data, database_url, knowledge_of)
    except NotRunning:
        screen.say("no bank is open here: this is what a new one knows")
        known = new_knowledge()
    leased = _service(known.catalogue, service) if service else None
    found = explained(known, Question(text, sender, kind.value, _iso2(known.catalogue, country), leased))
    if json:
        screen.print_json(found)
    else:
        show(found)


@template.command("add")
def template_add(
    pattern: Pattern, service: ServiceCode, country: Country = None, json: Json = False, data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:  # fmt: skip
    """Add a template of a service; works on every node within a second. It replaces the package's own there."""
    _change(HintKind.TEMPLATE, pattern, service, country, add=True, json=json, data=data, database_url=database_url)


@template.command("remove")
def template_remove(
    pattern: Pattern, service: ServiceCode, country: Country = None, json: Json = False, data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:  # fmt: skip
    """Remove a template of a service."""
    _change(HintKind.TEMPLATE, pattern, service, country, add=False, json=json, data=data, database_url=database_url)


@template.command("list")
def template_list(json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """List the templates that operators added."""
    _list(HintKind.TEMPLATE, json=json, data=data, database_url=database_url)


@name.command("add")
def name_add(
    spelling: Name, service: ServiceCode, country: Country = None, json: Json = False, data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:  # fmt: skip
    """Add a name of a service; it belongs to no other one there."""
    _change(HintKind.NAME, spelling, service, country, add=True, json=json, data=data, database_url=database_url)


@name.command("remove")
def name_remove(
    spelling: Name, service: ServiceCode, country: Country = None, json: Json = False, data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:  # fmt: skip
    """Remove a name of a service that an operator added."""
    _change(HintKind.NAME, spelling, service, country, add=False, json=json, data=data, database_url=database_url)


@name.command("list")
def name_list(json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """List the names that operators added."""
    _list(HintKind.NAME, json=json, data=data, database_url=database_url)


@sender_.command("add")
def sender_add(
    sender: SenderId, service: ServiceCode, country: Country = None, json: Json = False, data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:  # fmt: skip
    """Add a sender of a service; its messages are that service's there."""
    _change(HintKind.SENDER, sender, service, country, add=True, json=json, data=data, database_url=database_url)


@sender_.command("remove")
def sender_remove(
    sender: SenderId, service: ServiceCode, country: Country = None, json: Json = False, data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:  # fmt: skip
    """Remove a sender of a service that an operator added."""
    _change(HintKind.SENDER, sender, service, country, add=False, json=json, data=data, database_url=database_url)


@sender_.command("list")
def sender_list(json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """List the senders that operators added."""
    _list(HintKind.SENDER, json=json, data=data, database_url=database_url)


def _change(
    kind: HintKind, text: str, service: str, country: int | None, *, add: bool, json: bool, data: str | None,
    database_url: str | None,
) -> None:  # fmt: skip
    hints.hint_of(service, kind, text, "")  # what cannot be one is said without a bank

    async def act(office: Office) -> tuple[Hint, bool]:
        known = _service(office.catalogue, service)
        hint = hints.hint_of(known.code, kind, text, _iso2(office.catalogue, country))
        async with office.transaction() as tx:
            changed = await (hints.add if add else hints.remove)(tx, known.id, hint)
            if not add and not changed:
                raise OperatorError(f"{service} has no such {kind.value} there")
            details = {"text": hint.text, "country": hint.country, "changed": changed}
            await audit.write(tx, f"code.{kind.value}-{'add' if add else 'remove'}", known.code, details)
        return hint, changed

    hint, changed = run(data, database_url, act)
    shown: dict[str, object] = {
        "service": service,
        "kind": kind.value,
        "country": hint.country,
        "text": hint.text,
        "changed": changed,
    }
    where = f" in {hint.country}" if hint.country else ""
    done = "is no longer" if not add else "is now" if changed else "was already"
    say(json, shown, f"{hint.text!r} {done} a {kind.value} of {service}{where}")


def _list(kind: HintKind, *, json: bool, data: str | None, database_url: str | None) -> None:
    async def act(office: Office) -> list[hints.Listed]:
        return await hints.everything(office.pool)

    rows = [
        {"service": one.service, "country": one.country, "text": one.text,
         "added_at": one.added_at.isoformat(timespec="seconds")}
        for one in run(data, database_url, act) if one.kind is kind
    ]  # fmt: skip
    if json:
        screen.print_json(rows)
    else:
        columns = ("service", "country", "text", "added_at")
        screen.table(columns, ([row[column] for column in columns] for row in rows))


def _service(catalogue: Catalogue, code: str) -> Service:
    known = catalogue.by_code.get(code)
    if known is None:
        raise OperatorError(f"there is no service {code!r}")
    return known


def _iso2(catalogue: Catalogue, country_id: int | None) -> str:
    """The ISO code of a country, empty for every country."""
    if country_id is None:
        return ""
    country = catalogue.countries.get(country_id)
    if country is None:
        raise OperatorError(f"there is no country {country_id}")
    if not country.iso2:
        raise OperatorError(f"country {country_id} has no ISO code: leave --country out")
    return country.iso2.upper()
