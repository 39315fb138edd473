"""The reference tables of the package, and their way into the database; what an operator edited there stays."""

from __future__ import annotations

import csv
from importlib import resources
from io import StringIO

import msgspec

from numbank.catalogue.catalogue import Catalogue
from numbank.catalogue.model import Country, Service
from numbank.db.pool import Connection
from numbank.db.queries import Queries

Q = Queries("numbank.catalogue")


def rows(name: str) -> list[dict[str, str]]:
    """The rows of `data/<name>.csv` (sources: docs/data-sources.md)."""
    text = resources.files("numbank.catalogue").joinpath("data", f"{name}.csv").read_text("utf-8")
    return list(csv.DictReader(StringIO(text)))


def shipped() -> Catalogue:
    """Countries and services as a new bank has them, for what is asked without a bank. Ids of services count from 1."""
    countries = [msgspec.convert(row, Country, strict=False) for row in rows("countries")]
    services = [
        msgspec.convert({**row, "id": number, "forward_capable": row["forward_capable"] == "1"}, Service)
        for number, row in enumerate(rows("services"), 1)
    ]
    found = Catalogue()
    found.countries = {country.id: country for country in countries}
    found.services = {service.id: service for service in services}
    found.by_code = {service.code: service for service in services}
    return found


async def load(tx: Connection) -> None:
    """Insert what is not there yet."""
    text = ("iso2", "dialing_prefix", "rus", "eng", "chn", "es")
    flags = ("visible", "retry", "rent", "multi_service")
    countries = rows("countries")
    await tx.execute(
        Q.insert_countries,
        [int(row["id"]) for row in countries],
        *([row[name] for row in countries] for name in text),
        *([row[name] == "1" for row in countries] for name in flags),
    )
    services = rows("services")
    text = ("code", "name_en", "name_ru", "name_es", "name_cn", "aliases")
    await tx.execute(
        Q.insert_services,
        *([row[name] for row in services] for name in text),
        [row["forward_capable"] == "1" for row in services],
    )
    operators = rows("operators")
    await tx.execute(
        Q.insert_operators, [int(row["country_id"]) for row in operators], [row["operator"] for row in operators]
    )
