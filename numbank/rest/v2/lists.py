"""The lists of what there is: countries, services, operators, partner products. No key is needed for them but one."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from numbank.catalogue.model import ANY_OPERATOR, Country
from numbank.errors import BadService, accept
from numbank.money import as_number
from numbank.rest.call import Call
from numbank.rest.v2 import V2
from numbank.rest.v2.paging import Paged, Window, cut
from numbank.supply.numbers import RENT, SMS


class NamedCountry(msgspec.Struct, frozen=True):
    """A country by the protocol's own number, not a dialling code."""

    id: int
    name: str


class NamedService(msgspec.Struct, frozen=True):
    """A service by its short code."""

    code: str
    name: str


class NamedOperator(msgspec.Struct, frozen=True):
    """An operator, and where it works."""

    name: str
    countries: list[NamedCountry]


class PartnerProduct(msgspec.Struct, frozen=True):
    """A product of the software shop; `count` is what is left, a large stock is not counted to its end."""

    id: int
    name: str
    group: int
    cost: float
    currency: int
    count: int


class Countries(Paged[NamedCountry], frozen=True):
    """A page of countries."""


class Services(Paged[NamedService], frozen=True):
    """A page of services."""


class Operators(Paged[NamedOperator], frozen=True):
    """A page of operators."""


class PartnerProducts(Paged[PartnerProduct], frozen=True):
    """A page of products."""


class AvailableOperator(msgspec.Struct, frozen=True, rename="camel"):
    """An operator of a country. `protocolName` is what the parameter `operator` takes, `enable`: it has numbers now."""

    id: int
    ru_description: str
    eng_description: str
    chinese_description: str
    protocol_name: str
    enable: bool


class Wanted(msgspec.Struct, frozen=True):
    """Numbers of which country, for which service, and for how long."""

    country: Annotated[int, Meta(ge=0, le=1_000_000, description="number of the country")] = 0
    service: Annotated[str, Meta(max_length=32, description="code of the service; empty: any", examples=["tg"])] = ""
    type: Annotated[Literal["activation", "rent"], Meta(description="for minutes or for hours")] = "activation"


@V2.operation("GET", "/countries", query=Window, reply=Countries, public=True)
async def list_countries(call: Call) -> Countries:
    """The countries."""
    rows = [_country(one) for _, one in sorted(call.desks.catalogue.countries.items()) if one.visible]
    page = cut(rows, call.asked(Window))
    return Countries(page.data, page.meta)


@V2.operation("GET", "/services", query=Window, reply=Services, public=True)
async def list_services(call: Call) -> Services:
    """The services."""
    rows = [NamedService(one.code, one.name_en) for _, one in sorted(call.desks.catalogue.services.items())]
    page = cut(rows, call.asked(Window))
    return Services(page.data, page.meta)


@V2.operation("GET", "/operators", query=Window, reply=Operators, public=True)
async def list_operators(call: Call) -> Operators:
    """The mobile operators, each with its countries."""
    catalogue = call.desks.catalogue
    where: dict[str, list[Country]] = {}
    for _, operator in sorted(catalogue.operators.items()):
        country = catalogue.countries.get(operator.country_id)
        if operator.name != ANY_OPERATOR and country is not None and country.visible:
            where.setdefault(operator.name, []).append(country)
    page = cut(list(where.items()), call.asked(Window))
    return Operators([NamedOperator(name, [_country(one) for one in found]) for name, found in page.data], page.meta)


@V2.operation("GET", "/partners/products", query=Window, reply=PartnerProducts, public=True)
async def list_products(call: Call) -> PartnerProducts:
    """The products of the software shop that are sold."""
    asked = call.asked(Window)
    currency = call.desks.settings.currency
    rows = [
        # The shop has no groups: all of it is one.
        PartnerProduct(one.id, one.name, 0, as_number(one.price), currency, one.stock)
        for one in sorted(accept(await call.desks.products()), key=lambda one: one.id)
        if one.active
    ]
    page = cut(rows, asked)
    return PartnerProducts(page.data, page.meta)


@V2.operation("GET", "/operators/available", query=Wanted, reply=list[AvailableOperator], refusals=(BadService,))
async def list_available_operators(call: Call) -> list[AvailableOperator]:
    """The operators of a country, and whether they have numbers for a service now."""
    asked = call.asked(Wanted)
    catalogue = call.desks.catalogue
    service = catalogue.by_code.get(asked.service)
    if asked.service and service is None:
        raise BadService
    country = catalogue.countries.get(asked.country)
    if country is None:
        return []
    stock = await call.desks.prices.of(asked.country)
    is_rent = asked.type == "rent"
    ability = RENT if is_rent else SMS
    # Rentals are sold only where the country has prices of terms.
    pools = stock.pools if country.rent or not is_rent else ()
    free = {pool.operator_id for pool in pools if pool.free and pool.abilities & ability}
    shown = []
    for name, one in sorted(catalogue.by_country.get(asked.country, {}).items(), key=lambda item: item[1].id):
        enable = one.id in free
        if enable and service is not None and not is_rent:
            price = stock.of(frozenset([one.id])).price(service.id)
            enable = price is not None and price.count > 0
        shown.append(AvailableOperator(one.id, name, name, name, name, enable))
    return shown


def _country(one: Country) -> NamedCountry:
    return NamedCountry(one.id, one.eng)
