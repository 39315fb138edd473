"""The actions about money (protocol.md 2.3)."""

from __future__ import annotations

from numbank.customers import register
from numbank.money import format_minor
from numbank.wire.call import Call
from numbank.wire.registry import action


@action("getBalance", replies=("ACCESS_BALANCE:<decimal>",), way=(register.balance,))
async def get_balance(call: Call) -> bytes:
    """What the customer has, without a blank behind the colon."""
    return b"ACCESS_BALANCE:" + format_minor(await call.desks.balance(call.customer.id)).encode()
