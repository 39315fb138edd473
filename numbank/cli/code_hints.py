"""code template, name, sender: add, list, remove."""

# Not `from __future__ import annotations`: the commands of each kind are made here, with texts of their own.

from typing import Annotated, cast

import typer

from numbank.catalogue import hints
from numbank.catalogue.catalogue import Catalogue
from numbank.catalogue.model import Service
from numbank.cli import screen
from numbank.cli.access import Data, DatabaseUrl, Json, Office, run
from numbank.cli.tier import say
from numbank.codes.services import Brands, Hint, HintKind
from numbank.codes.services.name import key_of
from numbank.codes.services.traps import same_hint, trap_of
from numbank.customers import audit
from numbank.errors import OperatorError

ServiceCode = Annotated[str, typer.Option("--service", help="Service code, see getServicesList.")]
COUNTRY = "id|ISO"
Country = Annotated[
    str, typer.Option("--country", metavar=COUNTRY, help="Only for numbers of this country, see getCountries.")
]


def commands(kind: HintKind, about: str, added: str, metavar: str, text_help: str) -> typer.Typer:
    """The commands of one kind of hint; `added` says what a new one does."""
    group = typer.Typer(no_args_is_help=True, help=about)
    text_type = Annotated[str, typer.Argument(metavar=metavar, help=text_help)]

    @group.command(help=f"Add a {kind} of a service; {added}")
    def add(
        text: text_type, service: ServiceCode, country: Country = "", json: Json = False, data: Data = None,
        database_url: DatabaseUrl = None,
    ) -> None:  # fmt: skip
        _change(kind, text, service, country, add=True, json=json, data=data, database_url=database_url)

    @group.command(help=f"Remove a {kind} of a service that an operator added.")
    def remove(
        text: text_type, service: ServiceCode, country: Country = "", json: Json = False, data: Data = None,
        database_url: DatabaseUrl = None,
    ) -> None:  # fmt: skip
        _change(kind, text, service, country, add=False, json=json, data=data, database_url=database_url)

    @group.command("list", help=f"List the {kind}s that operators added.")
    def list_(json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
        _list(kind, json=json, data=data, database_url=database_url)

    return group


GROUPS = {
    HintKind.TEMPLATE: commands(
        HintKind.TEMPLATE,
        "Pieces of messages that name a service and show where its code stands.",
        "works on every node within a second. It replaces the package's own there.",
        "TEMPLATE",
        "Such as 'Your Acme code is {code}' ({any}: anything between), or re: and an RE2 expression.",
    ),
    HintKind.NAME: commands(
        HintKind.NAME,
        "Names of services, as messages spell them.",
        "it belongs to no other one there.",
        "NAME",
        "The name as messages have it.",
    ),
    HintKind.SENDER: commands(
        HintKind.SENDER,
        "Who sends the messages of a service.",
        "its messages are that service's there.",
        "SENDER",
        "A sender id or a short number.",
    ),
}


def _change(
    kind: HintKind, text: str, service: str, country: str, *, add: bool, json: bool, data: str | None,
    database_url: str | None,
) -> None:  # fmt: skip
    # What cannot be one is said without a bank. It can be removed: an older release may have taken it.
    hint_of = hints.hint_of if add else hints.typed
    hint = hint_of(service, kind, text, "")
    if add and (trap := trap_of(hint)):
        raise OperatorError(trap)

    async def act(office: Office) -> tuple[Hint, bool, str]:
        known = service_of(office.catalogue, service)
        hint = hint_of(known.code, kind, text, iso2_of(office.catalogue, country))
        async with office.transaction() as tx:
            before = await hints.everything(tx)
            # What recognition cannot tell apart is one hint, in the spelling in which it came first.
            hint = next((one for one in hints.as_hints(before) if same_hint(one) == same_hint(hint)), hint)
            changed = await (hints.add if add else hints.remove)(tx, known.id, hint)
            if not add and not changed:
                raise OperatorError(f"{service} has no such {kind.value} there")
            if add and (why := hints.left_out(office.catalogue.spellings, before, await hints.everything(tx))):
                raise OperatorError(why)
            note = _others(office.catalogue, before, hint) if changed and add else ""
            details = {"text": hint.text, "country": hint.country, "changed": changed}
            await audit.write(tx, f"code.{kind.value}-{'add' if add else 'remove'}", known.code, details)
        return hint, changed, note

    hint, changed, note = run(data, database_url, act)
    shown: dict[str, object] = {
        "service": service,
        "kind": kind.value,
        "country": hint.country,
        "text": hint.text,
        "changed": changed,
    }
    where = f" in {hint.country}" if hint.country else ""
    done = "is no longer" if not add else "is now" if changed else "was already"
    say(json, shown, f"{hint.text} {done} a {kind.value} of {service}{where}")
    if note:
        screen.warn(note)


def _others(catalogue: Catalogue, before: list[hints.Listed], hint: Hint) -> str:
    """What a new name or sender takes from other services; empty for nothing."""
    if hint.kind is HintKind.TEMPLATE:
        return ""
    known = hints.as_hints(before)
    brands = Brands.build(catalogue.spellings, known)
    others = [code for code in brands.sender(key_of(hint.text), hint.country) if code != hint.service]
    if not others:
        return ""
    named = ", ".join(f"{code} ({brands.titles[code]})" for code in others[:5])
    told = {one.service for one in known if one.kind is not HintKind.TEMPLATE and one.country == hint.country
            and key_of(one.text) == key_of(hint.text)}  # fmt: skip
    if told.isdisjoint(others):
        return f"look twice: {hint.text} is of {named} too; there it is now of {hint.service} only"
    return f"look twice: {hint.text} is of {named} too; whoever leases for one of them gets its messages"


def _list(kind: HintKind, *, json: bool, data: str | None, database_url: str | None) -> None:
    async def act(office: Office) -> list[tuple[hints.Listed, list[int]]]:
        listed = await hints.everything(office.pool)
        return [(one, ids_of(office.catalogue, one.country)) for one in listed]

    rows: list[dict[str, object]] = [
        {"service": one.service, "country": one.country, "country_ids": ids, "text": one.text,
         "added_at": one.added_at.isoformat(timespec="seconds")}
        for one, ids in run(data, database_url, act) if one.kind is kind
    ]  # fmt: skip
    if json:
        screen.print_json(rows)
    else:
        columns = ("service", "country", "country_ids", "text", "added_at")
        rows = [row | {"country_ids": ", ".join(map(str, cast("list[int]", row["country_ids"])))} for row in rows]
        screen.table(columns, ([row[column] for column in columns] for row in rows))


def service_of(catalogue: Catalogue, code: str) -> Service:
    """A service by its code; OperatorError if there is none."""
    known = catalogue.by_code.get(code)
    if known is None:
        raise OperatorError(f"there is no service {code!r}")
    return known


def iso2_of(catalogue: Catalogue, typed: str) -> str:
    """The ISO code of a country that was typed as its id or its ISO code; empty for every country."""
    if not typed:
        return ""
    if not (typed.isascii() and typed.isdigit()):
        if ids_of(catalogue, typed.upper()):
            return typed.upper()
        raise OperatorError(
            f"there is no country {typed!r}: expected an id as in getCountries, or an ISO code such as FR"
        )
    country = catalogue.countries.get(int(typed[:9]))
    if country is None:
        raise OperatorError(f"there is no country {typed}")
    if not country.iso2:
        raise OperatorError(f"country {typed} has no ISO code: leave --country out")
    return country.iso2.upper()


def ids_of(catalogue: Catalogue, iso2: str) -> list[int]:
    """The ids of a country by its ISO code."""
    return sorted(one.id for one in catalogue.countries.values() if one.iso2 and one.iso2.upper() == iso2)
