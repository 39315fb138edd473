"""What the actions may use: the counters, the kept lists and the few reads. Put together in server/."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from numbank.activation.model import (
    Activation,
    AdvanceRequest,
    LeaseRequest,
    Status,
    StatusRequest,
)
from numbank.activation.states import State
from numbank.catalogue.catalogue import Catalogue
from numbank.catalogue.prices import PriceLists
from numbank.customers.keys import KeyRing
from numbank.db.counter import Counter
from numbank.db.pool import Pool
from numbank.settings import Settings, shares


class Desks:
    """The bank behind the wire."""

    def __init__(
        self,
        *,
        settings: Settings,
        pool: Pool,
        keys: KeyRing,
        catalogue: Catalogue,
        prices: PriceLists,
        status: Counter[StatusRequest, Status],
        lease: Counter[LeaseRequest, Activation],
        advance: Counter[AdvanceRequest, State],
    ) -> None:
        self.settings = settings
        self.pool = pool
        self.keys = keys
        self.catalogue = catalogue
        self.prices = prices
        self.status = status
        self.lease = lease
        self.advance = advance
        self.zone = ZoneInfo(settings.time_zone)
        self._lives = shares(settings.activation_life_overrides)
        self._windows = shares(settings.early_cancel_overrides)

    def life_s(self, code: str) -> float:
        """Life of an activation of this service."""
        return self._lives.get(code, self.settings.activation_life_s)

    def early_cancel_s(self, code: str) -> float:
        """Early-cancel window of this service."""
        return self._windows.get(code, self.settings.early_cancel_s)
