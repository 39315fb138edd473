"""Every action and refusal answers exactly what its golden file says. NUMBANK_WRITE_GOLDEN=1 writes the files again."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from numbank.errors import MissingKey, WrongKey
from numbank.wire.dialects import DIALECTS
from numbank.wire.registry import ACTIONS
from tests.support import Caller, open_bank, push

FOLDER = Path(__file__).parent / "golden" / "sms_activate"
DATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
WRITE = os.environ.get("NUMBANK_WRITE_GOLDEN") == "1"

LEASE_REFUSALS = {
    "BadService": {"service": "nope"},
    "NoNumbers": {"service": "wa"},
    "NoBalance": {"service": "tg", "api_key": "{poor}"},
    "WrongMaxPrice": {"service": "tg", "maxPrice": "0.01"},
    "AccountInactive": {"service": "tg", "api_key": "{inactive}"},
}

# Case -> action and parameters; {names} are filled in from what the fixture made.
CASES: dict[str, dict[str, str]] = {
    "getBalance.ok": {},
    "getNumber.ok": {"service": "tg"},
    **{f"getNumber.{name}": params for name, params in LEASE_REFUSALS.items()},
    "getNumberV2.ok": {"service": "tg", "country": "0", "orderId": "golden"},
    **{f"getNumberV2.{name}": params for name, params in LEASE_REFUSALS.items()},
    "getNumberV2.OrderExists": {"service": "tg", "orderId": "golden"},
    "setStatus.1": {"id": "{waiting}", "status": "1"},
    "setStatus.3": {"id": "{code}", "status": "3"},
    "setStatus.6": {"id": "{finishing}", "status": "6"},
    "setStatus.8": {"id": "{cancelling}", "status": "8"},
    "setStatus.minus1": {"id": "{cancelling}", "status": "-1"},
    "setStatus.NotANumber": {"id": "abc", "status": "8"},
    "setStatus.NoActivation": {"id": "999999999", "status": "8"},
    "setStatus.BadStatus": {"id": "{waiting}", "status": "7"},
    "setStatus.EarlyCancel": {"id": "{guarded}", "status": "8"},
    "getStatus.wait": {"id": "{waiting}"},
    "getStatus.ok": {"id": "{coded}"},
    "getStatus.retry": {"id": "{code}"},
    "getStatus.resend": {"id": "{resend}"},
    "getStatus.cancel": {"id": "{cancelled}"},
    "getStatus.placeholder": {"id": "{codeless}"},
    "getStatus.NoActivation": {"id": "1"},
    "getStatusV2.wait": {"id": "{waiting}"},
    "getStatusV2.ok": {"id": "{coded}"},
    "getStatusV2.cancel": {"id": "{cancelled}"},
    "getStatusV2.NoActivation": {"id": "x"},
    "getFullSms.wait": {"id": "{waiting}"},
    "getFullSms.ok": {"id": "{coded}"},
    "getFullSms.cancel": {"id": "{cancelled}"},
    "getFullSms.NoActivation": {"id": ""},
    "getActiveActivations.ok": {"api_key": "{single}"},
    "getActiveActivations.NoActivations": {"api_key": "{poor}"},
    "getNumbersStatus.ok": {"country": "2"},
    "getNumbersStatus.unknown": {"country": "9999"},
    "getPrices.ok": {"country": "2"},
    "getPrices.service": {"service": "av"},
    "getPrices.nothing": {"service": "nope"},
    "getCountries.ok": {},
    "getServicesList.ok": {"country": "2"},
    "getServicesList.ru": {"country": "2", "lang": "ru"},
    "getOperators.ok": {"country": "2"},
    "getOperators.NoOperators": {"country": "9999"},
    **{f"{name}.MissingKey": {"api_key": ""} for name in ACTIONS},
    **{f"{name}.WrongKey": {"api_key": "0" * 32} for name in ACTIONS},
    "unknown.UnknownAction": {"action": "getMoney"},
}


@pytest.fixture(scope="module")
async def answers(dsn: str) -> AsyncIterator[dict[str, str]]:
    """All answers, made in the order of the cases in one bank."""
    async with open_bank(dsn, early_cancel_s=0, early_cancel_overrides="go=60") as (app, shop):
        _, key = await shop.customer()
        _, poor = await shop.customer(balance=0)
        inactive_id, inactive = await shop.customer()
        _, single = await shop.customer()
        await shop.connection.execute("update customer set active = false where id = $1", inactive_id)
        await shop.numbers(50, operator="mts", first=79_500_000_000)
        await shop.numbers(7, country=2, operator="beeline", first=77_010_000_000)
        await shop.offer("tg", "go")
        await shop.offer("av", "vk", country=2, price=12_345)
        caller = Caller(app, key)
        names: dict[str, object] = {"poor": poor, "inactive": inactive, "single": single}
        for name in ("waiting", "code", "coded", "codeless", "finishing", "cancelling", "cancelled", "resend"):
            names[name], e164 = await caller.lease()
            if name in ("code", "coded", "finishing"):
                await push(app, e164, "Your Telegram code is 48213")
            if name == "codeless":
                await push(app, e164, "Hello from Telegram")
        names["guarded"], _ = await caller.lease("go")
        await Caller(app, single).lease("vk", country=2)
        await caller.get("setStatus", id=names["cancelled"], status=8)
        await shop.connection.execute("update activation set state = 5 where id = $1", names["resend"])
        await shop.counted()
        made = {}
        for case, params in CASES.items():
            fields = {name: value.format(**names) for name, value in params.items()}
            fields = {"action": case.partition(".")[0], "api_key": key} | fields
            answer = await caller.raw(fields.pop("action"), **fields)
            shown = DATE.sub("<date>", answer.text)
            made[case] = f"{answer.status_code} {answer.headers['content-type']}\n{shown}"
        yield made


@pytest.mark.parametrize("case", CASES)
def test_the_answer_is_the_golden_one(answers: dict[str, str], case: str) -> None:
    file = FOLDER / f"{case}.txt"
    if WRITE:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(answers[case], encoding="utf-8")
    assert answers[case] == file.read_text(encoding="utf-8")


def test_every_action_and_refusal_has_its_golden_file() -> None:
    wanted = {
        f"{action.name}.{refusal.__name__}"
        for dialect in DIALECTS
        for action in dialect.actions.values()
        for refusal in (*action.refusals, MissingKey, WrongKey)
    }
    wanted |= {f"{name}.ok" for name in ACTIONS if name != "setStatus"}
    assert wanted - set(CASES) == set()
    assert {file.stem for file in FOLDER.glob("*.txt")} == set(CASES)
