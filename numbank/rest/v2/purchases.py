"""What a customer bought in the software shop, with the keys: shown to their owner only."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from numbank.errors import accept
from numbank.money import as_number
from numbank.rest.call import Call
from numbank.rest.desks import Desks
from numbank.rest.v2 import V2
from numbank.rest.v2.paging import MOST_ROWS, SIZE, PageNumber
from numbank.rest.v2.shown import EXAMPLE_DATE, date
from numbank.secrets import WrongSeal


class PartnerPurchase(msgspec.Struct, frozen=True, rename="camel"):
    """A licence key that was bought, with the manual of its product as it is now."""

    id: int
    product_id: int
    product: str
    key: Annotated[
        str | None, Meta(description="null: the bank cannot open it now", examples=["F5qrzFoY6afj3zrEq7SeMplbx"])
    ]
    manual: str
    cost: float
    currency: int
    date: Annotated[str, Meta(examples=[EXAMPLE_DATE], extra_json_schema={"format": "date-time"})]


class PageOf(msgspec.Struct, frozen=True):
    """Which page this is; one with fewer rows than its size is the last."""

    page: int
    size: int


class PartnerPurchases(msgspec.Struct, frozen=True):
    """A page of purchases."""

    data: list[PartnerPurchase]
    meta: PageOf


class PurchaseWindow(msgspec.Struct, frozen=True):
    """Which page of the purchases."""

    size: Annotated[int, Meta(ge=1, le=MOST_ROWS, description="rows on a page; also `per_page`", extra=SIZE)] = 10
    page: PageNumber = 1


@V2.operation("GET", "/partners/purchases", query=PurchaseWindow, reply=PartnerPurchases)
async def list_purchases(call: Call) -> PartnerPurchases:
    """The licence keys that the account bought, the newest first."""
    asked = call.asked(PurchaseWindow)
    desks = call.desks
    found = accept(await desks.purchases(call.customer.id, asked.page, asked.size))
    rows = [
        PartnerPurchase(
            one.id, one.product_id, one.product, _key(desks, one.sealed_key), one.manual, as_number(one.price),
            one.currency, date(one.at),
        )
        for one in found
    ]  # fmt: skip
    return PartnerPurchases(rows, PageOf(asked.page, asked.size))


def _key(desks: Desks, sealed: bytes) -> str | None:
    """A key; None where one is damaged, which must not hide the others."""
    try:
        return desks.open_key(sealed)
    except WrongSeal:
        return None
