"""The partner software shop on the wire (protocol.md 4; 12.5, 37)."""

from __future__ import annotations

from numbank.errors import (
    AccountInactive,
    Banned,
    ChannelsLimit,
    NoBalance,
    NoKeysLeft,
    NoProduct,
    NotVerified,
)
from numbank.leases import paying
from numbank.leases.earning import credit_cashback
from numbank.ledger import journal
from numbank.software import rules
from numbank.software.desk import SoftwareDesk
from numbank.software.model import BuyRequest
from numbank.wire import params as p
from numbank.wire.call import Call, accept
from numbank.wire.encoding import encode
from numbank.wire.lease import may_buy
from numbank.wire.registry import action

# Products are numbered by a column of four bytes; nothing above can be one.
LAST_PRODUCT = 2**31 - 1


@action(
    "buyPartnerProduct",
    params=(p.PRODUCT_ID,),
    replies=('{"status":"success","key":"..","manual":".."}',),
    refusals=(AccountInactive, ChannelsLimit, Banned, NotVerified, NoProduct, NoKeysLeft, NoBalance),
    json=True,
    poll=False,
    way=(SoftwareDesk, rules.sale, paying.pay, journal.place_holds, journal.post_holds, credit_cashback),
)
async def buy_partner_product(call: Call) -> bytes:
    """Buy a licence key of a partner's software; for verified resellers. A key is sold once, and paid at once."""
    may_buy(call)
    if not call.customer.verified:
        raise NotVerified
    product_id = call.whole(p.PRODUCT_ID)
    if product_id is None or product_id > LAST_PRODUCT:
        raise NoProduct
    bought = accept(await call.desks.software.buy(BuyRequest(call.customer.id, product_id)))
    return encode(
        {
            "status": "success",
            "key": call.desks.software.open_key(bought.sealed_key),
            "manual": bought.manual,
        }
    )
