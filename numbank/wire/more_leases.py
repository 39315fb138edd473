"""Leases beside the plain ones: several services on one number, further services, reactivations, and the two actions that
end a lease (protocol.md 2.8, 2.19, 2.20)."""

from __future__ import annotations

from typing import TypeVar

from numbank.activation import additional, further, multi, reactivation, rules
from numbank.activation.advance import AdvanceDesk
from numbank.activation.model import AdvanceRequest, LeaseRequest
from numbank.activation.states import Event
from numbank.customers import spending
from numbank.errors import (
    BadService,
    BadStatus,
    Banned,
    EarlyCancel,
    NeverSuccessful,
    NoActivation,
    NoBalance,
    NoBalanceForward,
    NoMultiService,
    NoNumbers,
    NotANumber,
    NotRenewable,
    Refusal,
    RepeatedAdditional,
    ServiceDenied,
    SimOffline,
    WrongAdditional,
    WrongPrefixes,
    WrongSecurity,
)
from numbank.leases import paying
from numbank.leases.ends import release
from numbank.ledger import journal
from numbank.money import as_number
from numbank.supply import claim as shelves
from numbank.supply import lines, sharing
from numbank.wire import params as p
from numbank.wire.call import Call, accept
from numbank.wire.encoding import encode
from numbank.wire.lease import BUYING_REFUSALS, for_sale, limits, may_buy, prefixes, ref
from numbank.wire.registry import action

T = TypeVar("T")

FLAGS = {"0": False, "1": True}
ENDING_REFUSALS = (NotANumber, NoActivation, BadStatus, EarlyCancel)
ENDING_WAY = (AdvanceDesk, rules.advance, release)
RENEWAL_REFUSALS = (NotANumber, NoActivation, NeverSuccessful, NotRenewable, SimOffline)


def bought(call: Call, result: T | Refusal) -> T:
    """What a desk sold; a refusal is raised, the end of a ban in the zone of the wire's dates."""
    if isinstance(result, Banned):
        raise Banned(result.until.astimezone(call.desks.zone))
    return accept(result)


@action(
    "getMultiServiceNumber",
    params=(p.MULTI_SERVICE, p.MULTI_FORWARD, p.COUNTRY, p.OPERATOR, p.PHONE_EXCEPTION, p.REF),
    replies=('[{"phone":"..","activation":<number>,"service":".."}]',),
    refusals=(*BUYING_REFUSALS, BadService, NoMultiService, WrongPrefixes, NoNumbers, NoBalance, NoBalanceForward),
    json=True,
    poll=False,
    way=(multi.MultiDesk, multi.choose, paying.pay, shelves.claim, journal.place_holds, further.write),
)
async def get_multi_service_number(call: Call) -> bytes:
    """Lease one number for several services, all or nothing."""
    may_buy(call)
    codes = [code.strip() for code in call.text(p.MULTI_SERVICE).split(",")]
    forwards = flags(call, len(codes))
    if len(codes) > call.desks.settings.multi_services_most or len(set(codes)) != len(codes):
        raise BadService
    services = [for_sale(call, code) for code in codes]
    country_id = call.whole(p.COUNTRY) if call.text(p.COUNTRY) else 0
    country = None if country_id is None else call.desks.catalogue.countries.get(country_id)
    if country is None:
        raise NoNumbers
    if not country.multi_service:
        raise NoMultiService
    if any(forward and not service.forward_capable for forward, service in zip(forwards, services, strict=True)):
        raise NoNumbers
    excluded, wanted, partner = prefixes(call), call.operator_ids(country.id, call.text(p.OPERATOR)), ref(call)
    max_live, per_min = limits(call)
    parts = tuple(
        LeaseRequest(
            call.customer.id, country.id, service.id, call.desks.life_s(service.code),
            call.desks.early_cancel_s(service.code), operators=wanted, forward=forward, excluded=excluded,
            discount_bp=call.customer.discount_bp, ref=partner, max_live=max_live, per_min=per_min,
        )
        for service, forward in zip(services, forwards, strict=True)
    )  # fmt: skip
    made = bought(call, await call.desks.further.multi(multi.MultiRequest(parts)))
    return encode(
        [{"phone": str(one.e164), "activation": one.id, "service": code} for one, code in zip(made, codes, strict=True)]
    )


def flags(call: Call, wanted: int) -> list[bool]:
    """Which of the services is to be forwarded, one at most; none when the parameter is absent (12.2, 20)."""
    text = call.text(p.MULTI_FORWARD)
    if not text:
        return [False] * wanted
    found = [FLAGS.get(flag.strip()) for flag in text.split(",")]
    if len(found) != wanted or None in found or found.count(True) > 1:
        raise BadService
    return [bool(flag) for flag in found]


@action(
    "getAdditionalService",
    params=(p.ID, p.SERVICE),
    replies=("ADDITIONAL:<id>:<phone>",),
    refusals=(
        *BUYING_REFUSALS, NotANumber, NoActivation, WrongSecurity, WrongAdditional, RepeatedAdditional, NoBalance,
    ),
    poll=False,
    way=(additional.AdditionalDesk, additional.decide, paying.pay, sharing.share, journal.place_holds, further.write),
)  # fmt: skip
async def get_additional_service(call: Call) -> bytes:
    """Lease one more service on the number of an activation that was bought with forwarding and has its first message."""
    may_buy(call)
    parent_id = call.lease_id(NotANumber)
    service = call.desks.catalogue.activatable(call.text(p.SERVICE))
    if service is None:
        raise WrongAdditional
    if not call.desks.policy.permits(service.id):
        raise ServiceDenied
    max_live, per_min = limits(call)
    request = additional.AdditionalRequest(
        call.customer.id, parent_id, service.id, service.forward_capable, call.desks.life_s(service.code),
        call.desks.early_cancel_s(service.code), max_live, per_min,
    )  # fmt: skip
    made = bought(call, await call.desks.further.additional(request))
    return b"ADDITIONAL:%d:%d" % (made.id, made.e164)


@action(
    "getExtraActivation",
    params=(p.ID,),
    replies=("ACCESS_NUMBER:<id>:<phone>",),
    refusals=(*BUYING_REFUSALS, *RENEWAL_REFUSALS, NoBalance),
    poll=False,
    way=(
        reactivation.ReactivationDesk, reactivation.decide, paying.pay, spending.spenders, lines.take_again,
        journal.place_holds, further.write,
    ),
)  # fmt: skip
async def get_extra_activation(call: Call) -> bytes:
    """Lease the number of a finished activation once more, for the same service."""
    may_buy(call)
    max_live, per_min = limits(call)
    request = reactivation.RenewRequest(
        call.customer.id, call.lease_id(NotANumber), call.customer.discount_bp, max_live, per_min
    )
    made = bought(call, await call.desks.further.reactivate(request))
    return b"ACCESS_NUMBER:%d:%d" % (made.id, made.e164)


@action(
    "checkExtraActivation",
    params=(p.ID,),
    replies=('{"status":"success","cost":<number>,"service":"..","phone":<number>,"country":<number>}',),
    refusals=(*RENEWAL_REFUSALS, ServiceDenied),
    json=True,
    way=(reactivation.Renewals.quote, reactivation.decide),
)
async def check_extra_activation(call: Call) -> bytes:
    """Whether the number of a finished activation can be had once more, and for how much."""
    lease_id = call.lease_id(NotANumber)
    quote = accept(await call.desks.further.quote(call.customer.id, lease_id, call.customer.discount_bp))
    return encode(
        {
            "status": "success",
            "cost": as_number(quote.price),
            "service": call.desks.catalogue.services[quote.service_id].code,
            "phone": quote.e164,
            "country": quote.country_id,
        }
    )


@action(
    "finishActivation",
    params=(p.ID,),
    replies=("ACCESS_ACTIVATION",),
    refusals=ENDING_REFUSALS,
    poll=False,
    way=ENDING_WAY,
)
async def finish_activation(call: Call) -> bytes:
    """End an activation: as setStatus with 6."""
    accept(await call.desks.advance(AdvanceRequest(call.lease_id(NotANumber), Event.FINISH, call.customer.id)))
    return b"ACCESS_ACTIVATION"


@action(
    "cancelActivation",
    params=(p.ID,),
    replies=("ACCESS_CANCEL",),
    refusals=ENDING_REFUSALS,
    poll=False,
    way=ENDING_WAY,
)
async def cancel_activation(call: Call) -> bytes:
    """Cancel an activation: as setStatus with 8."""
    accept(await call.desks.advance(AdvanceRequest(call.lease_id(NotANumber), Event.CANCEL, call.customer.id)))
    return b"ACCESS_CANCEL"
