"""The actions that lease a number for one service (protocol.md 2.6, 2.7), and what all purchases check and parse."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import blake2b
from uuid import UUID

from numbank.activation import rules
from numbank.activation.desk import LeaseDesk
from numbank.activation.model import Activation, LeaseRequest
from numbank.activation.offering import offered
from numbank.activation.writing import write_leases
from numbank.catalogue import languages, limited
from numbank.catalogue.model import Service
from numbank.customers import bans, buying, spending
from numbank.customers.end_users import MAX_NAME, digest_of_user
from numbank.errors import (
    AccountInactive,
    BadLanguage,
    BadService,
    Banned,
    ChannelsLimit,
    NoBalance,
    NoBalanceForward,
    NoNumbers,
    OrderExists,
    RateLimited,
    Refusal,
    ServiceDenied,
    WrongMaxPrice,
    WrongPrefixes,
)
from numbank.leases import paying
from numbank.leases.limits import room
from numbank.messages.calls import Kind
from numbank.money import MAX_MINOR, as_number, parse_minor
from numbank.supply import claim as shelves
from numbank.wire import params as p
from numbank.wire.call import UNSET, Call, accept, whole
from numbank.wire.encoding import encode
from numbank.wire.registry import Param, action

LEASE_PARAMS = (
    p.SERVICE, p.COUNTRY, p.OPERATOR, p.MAX_PRICE, p.FREE_PRICE, p.FORWARD, p.ACTIVATION_TYPE, p.VERIFICATION, p.LANGUAGE,
    p.PHONE_EXCEPTION, p.PROVIDER_IDS, p.EXCEPT_PROVIDER_IDS, p.USE_CASHBACK, p.USER_ID, p.REF,
)  # fmt: skip
LEASE_WAY = (
    LeaseDesk, room, bans.of_users, offered, rules.choose, paying.pay, shelves.claim, write_leases, limited.take,
    spending.start,
)  # fmt: skip
# The account may not buy: before anything else (protocol.md 12.1, 5 and 6).
BUYING_REFUSALS: tuple[type[Refusal], ...] = (AccountInactive, ChannelsLimit, Banned, RateLimited, ServiceDenied)
LEASE_REFUSALS: tuple[type[Refusal], ...] = (
    *BUYING_REFUSALS, BadService, WrongPrefixes, BadLanguage, NoNumbers, NoBalance, NoBalanceForward, WrongMaxPrice,
)  # fmt: skip

KINDS = {"": Kind.SMS, "0": Kind.SMS, "1": Kind.FLASH, "2": Kind.VOICE}
MAX_PREFIXES = 20
SHORTEST_PREFIX, LONGEST_PREFIX = 4, 9
MAX_REF = 64


async def lease(call: Call, order: UUID | None = None, country_id: int | None = None) -> Activation:
    """Parse the parameters of both getNumber actions and lease; `country_id` beats the parameter."""
    return await buy(call, request_of(call, order, country_id))


async def buy(call: Call, request: LeaseRequest) -> Activation:
    """Ask the desk; a refusal is raised, the end of a ban in the zone of the wire's dates."""
    result = await call.desks.lease(request)
    if isinstance(result, Banned):
        raise Banned(result.until.astimezone(call.desks.zone))
    return accept(result)


def request_of(call: Call, order: UUID | None = None, country_id: int | None = None) -> LeaseRequest:
    """What getNumber asks for. The state of the account is checked first, then the shape of the parameters."""
    may_buy(call)
    service = for_sale(call, call.text(p.SERVICE))
    kind = kind_of(call)
    forward = call.true(p.FORWARD)
    excluded = prefixes(call)
    if country_id is None:
        country_id = call.whole(p.COUNTRY) if call.text(p.COUNTRY) else 0
    known = None if country_id is None else call.desks.catalogue.countries.get(country_id)
    language = language_of(call, known.iso2 if known is not None else "") if kind is Kind.VOICE else None
    if known is None or (forward and not service.forward_capable):
        raise NoNumbers
    user = end_user(call)
    suppliers, without = supplier_ids(call, p.PROVIDER_IDS), supplier_ids(call, p.EXCEPT_PROVIDER_IDS)
    max_live, per_min = limits(call)
    return LeaseRequest(
        call.customer.id, known.id, service.id, call.desks.life_s(service.code), call.desks.early_cancel_s(service.code),
        operators=call.operator_ids(known.id, call.text(p.OPERATOR)), max_price=max_price(call), order=order, kind=kind,
        free_price=call.true(p.FREE_PRICE), forward=forward, excluded=excluded, supplier_ids=suppliers,
        except_supplier_ids=without, use_cashback=call.true(p.USE_CASHBACK), discount_bp=call.customer.discount_bp,
        end_user=digest_of_user(user) if user else None, end_user_name=user, ref=ref(call), language=language,
        max_live=max_live, per_min=per_min,
    )  # fmt: skip


def may_buy(call: Call) -> None:
    """Refuse every purchase of an account that is inactive, blocked or banned (protocol.md 12.1, 6)."""
    try:
        buying.check(call.customer, datetime.now(UTC))
    except Banned as ban:
        raise Banned(ban.until.astimezone(call.desks.zone)) from None


def for_sale(call: Call, code: str) -> Service:
    """The service of a code, which must be one that can be leased for minutes and that the operator sells."""
    service = call.desks.catalogue.activatable(code)
    if service is None:
        raise BadService
    if not call.desks.policy.permits(service.id):
        raise ServiceDenied
    return service


def limits(call: Call) -> tuple[int, int]:
    """How many live leases the account may have, and how many it may begin within 60 s; 0 is no limit."""
    return buying.limits(call.customer, call.desks.settings)


def kind_of(call: Call) -> Kind:
    """The kind of verification; `verification=true` is the old way to ask for a call by number. Others have no stock."""
    kind = KINDS.get(call.text(p.ACTIVATION_TYPE))
    if kind is None:
        raise NoNumbers
    return Kind.FLASH if kind is Kind.SMS and call.true(p.VERIFICATION) else kind


def language_of(call: Call, iso2: str) -> str:
    """The language of a voice call; that of the country when none is named."""
    text = call.text(p.LANGUAGE)
    if text in UNSET:
        return languages.main_language(iso2)
    language = languages.parse_tag(text)
    if language is None:
        raise BadLanguage
    return language


def max_price(call: Call) -> int | None:
    """The price limit in 1/10,000, None without one. What is not a number is the limit that nothing meets (12.2, 18)."""
    text = call.text(p.MAX_PRICE)
    if not text:
        return None
    minor = parse_minor(text)
    if minor is None:
        # More digits than any price has are a limit all the same: one that everything meets.
        return MAX_MINOR if text.isascii() and text.isdigit() else -1
    return minor


def prefixes(call: Call) -> tuple[str, ...]:
    """The prefixes that the number must not have; those of the account when the parameter is absent (12.2, 17)."""
    text = call.text(p.PHONE_EXCEPTION) or call.customer.phone_exception
    if not text:
        return ()
    found = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    if len(found) > MAX_PREFIXES or not all(
        one.isascii() and one.isdigit() and SHORTEST_PREFIX <= len(one) <= LONGEST_PREFIX for one in found
    ):
        raise WrongPrefixes
    return found


def supplier_ids(call: Call, param: Param) -> frozenset[int]:
    """Public numbers of suppliers. What is no number names nobody."""
    text = call.text(param)
    if text in UNSET:
        return frozenset()
    ids = [whole(part.strip()) for part in text.split(",")]
    return frozenset(0 if one is None else one for one in ids)


def end_user(call: Call) -> str:
    """The reseller's own customer; empty when none is named."""
    text = call.text(p.USER_ID).replace("\0", "")[:MAX_NAME]
    return "" if text in UNSET else text


def ref(call: Call) -> str | None:
    """The partner that sent the customer. What nobody could read in a report is left out."""
    text = call.text(p.REF)
    return None if text in UNSET or len(text) > MAX_REF or not text.isprintable() else text


@action(
    "getNumber",
    params=LEASE_PARAMS,
    replies=("ACCESS_NUMBER:<id>:<phone>",),
    refusals=LEASE_REFUSALS,
    poll=False,
    way=LEASE_WAY,
)
async def get_number(call: Call) -> bytes:
    """Lease a number for one service."""
    return in_words(await lease(call))


@action(
    "getNumberV2",
    params=(*LEASE_PARAMS, p.ORDER_ID),
    replies=(
        '{"activationId":<number>,"phoneNumber":"<phone>","activationCost":<number>,"currency":<number>,'
        '"countryCode":"<digits>","canGetAnotherSms":"<0 or 1>","activationTime":"<date>","activationOperator":"..",'
        '"activationCancel":"<date>","activationEnd":"<date>"}',
    ),
    refusals=(*LEASE_REFUSALS, OrderExists),
    json=True,
    poll=False,
    way=LEASE_WAY,
)
async def get_number_v2(call: Call) -> bytes:
    """Lease a number for one service and describe the activation; with orderId at most once per order."""
    return in_full(call, await lease(call, order_of(call)))


def order_of(call: Call) -> UUID | None:
    """The digest of the caller's own id of this order."""
    order = call.text(p.ORDER_ID)
    return UUID(bytes=blake2b(order.encode(), digest_size=16).digest()) if order else None


def in_words(activation: Activation) -> bytes:
    """A new activation as getNumber answers it."""
    return b"ACCESS_NUMBER:%d:%d" % (activation.id, activation.e164)


def in_full(call: Call, activation: Activation) -> bytes:
    """A new activation as getNumberV2 answers it; the last two are Koala's, whom others' clients do not mind."""
    country = call.desks.catalogue.countries[activation.country_id]
    return encode({
        "activationId": activation.id,
        "phoneNumber": str(activation.e164),
        "activationCost": as_number(activation.price),
        "currency": activation.currency,
        "countryCode": str(activation.country_id),
        "canGetAnotherSms": "1" if country.retry and activation.kind is Kind.SMS else "0",
        "activationTime": call.date(activation.created_at),
        "activationOperator": activation.operator,
        "activationCancel": call.date(activation.cancel_from),
        "activationEnd": call.date(activation.due_at),
    })  # fmt: skip
