"""What the actions may use: the counters to ask, the kept lists and the few reads. Put together in server/."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from zoneinfo import ZoneInfo

from numbank.activation.model import (
    Activation,
    AdvanceRequest,
    LeaseRequest,
    Status,
    StatusRequest,
)
from numbank.activation.states import State
from numbank.activation.views import Views
from numbank.catalogue.catalogue import Catalogue
from numbank.catalogue.prices import PriceLists
from numbank.customers.keys import KeyRing
from numbank.errors import Refusal
from numbank.settings import Settings, shares
from numbank.wire.board import Board


class Desks:
    """The bank behind the wire."""

    def __init__(
        self,
        *,
        settings: Settings,
        keys: KeyRing,
        catalogue: Catalogue,
        prices: PriceLists,
        views: Views,
        balance: Callable[[int], Awaitable[int]],
        status: Callable[[StatusRequest], Awaitable[Status | Refusal]],
        lease: Callable[[LeaseRequest], Awaitable[Activation | Refusal]],
        advance: Callable[[AdvanceRequest], Awaitable[State | Refusal]],
    ) -> None:
        self.settings = settings
        self.views = views
        self.balance = balance
        self.keys = keys
        self.catalogue = catalogue
        self.prices = prices
        self.status = status
        self.lease = lease
        self.advance = advance
        self.zone = ZoneInfo(settings.time_zone)
        self.board = Board(prices, catalogue, settings.price_list_age_s)
        self._lives = shares(settings.activation_life_overrides)
        self._windows = shares(settings.early_cancel_overrides)

    def life_s(self, code: str) -> float:
        """Life of an activation of this service."""
        return self._lives.get(code, self.settings.activation_life_s)

    def early_cancel_s(self, code: str) -> float:
        """Early-cancel window of this service."""
        return self._windows.get(code, self.settings.early_cancel_s)
