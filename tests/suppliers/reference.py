"""The catalogue of the package as structs, without a database, and how its messages must read."""

from __future__ import annotations

import functools

from numbank.catalogue import tables
from numbank.catalogue.model import Service
from numbank.codes import Brands, named_services, recognise
from numbank.suppliers.simulator.messages import Writer
from numbank.suppliers.simulator.plan import chance_for
from numbank.suppliers.simulator.templates import book

LANGUAGES = sorted(book().languages)
COUNTRY = {language: iso2 for iso2, language in book().language_of.items()} | {"en": "GB"}
TEXTS = ("code", "name_en", "name_ru", "name_es", "name_cn", "aliases")


@functools.cache
def services() -> dict[str, Service]:
    """All services by code."""
    found = {}
    for number, row in enumerate(tables.rows("services"), 1):
        code, name_en, name_ru, name_es, name_cn, aliases = (row[name] for name in TEXTS)
        forwards = row["forward_capable"] == "1"
        found[code] = Service(number, code, name_en, name_ru, name_es, name_cn, aliases, forwards)
    return found


@functools.cache
def brands() -> Brands:
    """The names of all services."""
    return Brands.build((service.code, service.names) for service in services().values())


@functools.cache
def writer() -> Writer:
    """A writer for all of them."""
    return Writer(services(), brands())


def assert_read_right(language: str, code: str, seed: int) -> None:
    """Whatever is written for a service is read with the right code and never only as another service's."""
    service = services()[code]
    for text in (
        writer().coded(service, COUNTRY[language], chance_for(seed, service.id)),
        writer().silent(service, COUNTRY[language], chance_for(seed, service.id)),
    ):
        named = named_services(text.text, text.sender, brands())
        assert not named or code in named, text
        assert recognise(text.text, sender=text.sender).code == text.code, text
