"""The frozen structs of the software shop. Amounts are 1/10,000, times UTC."""

from __future__ import annotations

from datetime import datetime

import msgspec


class BuyRequest(msgspec.Struct, frozen=True):
    """A verified reseller buys a licence key. It is no lease, so no limits count for it."""

    account_id: int
    product_id: int
    max_live: int = 0
    per_min: int = 0


class Bought(msgspec.Struct, frozen=True):
    """A key that was sold, still sealed, with the manual of its product."""

    purchase_id: int
    sealed_key: bytes
    manual: str


class Product(msgspec.Struct, frozen=True):
    """A product; `stock` is how many keys are left, counted up to MOST_COUNTED (software/views.py)."""

    id: int
    name: str
    price: int
    manual: str
    active: bool
    stock: int


class Purchase(msgspec.Struct, frozen=True):
    """What a customer bought; `sealed_key` and `manual` are there for the customer, not in the operator's lists."""

    id: int
    account_id: int
    product: str
    price: int
    currency: int
    at: datetime
    product_id: int = 0
    sealed_key: bytes = b""
    manual: str = ""
