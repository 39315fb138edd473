"""The actions about rentals, a number for hours (protocol.md 3, 12.4); their refusals come in an envelope."""

from __future__ import annotations

from collections.abc import Iterable

from numbank.catalogue import rates
from numbank.catalogue.model import Service
from numbank.errors import (
    BadHours,
    BadRentStatus,
    BadService,
    BadUrl,
    ChannelsLimit,
    NoBalance,
    NoMessages,
    NoNumbers,
    NoRent,
    NoRentId,
    NoRents,
    NotCancellable,
    OutOfStock,
    Refusal,
    RentCancelled,
    RentDead,
    RentFinished,
    RentRevoked,
    ServiceDenied,
    TooManyHours,
)
from numbank.hooks.rentals import Endpoints
from numbank.leases import paying
from numbank.leases.ends import release
from numbank.leases.limits import room
from numbank.ledger import journal
from numbank.money import as_number, format_minor
from numbank.rent import model, rules, terms
from numbank.rent.change import ChangeDesk
from numbank.rent.desk import RentDesk
from numbank.rent.extend import ExtendDesk
from numbank.rent.states import Event
from numbank.rent.views import RentViews
from numbank.supply import claim as shelves
from numbank.supply import lines
from numbank.wire import params as p
from numbank.wire.call import UNSET, Call, accept, whole
from numbank.wire.encoding import encode
from numbank.wire.envelopes import RENT
from numbank.wire.lease import BUYING_REFUSALS, limits, may_buy
from numbank.wire.more_leases import bought
from numbank.wire.registry import Param, action
from numbank.wire.voice import recording_url

# setRentStatus (protocol.md 3.4).
EVENTS = {"1": Event.FINISH, "2": Event.CANCEL}
DEFAULT_SIZE = 10
MOST_LISTED = 100
# Who counts pages by `quantity` and his own size must get what he asked for, or he misses the rest.
MOST_MESSAGES = 1_000
# Nobody turns so many pages; what lies behind is empty.
MOST_SKIPPED = 1_000_000

SUCCESS = b'{"status":"success"}'
RENTED = '{"status":"success","phone":{"id":<number>,"endDate":"<local time>","number":"<phone>"}}'
PRICED_REFUSALS: tuple[type[Refusal], ...] = (
    NoRentId, BadHours, ChannelsLimit, NoRent, ServiceDenied, RentDead, TooManyHours,
)  # fmt: skip
PRICED_WAY = (RentViews.quote, rules.extend, terms.extension_price, rates.Rates)


@action(
    "getRentServicesAndCountries",
    params=(p.RENT_TIME, p.RENT_OPERATOR, p.RENT_COUNTRY, p.CURRENCY, p.INCOMING_CALL),
    replies=(
        '{"countries":{"<digits>":<number>},"operators":{"<digits>":".."},'
        '"services":{"<service>":{"cost":<number>,"quant":<number>}},"currency":<number>}',
    ),
    refusals=(BadHours, OutOfStock),
    json=True,
    way=(RentViews.rentable, terms.price_of, rules.fit, rates.Rates),
    envelope=RENT,
)
async def get_rent_services_and_countries(call: Call) -> bytes:
    """What can be rented in a country for so many hours: prices, how many numbers, the operators; and in which countries."""
    wanted = hours(call)
    country_id = country(call, OutOfStock)
    operators = call.operator_ids(country_id, call.text(p.RENT_OPERATOR))
    found = accept(await call.desks.rent.rentable(country_id, wanted, operators, call.true(p.INCOMING_CALL)))
    if not found.services:
        raise OutOfStock
    table, wanted_currency = await exchange(call)
    held = call.desks.settings.currency  # the only one that accounts of this bank have
    sold = {code: one for code, one in found.services.items() if permitted(call, code)}
    if not sold:
        raise OutOfStock
    shown = {code: table.shown(price, held, wanted_currency) for code, (price, _) in sold.items()}
    return encode(
        {
            "countries": indexed(found.countries),
            "operators": indexed(found.operators),
            "services": {
                code: {"cost": as_number(shown[code][0]), "quant": count} for code, (_, count) in sold.items()
            },
            "currency": next(iter(shown.values()))[1],
        }
    )


@action(
    "getRentNumber",
    params=(p.RENT_SERVICE, p.RENT_TIME, p.RENT_OPERATOR, p.RENT_COUNTRY, p.RENT_URL, p.INCOMING_CALL),
    replies=(RENTED,),
    refusals=(*BUYING_REFUSALS, BadService, BadHours, BadUrl, NoNumbers, NoBalance),
    json=True,
    poll=False,
    way=(
        Endpoints.check,
        RentDesk,
        room,
        terms.price_of,
        rules.fit,
        rules.choose,
        paying.pay,
        shelves.claim,
        journal.place_holds,
    ),
    envelope=RENT,
)
async def get_rent_number(call: Call) -> bytes:
    """Rent a number for some hours, for one service or for everything that comes to it."""
    may_buy(call)
    service = for_rent(call, call.text(p.RENT_SERVICE))
    wanted = hours(call)
    country_id = country(call, NoNumbers)
    url = await address(call)
    max_live, per_min = limits(call)
    request = model.RentRequest(
        call.customer.id, country_id, service.id, wanted, call.operator_ids(country_id, call.text(p.RENT_OPERATOR)),
        call.true(p.INCOMING_CALL), url, max_live, per_min,
    )  # fmt: skip
    return rented(call, bought(call, await call.desks.rent.rent(request)))


@action(
    "getRentStatus",
    params=(p.RENT_ID, p.RENT_PAGE, p.RENT_SIZE),
    replies=(
        '{"status":"success","quantity":"<digits>",'
        '"values":{"<digits>":{"phoneFrom":"..","text":"..","service":"..","date":"<date>"}}}',
        '{"status":"success","quantity":"<digits>",'
        '"values":{"<digits>":{"phoneFrom":"..","text":"..","service":"..","date":"<date>","url":".."}}}',
    ),
    refusals=(NoRentId, NoRent, NoMessages, RentFinished, RentCancelled, RentRevoked),
    json=True,
    way=(RentViews.inbox, rules.over),
    envelope=RENT,
)
async def get_rent_status(call: Call) -> bytes:
    """The messages of a rental, the newest first."""
    inbox = await received(call)
    if not inbox.total:
        raise NoMessages
    return messages(call, inbox)


async def received(call: Call) -> model.Inbox:
    """The page of messages that was asked for; raises what speaks against it."""
    first = 1 if call.desks.settings.rent_pages_from_one else 0
    size = min(call.whole(p.RENT_SIZE) or DEFAULT_SIZE, MOST_MESSAGES)
    page = max((call.whole(p.RENT_PAGE) or first) - first, 0)
    return accept(await call.desks.rent.inbox(call.customer.id, rent_id(call), min(page, MOST_SKIPPED), size))


def messages(call: Call, inbox: model.Inbox) -> bytes:
    """A page of messages as the document shows it: the count is a string, what is listed has its place as a name.

    A call whose recording is kept has its address too, like that of an activation.
    """
    page = []
    for one in inbox.page:
        shown = {"phoneFrom": one.sender, "text": one.text, "service": one.service, "date": call.date(one.received_at)}
        if one.recording_id is not None:
            shown["url"] = recording_url(call, one.recording_id)
        page.append(shown)
    return encode({"status": "success", "quantity": str(inbox.total), "values": indexed(page)})


@action(
    "setRentStatus",
    params=(p.RENT_ID, p.RENT_STATUS),
    replies=(SUCCESS.decode(),),
    refusals=(NoRentId, BadRentStatus, NoRent, NotCancellable, RentFinished, RentCancelled, RentRevoked),
    json=True,
    poll=False,
    way=(ChangeDesk, rules.advance, release),
    envelope=RENT,
)
async def set_rent_status(call: Call) -> bytes:
    """Finish a rental, or cancel it with a refund while that is possible."""
    number = rent_id(call)
    event = EVENTS.get(call.text(p.RENT_STATUS))
    if event is None:
        raise BadRentStatus
    accept(await call.desks.rent.change(model.ChangeRequest(number, event, call.customer.id)))
    return SUCCESS


@action(
    "getRentList",
    params=(p.LENGTH, p.PAGE),
    replies=('{"status":"success","values":{"<digits>":{"id":"<id>","phone":"<phone>"}}}',),
    refusals=(NoRents,),
    json=True,
    way=(RentViews.live,),
    envelope=RENT,
)
async def get_rent_list(call: Call) -> bytes:
    """The live rentals of the customer, the newest first; a page behind the last has none either."""
    page = min(call.whole(p.PAGE) or 1, MOST_SKIPPED)
    found = accept(await call.desks.rent.live(call.customer.id, page, size_of(call, p.LENGTH)))
    if not found:
        raise NoRents
    values = indexed([{"id": str(one.id), "phone": str(one.e164)} for one in found])
    return encode({"status": "success", "values": values})


@action(
    "continueRentNumber",
    params=(p.RENT_ID, p.RENT_TIME),
    replies=(RENTED,),
    refusals=(*BUYING_REFUSALS, NoRentId, BadHours, NoRent, RentDead, TooManyHours, NoBalance),
    json=True,
    poll=False,
    way=(ExtendDesk, rules.extend, terms.extension_price, paying.pay, lines.take_again, journal.place_holds),
    envelope=RENT,
)
async def continue_rent_number(call: Call) -> bytes:
    """Let a live rental go on for some hours more; a finished one begins anew on its number, under a new id."""
    may_buy(call)
    number, wanted = rent_id(call), hours(call)
    max_live, per_min = limits(call)
    request = model.ExtendRequest(call.customer.id, number, wanted, max_live, per_min)
    return rented(call, bought(call, await call.desks.rent.extend(request)))


@action(
    "getContinueRentPriceNumber",
    params=(p.RENT_ID, p.RENT_TIME, p.CURRENCY),
    replies=('{"status":"success","price":<number>,"currency":<number>}',),
    refusals=PRICED_REFUSALS,
    json=True,
    way=PRICED_WAY,
    envelope=RENT,
)
async def get_continue_rent_price_number(call: Call) -> bytes:
    """What it would cost now to let a rental go on for so many hours."""
    return encode(await priced(call, await quoted(call)))


@action(
    "continueRentInfo",
    params=(p.RENT_ID, p.RENT_TIME, p.NEED_HISTORY, p.CURRENCY),
    replies=(
        '{"status":"success","price":<number>,"currency":<number>,"hours":<number>}',
        '{"status":"success","price":<number>,"currency":<number>,"hours":<number>,'
        '"history":{"<digits>":{"createDate":"<date>","price":"<decimal>","hours":<number>}}}',
    ),
    refusals=PRICED_REFUSALS,
    json=True,
    way=PRICED_WAY,
    envelope=RENT,
)
async def continue_rent_info(call: Call) -> bytes:
    """The same with the longest possible extension in hours and, if wanted, what was charged so far."""
    quote = await quoted(call)
    shown = await priced(call, quote) | {"hours": quote.most_hours}
    if call.true(p.NEED_HISTORY):
        table, wanted = await exchange(call)
        shown["history"] = indexed(
            [
                {
                    "createDate": call.date(one.at),
                    "price": format_minor(table.shown(one.price, quote.currency, wanted)[0]),
                    "hours": one.hours,
                }
                for one in quote.history
            ]
        )
    return encode(shown)


async def quoted(call: Call) -> model.Quote:
    """What an extension would cost, which an account that may not buy one is not told."""
    number, wanted = rent_id(call), hours(call)
    if call.customer.blocked:
        raise ChannelsLimit
    return accept(await call.desks.rent.quote(call.customer.id, number, wanted))


async def priced(call: Call, quote: model.Quote) -> dict[str, object]:
    """The price of an extension in the currency that was asked for."""
    table, wanted = await exchange(call)
    price, currency = table.shown(quote.price, quote.currency, wanted)
    return {"status": "success", "price": as_number(price), "currency": currency}


def rented(call: Call, rental: model.Rental) -> bytes:
    """A rental as its purchase answers it; the date has a T where those of other actions have a blank."""
    phone = {"id": rental.id, "endDate": call.date(rental.ends_at).replace(" ", "T"), "number": str(rental.e164)}
    return encode({"status": "success", "phone": phone})


def rent_id(call: Call) -> int:
    """The id of a rental; one that is absent or no number is refused."""
    number = call.whole(p.RENT_ID)
    if number is None:
        raise NoRentId
    return number


def hours(call: Call) -> int:
    """For how long; nothing is rounded. The desk knows which short terms there are."""
    text = call.text(p.RENT_TIME)
    wanted = call.desks.settings.rent_default_hours if text in UNSET else whole(text)
    if wanted is None or not 1 <= wanted <= terms.MOST_HOURS:
        raise BadHours
    return wanted


def country(call: Call, otherwise: type[Refusal]) -> int:
    """The country; raises `otherwise` where nothing is rented."""
    text = call.text(p.RENT_COUNTRY)
    number = call.desks.settings.rent_default_country if text in UNSET else whole(text)
    known = None if number is None else call.desks.catalogue.countries.get(number)
    if known is None or not known.rent:
        raise otherwise
    return known.id


def for_rent(call: Call, code: str) -> Service:
    """The service of a code, which the operator must sell; here `full` is one too."""
    service = call.desks.catalogue.by_code.get(code)
    if service is None:
        raise BadService
    if not call.desks.policy.permits(service.id):
        raise ServiceDenied
    return service


def permitted(call: Call, code: str) -> bool:
    """Whether the operator sells a service that is listed."""
    service = call.desks.catalogue.by_code.get(code)
    return service is not None and service.id not in call.desks.policy.denied


async def address(call: Call) -> str:
    """The webhook of the rental in its canonical form, empty without one; raises BadUrl before anything is charged."""
    url = call.text(p.RENT_URL)
    return "" if url in UNSET else await call.desks.rent_address(call.customer.id, url)


async def exchange(call: Call) -> tuple[rates.Rates, int | None]:
    """The rates and the currency to show prices in; nothing is read when none is asked for."""
    wanted = rates.currency(call.text(p.CURRENCY))
    if wanted is None:
        return rates.Rates(call.desks.settings.currency), None
    return await call.desks.rates(), wanted.number


def size_of(call: Call, param: Param) -> int:
    """How many to show: what is no number counts as absent."""
    return min(call.whole(param) or DEFAULT_SIZE, MOST_LISTED)


def indexed(values: Iterable[object]) -> dict[str, object]:
    """A list as PHP shows it: every value under its place."""
    return {str(place): value for place, value in enumerate(values)}
