"""The dialect of KoalaSMS: all its differences from the base (protocol.md 6, 12.6), and nowhere else a word about them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import msgspec

from numbank import errors
from numbank.activation.model import Activation
from numbank.catalogue.prices import PriceLists
from numbank.catalogue.tiers import Price, Stock
from numbank.rent.model import Inbox
from numbank.wire import activation as base
from numbank.wire import lease, prices, rent
from numbank.wire import params as p
from numbank.wire.board import Board
from numbank.wire.call import Call
from numbank.wire.dialects.base import Word
from numbank.wire.dialects.sms_activate import SMS_ACTIVATE
from numbank.wire.encoding import encode
from numbank.wire.page import Page
from numbank.wire.registry import Action, Param, action, variant

OWN: dict[str, Action] = {}

read_json = msgspec.json.decode

# Leasing ----------------------------------------------------------------------------------------------------------

ANYWHERE = frozenset({"", "any"})
ANY_COUNTRY = Param(
    "country",
    "country number, see getCountries; any or empty lets the bank choose: price, then stock, then delivery rate, then the"
    " lowest number, and the next one when a country is sold out in between; an unknown one answers NO_NUMBERS",
    (),
    "country",
)


async def lease_anywhere(call: Call, order: UUID | None = None) -> Activation:
    """Lease in the country that was named, or in the best one; NoNumbers or WrongMaxPrice only when none has a number."""
    if call.text(p.COUNTRY) not in ANYWHERE:
        return await lease.lease(call, order)
    lease.may_buy(call)
    service = lease.for_sale(call, call.text(p.SERVICE))
    kind = lease.kind_of(call)
    best = await call.desks.prices.best_countries(service.id, kind)
    offered = {stock.country_id: stock.price(service.id, kind) for stock in await call.desks.prices.service(service.id)}
    wanted = [country_id for country_id in best if fits(call, offered.get(country_id))]
    above: list[int] = []
    # Where none fits, the best one says what is wrong with the request.
    for country_id in (wanted or best)[: call.desks.settings.any_country_tries]:
        try:
            return await lease.lease(call, order, country_id)
        except errors.NoNumbers:
            continue
        except errors.WrongMaxPrice as refusal:
            above.append(refusal.cheapest_minor)
    raise errors.WrongMaxPrice(min(above)) if above else errors.NoNumbers


def fits(call: Call, price: Price | None) -> bool:
    """Whether a country has something within the price limit at the suppliers that the customer wants."""
    if price is None:
        return False
    only, without = lease.supplier_ids(call, p.PROVIDER_IDS), lease.supplier_ids(call, p.EXCEPT_PROVIDER_IDS)
    limit = lease.max_price(call)
    costs = (
        minor
        for supplier_id, counts in price.suppliers
        if supplier_id not in without and (not only or supplier_id in only)
        for minor, count in counts
        if count
    )
    return any(limit is None or minor <= limit for minor in costs)


@variant("getNumber", into=OWN, instead=(ANY_COUNTRY,), way=(PriceLists.best_countries,))
async def get_number(call: Call) -> bytes:
    """Lease a number for one service, in any country if none is named."""
    return lease.in_words(await lease_anywhere(call))


@variant(
    "getNumberV2",
    into=OWN,
    instead=(ANY_COUNTRY,),
    replies=(
        '{"activationCancel":"<date>","activationCost":<number>,"activationEnd":"<date>","activationId":<number>,'
        '"activationTime":"<date>","canGetAnotherSms":"<0 or 1>","countryCode":"<digits>","currency":<number>,'
        '"phoneNumber":"<phone>"}',
    ),
    way=(PriceLists.best_countries,),
)
async def get_number_v2(call: Call) -> bytes:
    """Lease a number, in any country if none is named, and describe it: until when, and from when it may be cancelled."""
    shown = read_json(lease.in_full(call, await lease_anywhere(call, lease.order_of(call))))
    return encode(in_order(shown, without=("activationOperator",)))


# Activations ------------------------------------------------------------------------------------------------------

# The document's only example shows an SMS as type 1; calls follow.
FIRST_TYPE = 1
# The document shows 1 for a live activation whose code has come; smsCode tells whether it has.
LIVE = 1


@variant(
    "getStatusV2",
    into=OWN,
    replies=(
        '{"verificationType":<number>,"sms":{"dateTime":"<date>","code":"<code>","text":".."}|null}',
        "STATUS_CANCEL",
    ),
)
async def get_status_v2(call: Call) -> bytes:
    """The state of an activation with the message behind its code; calls are not shown, an SMS is verification type 1."""
    reply = await base.get_status_v2(call)
    if not reply.startswith(b"{"):
        return reply
    shown = read_json(reply)
    return encode({"verificationType": FIRST_TYPE + shown["verificationType"], "sms": shown["sms"]})


@variant(
    "getActiveActivations",
    into=OWN,
    replies=(
        '[{"activationCost":<number>,"activationId":"<id>","activationStatus":1,"activationTime":"<date>",'
        '"canGetAnotherSms":"<0 or 1>","countryCode":"<digits>","countryName":"..","currency":<number>,'
        '"discount":"<decimal>","phoneNumber":"<phone>","repeated":"<0 or 1>","serviceCode":"..",'
        '"smsCode":"<code>"|null,"smsText":".."|null}]',
    ),
)
async def get_active_activations(call: Call) -> bytes:
    """The live activations of the customer, newest first, as a bare list; [] when there is none."""
    rows = read_json(await base.get_active_activations(call))["activeActivations"]
    return encode([
        in_order(row | {"activationStatus": LIVE, "activationCost": float(row["activationCost"])}) for row in rows
    ])  # fmt: skip


def in_order(shown: dict[str, Any], without: Iterable[str] = ()) -> dict[str, Any]:
    """The fields by name, as the document prints them."""
    return {name: shown[name] for name in sorted(shown.keys() - set(without))}


# Rentals ----------------------------------------------------------------------------------------------------------


@variant("getRentStatus", into=OWN, without=(errors.NoMessages,))
async def get_rent_status(call: Call) -> bytes:
    """The messages of a rental, the newest first; none is a success without values."""
    try:
        return rent.messages(call, await rent.received(call))
    except errors.NoMessages:
        return rent.messages(call, Inbox(0, []))


# Price lists ------------------------------------------------------------------------------------------------------


@action(
    "getPricesV2",
    params=(p.SERVICE_OR_ALL, p.COUNTRY_FILTER),
    replies=('{"<country>":{"<service>":{"<decimal>":<number>}}}',),
    refusals=(errors.BadService,),
    json=True,
    way=(prices.get_prices_v2, PriceLists, Stock, Board),
    into=OWN,
)
async def get_prices_v2(call: Call) -> bytes | Page:
    """How many are left at each price, by country and service."""
    return await prices.get_prices_v2(call)


@action(
    "getPricesV3",
    params=(p.SERVICE_OR_ALL, p.COUNTRY_FILTER),
    replies=(
        '{"<country>":{"<service>":{"price":<number>,"count":<number>,"providers":{"<provider>":{"count":<number>,'
        '"price":[<number>],"provider_id":<number>}}}}}',
    ),
    refusals=(errors.BadService,),
    json=True,
    way=(prices.get_prices_v3, PriceLists, Stock, Board),
    into=OWN,
)
async def get_prices_v3(call: Call) -> bytes | Page:
    """The regular price, what is left at any price, and what each supplier has at which prices."""
    return await prices.get_prices_v3(call)


# Words ------------------------------------------------------------------------------------------------------------

WORDS: dict[type[errors.Refusal], Word] = {
    errors.MissingKey: b"BAD_KEY",
    errors.WrongKey: b"BAD_KEY",
    errors.ServiceDenied: b"The service is prohibited for sale by administration",
    errors.NoActivations: b"[]",
}
# The document prints another word for a bad key in this one section.
OVERRIDES: dict[tuple[str, type[errors.Refusal]], Word] = {
    ("getActiveActivations", errors.MissingKey): b"NO_KEY",
    ("getActiveActivations", errors.WrongKey): b"NO_KEY",
}

KOALA = SMS_ACTIVATE.derive(
    name="koala",
    paths=("/koala/stubs/handler_api.php", "/koala/stubs/handler_api"),
    actions=OWN,
    words=WORDS,
    overrides=OVERRIDES,
    notes=(
        "A supplier's number for `providerIds` and `exceptProviderIds` is the id that `numbank supplier list` shows. What is"
        " no number in these lists names nobody: nothing is sold by it (NO_NUMBERS), and nothing is left out by it.",
        "`setStatus` takes -1 and 8 alike; an early cancel answers EARLY_CANCEL_DENIED, and `activationCancel` of"
        " `getNumberV2` is the end of that window.",
    ),
)
