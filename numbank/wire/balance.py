"""The actions about money (protocol.md 2.3, 12.5)."""

from __future__ import annotations

from numbank.customers import register, standing
from numbank.money import format_minor
from numbank.wire.call import Call
from numbank.wire.registry import action


@action("getBalance", replies=("ACCESS_BALANCE:<decimal>",), way=(register.balance,))
async def get_balance(call: Call) -> bytes:
    """What the customer has, without a blank behind the colon."""
    return b"ACCESS_BALANCE:" + format_minor(await call.desks.balance(call.customer.id)).encode()


@action("getBalanceAndCashBack", replies=("ACCESS_BALANCE:<decimal>",), way=(standing.money,))
async def get_balance_and_cashback(call: Call) -> bytes:
    """What the customer has, with the cashback when the account spends it (useCashBack was true once)."""
    held = await call.desks.money(call.customer.id)
    return b"ACCESS_BALANCE:" + format_minor(held.to_spend).encode()


@action("getQiwiRequisites", replies=('{"status":"FALSE"}',), json=True)
async def get_qiwi_requisites(call: Call) -> bytes:  # noqa: ARG001  every action takes its call
    """Where to pay in by Qiwi: nowhere, the operator tops accounts up."""
    return b'{"status":"FALSE"}'
