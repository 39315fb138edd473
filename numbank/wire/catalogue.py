"""The actions about what there is: countries, services, operators, counts, prices (protocol.md 2.1, 2.4, 2.16 to 2.18)."""

from __future__ import annotations

from numbank.catalogue.model import Service
from numbank.catalogue.prices import PriceLists
from numbank.errors import NoOperators
from numbank.wire import params as p
from numbank.wire.activation import operators
from numbank.wire.board import price
from numbank.wire.call import Call
from numbank.wire.encoding import encode
from numbank.wire.registry import action


@action("getNumbersStatus", params=(p.COUNTRY, p.OPERATOR), replies=('{"vk_0":76,"av_1":211}',), way=(PriceLists,))
async def get_numbers_status(call: Call) -> bytes:
    """How many numbers are left for each service of a country."""
    country_id = call.whole(p.COUNTRY) if call.text(p.COUNTRY) else 0
    services = call.desks.catalogue.services
    if country_id not in call.desks.catalogue.countries:
        return b"{}"
    prices = (await call.desks.prices.of(country_id, operators(call, country_id))).prices
    prices = tuple(one for one in prices if one.service_id in services)
    if call.desks.settings.plain_status_keys:
        return encode({services[one.service_id].code: str(one.count) for one in prices})
    return encode({
        f"{services[one.service_id].code}_{int(services[one.service_id].forward_capable)}": one.count for one in prices
    })  # fmt: skip


@action(
    "getPrices",
    params=(p.SERVICE, p.COUNTRY_FILTER),
    replies=('{"<country>":{"<service>":{"cost":..,"count":..,"physicalCount":..}}}',),
    json=True,
    way=(PriceLists,),
)
async def get_prices(call: Call) -> bytes:
    """Prices and counts by country and service; an empty object when nothing fits."""
    catalogue = call.desks.catalogue
    code, country = call.text(p.SERVICE), call.text(p.COUNTRY)
    if not code and not country:
        return await call.desks.board.whole()
    service = catalogue.activatable(code)
    if code and service is None:
        return b"{}"
    wanted = call.whole(p.COUNTRY)
    listed = [one for one in catalogue.countries if not country or one == wanted]
    answer: dict[str, object] = {}
    for country_id in listed:
        stock = await call.desks.prices.of(country_id)
        if service is None and stock.prices:
            answer[str(country_id)] = call.desks.board.country(stock)
        elif service is not None:
            answer.update({
                str(country_id): {service.code: price(one)} for one in stock.prices if one.service_id == service.id
            })  # fmt: skip
    return encode(answer)


@action("getCountries", replies=('{"2":{"id":2,"rus":"..","eng":"Kazakhstan",..}}',), json=True)
async def get_countries(call: Call) -> bytes:
    """All countries by id."""
    return encode({
        str(country.id): {
            "id": country.id,
            "rus": country.rus,
            "eng": country.eng,
            "chn": country.chn,
            "visible": int(country.visible),
            "retry": int(country.retry),
            "rent": int(country.rent),
            "multiService": int(country.multi_service),
        }
        for country in call.desks.catalogue.countries.values()
    })  # fmt: skip


@action(
    "getServicesList",
    params=(p.COUNTRY_FILTER, p.LANG),
    replies=('{"status":"success","services":[{"code":"vk","name":".."}]}',),
    json=True,
)
async def get_services_list(call: Call) -> bytes:
    """All services, or those that have a price in a country, with their names."""
    catalogue = call.desks.catalogue
    services = list(catalogue.services.values())
    if call.text(p.COUNTRY):
        country_id = call.whole(p.COUNTRY)
        prices = (await call.desks.prices.of(country_id)).prices if country_id in catalogue.countries else ()
        priced = {one.service_id for one in prices}
        services = [service for service in services if service.id in priced]
    lang = call.text(p.LANG)
    return encode({
        "status": "success",
        "services": [{"code": service.code, "name": name(service, lang)} for service in services],
    })  # fmt: skip


def name(service: Service, lang: str) -> str:
    """The name in a language, English where it is unknown (protocol.md 12.3, 27)."""
    names = {"ru": service.name_ru, "es": service.name_es, "cn": service.name_cn}
    return names.get(lang) or service.name_en


@action(
    "getOperators",
    params=(p.COUNTRY_FILTER,),
    replies=('{"status":"success","countryOperators":{"0":["beeline",..]}}',),
    refusals=(NoOperators,),
    json=True,
)
async def get_operators(call: Call) -> bytes:
    """The operators of a country, or of all countries."""
    by_country = call.desks.catalogue.by_country
    country = call.text(p.COUNTRY)
    wanted = call.whole(p.COUNTRY)
    shown = {
        str(country_id): [known for known in operators if known != "any"]
        for country_id, operators in by_country.items()
        if not country or country_id == wanted
    }
    shown = {country_id: names for country_id, names in shown.items() if names}
    if not shown:
        raise NoOperators
    return encode({"status": "success", "countryOperators": shown})
