"""The actions about what there is: countries, services, operators, counts (protocol.md 2.1, 2.4, 2.17, 2.18)."""

from __future__ import annotations

from collections.abc import Iterator

from numbank.catalogue.model import Service
from numbank.catalogue.prices import PriceLists
from numbank.catalogue.tiers import SMS, Stock
from numbank.errors import NoOperators
from numbank.wire import params as p
from numbank.wire.board import Names, Style
from numbank.wire.call import Call, listed
from numbank.wire.encoding import encode
from numbank.wire.page import Page
from numbank.wire.prices import portions
from numbank.wire.registry import action


@action(
    "getNumbersStatus",
    params=(p.COUNTRY, p.STATUS_OPERATOR),
    replies=('{"<service>_<0 or 1>":<number>}', '{"<service>":"<digits>"}'),
    way=(PriceLists, Stock),
    json=True,
)
async def get_numbers_status(call: Call) -> bytes | Page:
    """How many numbers are left for each service of a country, at the regular price."""
    country_id = call.whole(p.COUNTRY) if call.text(p.COUNTRY) else 0
    if country_id not in call.desks.catalogue.countries:
        return b"{}"
    style = PLAIN_STATUS if call.desks.settings.plain_status_keys else STATUS
    return await call.desks.board.services(style, country_id, operators(call, country_id))


def _suffixed(stock: Stock, names: Names) -> Iterator[bytes]:
    """Whole numbers under keys that tell whether calls can be forwarded."""
    return portions(stock.briefs(), lambda rows: [
        b"%b:%d" % (encode(f"{names.codes[one]}_{int(one in names.forward)}"), count)
        for one, _, count in rows if one in names.codes
    ])  # fmt: skip


def _plain(stock: Stock, names: Names) -> Iterator[bytes]:
    """The form of 2025: strings under plain keys."""
    return portions(stock.briefs(), lambda rows: [
        b'%b:"%d"' % (names.keys[one], count) for one, _, count in rows if one in names.keys
    ])  # fmt: skip


STATUS = Style("status", _suffixed)
PLAIN_STATUS = Style("plain status", _plain)


def operators(call: Call, country_id: int) -> frozenset[int]:
    """The operators that were asked for; empty means all. Unknown names count as operators that have nothing.

    The published PHP class sends them under the name `service`: what is there counts if it names an operator.
    """
    known = call.desks.catalogue.by_country.get(country_id, {})
    text = call.text(p.STATUS_OPERATOR)
    if not text and not known.keys().isdisjoint(listed(call.text(p.SERVICE))):
        text = call.text(p.SERVICE)
    return call.operator_ids(country_id, text)


@action(
    "getCountries",
    replies=(
        '{"<country>":{"id":<number>,"rus":"..","eng":"..","chn":"..","visible":<number>,"retry":<number>,'
        '"rent":<number>,"multiService":<number>}}',
    ),
    json=True,
)
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
    replies=('{"status":"success","services":[{"code":"..","name":".."}]}',),
    json=True,
)
async def get_services_list(call: Call) -> bytes:
    """All services, or those that have a price in a country, with their names."""
    catalogue = call.desks.catalogue
    services = list(catalogue.services.values())
    if call.text(p.COUNTRY):
        country_id = call.whole(p.COUNTRY)
        priced: set[int] = set()
        if country_id is not None and country_id in catalogue.countries:
            priced = {line.service_id for line in (await call.desks.prices.of(country_id)).book.lines(SMS)}
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
    replies=('{"status":"success","countryOperators":{"<country>":[".."]}}',),
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
