"""What a purchase comes to: pure functions over a request, the products and the purses of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from numbank.errors import NoProduct, Refusal
from numbank.leases.paying import Charged
from numbank.software.model import BuyRequest


class ForSale(msgspec.Struct, frozen=True):
    """An active product: its price (1/10,000) and its manual."""

    id: int
    price: int
    manual: str


class Payer(Protocol):
    """Money of accounts, counted down in order of arrival (leases/paying.py)."""

    def pay(self, request: BuyRequest, charged: Charged) -> Charged | Refusal:
        """Set a charge aside, or say that the money is not there."""


def sale(request: BuyRequest, products: Mapping[int, ForSale], purses: Payer) -> Charged | Refusal:
    """Set the price of a product aside. NoProduct for one that is unknown or switched off, NoBalance without the money."""
    product = products.get(request.product_id)
    if product is None:
        return NoProduct()
    return purses.pay(request, Charged(product.price))
