"""What the golden files are made of: for every action its good calls, and for every refusal a call that meets it.

A value in {} is filled in from what tests/wire/golden_world.py made.
"""

from __future__ import annotations

import msgspec

from numbank.wire.dialects import DIALECTS
from numbank.wire.registry import Action
from tests.wire import golden_goods, golden_rent
from tests.wire.golden_case import NOBODYS, Case, case

ELSEWHERE = "203.0.113.9"

TOP = {
    "ok": case(service="av"),
    "free": case(service="av", freePrice="true"),
    "all": case(),
    "all free": case(freePrice="true"),
}

# What is asked when all is well: at least one call for every reply that an action names.
GOOD: dict[str, dict[str, Case]] = {
    "getBalance": {"ok": case("single")},
    "getBalanceAndCashBack": {"ok": case("single")},
    "getQiwiRequisites": {"ok": case()},
    "getNumber": {"ok": case(service="tg")},
    "getNumberV2": {"ok": case(service="tg", country="0", orderId="golden")},
    "getMultiServiceNumber": {"ok": case(multiService="tg,av", multiForward="0,1")},
    "getAdditionalService": {"ok": case(id="{forwarded}", service="fx")},
    "getExtraActivation": {"ok": case(id="{successful}")},
    "checkExtraActivation": {"ok": case(id="{successful 2}")},
    "finishActivation": {"ok": case(id="{finishing 2}")},
    "cancelActivation": {"ok": case(id="{cancelled 2}")},
    "setStatus": {
        "1": case(id="{waiting}", status="1"),
        "3": case(id="{code}", status="3"),
        "6": case(id="{finishing}", status="6"),
        "8": case(id="{cancelling}", status="8"),
        "minus1": case(id="{cancelling}", status="-1"),
    },
    "getStatus": {
        "wait": case(id="{waiting}"),
        "ok": case(id="{coded}"),
        "retry": case(id="{retrying}"),
        "resend": case(id="{resend}"),
        "cancel": case(id="{cancelled}"),
        "placeholder": case(id="{codeless}"),
        "call": case(id="{rung}"),
    },
    "getStatusV2": {
        "wait": case(id="{waiting}"),
        "ok": case(id="{coded}"),
        "call": case(id="{rung}"),
        "voice": case(id="{spoken}"),
        "cancel": case(id="{cancelled}"),
    },
    "getFullSms": {"wait": case(id="{waiting}"), "ok": case(id="{coded}"), "cancel": case(id="{cancelled}")},
    "getAllSms": {"ok": case(id="{coded}"), "call": case(id="{spoken}"), "none": case(id="{waiting}")},
    "getHistory": {"ok": case("single"), "of one with a message": case("spent 2"), "none": case("nobody")},
    "getActiveActivations": {"ok": case("single")},
    "getIncomingCallStatus": {
        "wait": case(id="{calling}"),
        "ok": case(id="{rung}"),
        "cancel": case(id="{call cancelled}"),
    },
    "parseCall": {"ok": case(id="{spoken}", newLang="en")},
    "createTaskForCall": {"ok": case(id="{calling}", phone="79990000002")},
    "getOutgoingCalls": {"ok": case(id="{called out}"), "none": case(id="{rung}")},
    "getNumbersStatus": {"ok": case(country="2"), "unknown": case(country="9999"), "none": case(country="1")},
    "getPrices": {"ok": case(country="2"), "service": case(service="av", country="2"), "nothing": case(service="nope")},
    "getPricesExtended": {
        "ok": case(country="2"),
        "free": case(country="2", freePrice="true"),
        "nothing": case(service="nope"),
    },
    "getPricesVerification": {"ok": case(service="vk"), "nothing": case(service="nope")},
    "getPricesV2": {"ok": case(country="2"), "nothing": case(country="9999")},
    "getPricesV3": {"ok": case(country="2"), "nothing": case(country="9999")},
    "getTopCountriesByService": TOP,
    "getTopCountriesByServiceRank": TOP,
    "getListOfTopCountriesByService": {
        "ok": case(service="mm"),
        "first": case(service="mm", length="1"),
        "none": case(service="vi"),
    },
    "getCountries": {"ok": case()},
    "getServicesList": {"ok": case(country="2"), "ru": case(country="2", lang="ru")},
    "getOperators": {"ok": case(country="2")},
    **golden_rent.GOOD,
    **golden_goods.GOOD,
}

# A call that is right but for what is refused.
PLAIN: dict[str, Case] = {
    **{name: next(iter(cases.values())) for name, cases in GOOD.items()},
    "getNumberV2": case(service="tg"),
    "getMultiServiceNumber": case(multiService="tg,go"),
}

# Refusals that have nothing to do with the action: who asks, from where, how often.
ANYWHERE: dict[str, dict[str, object]] = {
    "MissingKey": {"who": "none"},
    "WrongKey": {"who": "wrong"},
    "TooLarge": {"filler": 1_001},
    "RegionRefused": {"address": ELSEWHERE},
    "RateLimited": {"who": "hasty", "times": 100, "stop": "TOO_MANY_REQUESTS"},
    "AccountInactive": {"who": "inactive"},
    "ChannelsLimit": {"who": "blocked"},
    "Banned": {"who": "banned"},
    "NoBalance": {"who": "poor"},
}
# Refusals that are met in the same way wherever they are declared: these parameters on top.
EVERYWHERE: dict[str, dict[str, str]] = {
    "BadService": {"service": "nope"},
    "ServiceDenied": {"service": "dn"},
    "WrongPrefixes": {"phoneException": "7"},
    "BadLanguage": {"activationType": "2", "language": "klingon", "country": "0"},
    "NoNumbers": {"service": "wa"},
    "WrongMaxPrice": {"maxPrice": "0.01"},
    "NotANumber": {"id": "abc"},
    "NoActivation": {"id": NOBODYS},
    **golden_goods.EVERYWHERE,
}
# What is particular to an action.
RENEWED: dict[str, Case] = {
    "NeverSuccessful": case(id="{cancelled}"),
    "NotRenewable": case(id="{taken}"),
    "SimOffline": case(id="{offline}"),
    "ServiceDenied": case(id="{denied}"),
}
ENDED: dict[str, Case] = {"EarlyCancel": case(id="{guarded}")}
PARTICULAR: dict[tuple[str, str], Case] = {
    **golden_rent.PARTICULAR,
    **golden_goods.PARTICULAR,
    **{
        (action, name): one
        for action in ("getExtraActivation", "checkExtraActivation")
        for name, one in RENEWED.items()
    },
    **{(action, name): one for action in ("finishActivation", "cancelActivation") for name, one in ENDED.items()},
    ("finishActivation", "BadStatus"): case(id="{cancelled}"),
    ("cancelActivation", "BadStatus"): case(id="{coded}"),
    ("getNumber", "NoBalanceForward"): case("short", service="av", forward="1"),
    ("getNumberV2", "NoBalanceForward"): case("short", service="av", forward="1"),
    ("getMultiServiceNumber", "BadService"): case(multiService="tg,av", multiForward="1,1"),
    ("getMultiServiceNumber", "ServiceDenied"): case(multiService="tg,dn"),
    ("getMultiServiceNumber", "NoMultiService"): case(multiService="tg,av", country="3"),
    ("getMultiServiceNumber", "NoNumbers"): case(multiService="tg,wa"),
    ("getMultiServiceNumber", "NoBalanceForward"): case("short", multiService="tg,av", multiForward="0,1"),
    ("getAdditionalService", "WrongSecurity"): case(id="{coded}", service="fx"),
    ("getAdditionalService", "WrongAdditional"): case(id="{forwarded}", service="tg"),
    ("getAdditionalService", "RepeatedAdditional"): case(id="{forwarded}", service="fx"),
    ("getAdditionalService", "NoBalance"): case("spent", id="{spent's}", service="fx"),
    ("getExtraActivation", "NoBalance"): case("spent 2", id="{spent 2's}"),
    ("getIncomingCallStatus", "NotIncoming"): case(id="{coded}"),
    ("parseCall", "CallCancelled"): case(id="{call cancelled}", newLang="en"),
    ("parseCall", "NoCall"): case(id="{speaking}", newLang="en"),
    ("parseCall", "BadLanguage"): case(id="{spoken}", newLang="klingon"),
    ("parseCall", "ParsedTooOften"): case(id="{spoken 2}", newLang="en", times=5),
    ("createTaskForCall", "NoSuchNumber"): case(id="{calling}", phone="nobody"),
    ("createTaskForCall", "CallTaskExists"): case(id="{called out}", phone="79990000003"),
    ("getOutgoingCalls", "WrongDate"): case(id="{called out}", date="yesterday"),
    ("getListOfTopCountriesByService", "WrongService"): case(service="nope"),
    ("getNumberV2", "OrderExists"): case(service="tg", orderId="golden"),
    ("setStatus", "BadStatus"): case(id="{waiting}", status="7"),
    ("setStatus", "EarlyCancel"): case(id="{guarded}", status="8"),
    ("getActiveActivations", "NoActivations"): case("poor"),
    ("getHistory", "WrongDate"): case(start="yesterday"),
    ("getOperators", "NoOperators"): case(country="9999"),
}

# What any action may answer, whatever it declares; UnknownAction is met without an action, Unavailable without a database.
ALWAYS = ("MissingKey", "WrongKey", "RegionRefused", "RateLimited", "TooLarge")


def refused(action: Action, name: str) -> Case | None:
    """The call that meets a refusal; None when nobody has written one."""
    particular = PARTICULAR.get((action.name, name))
    if particular is not None:
        return particular
    plain = PLAIN.get(action.name)
    if plain is None:
        return None
    if name in ANYWHERE:
        return msgspec.structs.replace(plain, **ANYWHERE[name])
    if name in EVERYWHERE:
        return msgspec.structs.replace(plain, params=plain.params | EVERYWHERE[name])
    return None


def cases_of(action: Action) -> dict[str, Case | None]:
    """All cases of an action by name: what is declared in the registry decides which there must be."""
    refusals = dict.fromkeys((*ALWAYS, *(kind.__name__ for kind in action.refusals)))
    return {**GOOD.get(action.name, {"ok": None}), **{name: refused(action, name) for name in refusals}}


ALL: dict[tuple[str, str], dict[str, Case | None]] = {
    (dialect.name, action.name): cases_of(action) for dialect in DIALECTS for action in dialect.actions.values()
}
