"""country set; service add, set: the reference tables, which are the operator's to edit."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from numbank.catalogue import edit
from numbank.cli import screen
from numbank.cli.access import MAX_COUNTRY, Data, DatabaseUrl, Json, Office, run
from numbank.customers import audit

country = typer.Typer(no_args_is_help=True)
service = typer.Typer(no_args_is_help=True)

Flag = bool | None
Code = Annotated[str, typer.Argument(help="Service code, see getServicesList.")]


@country.callback()
def country_group() -> None:
    """Countries."""


@country.command("set")
def set_country(
    country_id: Annotated[int, typer.Argument(metavar="ID", min=0, max=MAX_COUNTRY, help="Country number.")],
    visible: Annotated[Flag, typer.Option("--visible/--hidden", help="Whether panels should show it.")] = None,
    retry: Annotated[Flag, typer.Option("--retry/--no-retry", help="Whether further codes can be asked for.")] = None,
    multi_service: Annotated[
        Flag, typer.Option("--multi-service/--no-multi-service", help="Whether one number may serve several services.")
    ] = None,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Change the flags of a country; what is not named stays."""

    async def act(office: Office) -> edit.CountryLine:
        async with office.transaction() as tx:
            line = await edit.country(tx, country_id, visible=visible, retry=retry, multi_service=multi_service)
            await audit.write(tx, "country.set", str(country_id), msgspec.structs.asdict(line))
            return line

    _show(run(data, database_url, act), json=json)


@service.command("add")
def add_service(
    code: Code,
    name: Annotated[str, typer.Option("--name", help="Its name, by which messages are recognised.")],
    aliases: Annotated[str, typer.Option("--aliases", help="Other spellings, with semicolons between.")] = "",
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add a service that the reference table does not have, such as your own app."""

    async def act(office: Office) -> edit.ServiceLine:
        async with office.transaction() as tx:
            line = await edit.add_service(tx, code, name, aliases)
            await audit.write(tx, "service.add", code, msgspec.structs.asdict(line))
            return line

    _show(run(data, database_url, act), json=json)


@service.command("set")
def set_service(
    code: Code,
    forward: Annotated[Flag, typer.Option("--forward/--no-forward", help="Whether it may be forwarded.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="Its English name.")] = None,
    aliases: Annotated[str | None, typer.Option("--aliases", help="Other spellings, with semicolons between.")] = None,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Change a service; what is not named stays."""

    async def act(office: Office) -> edit.ServiceLine:
        async with office.transaction() as tx:
            line = await edit.service(tx, code, forward_capable=forward, name=name, aliases=aliases)
            await audit.write(tx, "service.set", code, msgspec.structs.asdict(line))
            return line

    _show(run(data, database_url, act), json=json)


def _show(line: edit.CountryLine | edit.ServiceLine, *, json: bool) -> None:
    values = msgspec.structs.asdict(line)
    if json:
        screen.print_json(values)
    else:
        screen.table(tuple(values), [tuple(values.values())])
