"""What the actions may use: the counters to ask, the kept lists and the few reads. Put together in server/."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from zoneinfo import ZoneInfo

import msgspec

from numbank.activation.additional import AdditionalRequest
from numbank.activation.history import History
from numbank.activation.model import (
    Activation,
    AdvanceRequest,
    LeaseRequest,
    Status,
    StatusRequest,
)
from numbank.activation.multi import MultiRequest
from numbank.activation.reactivation import Quote, RenewRequest
from numbank.activation.states import State
from numbank.activation.views import Views
from numbank.catalogue.catalogue import Catalogue
from numbank.catalogue.prices import PriceLists
from numbank.catalogue.rates import Rates
from numbank.customers.keys import KeyRing
from numbank.customers.standing import Money
from numbank.errors import Refusal
from numbank.mailbox import model as mailboxes
from numbank.policy.policy import Policy
from numbank.rent import model as rentals
from numbank.rent.states import State as RentState
from numbank.settings import Settings, shares
from numbank.software import model as shop
from numbank.voice.desk import Calls
from numbank.wire.board import Board


class FurtherDesks(msgspec.Struct, frozen=True):
    """Leases beside the plain ones; `quote` takes account, lease and discount."""

    multi: Callable[[MultiRequest], Awaitable[list[Activation] | Refusal]]
    additional: Callable[[AdditionalRequest], Awaitable[Activation | Refusal]]
    reactivate: Callable[[RenewRequest], Awaitable[Activation | Refusal]]
    quote: Callable[[int, int, int], Awaitable[Quote | Refusal]]


class RentDesks(msgspec.Struct, frozen=True):
    """Rentals. `quote` takes account, rental, hours; `one` account and rental; `inbox` account, rental, page (from 0), size;
    `live` account, page (from 1), size; `rentable` country, hours, operators, whether calls are wanted.
    """

    rent: Callable[[rentals.RentRequest], Awaitable[rentals.Rental | Refusal]]
    extend: Callable[[rentals.ExtendRequest], Awaitable[rentals.Rental | Refusal]]
    change: Callable[[rentals.ChangeRequest], Awaitable[RentState | Refusal]]
    quote: Callable[[int, int, int], Awaitable[rentals.Quote | Refusal]]
    one: Callable[[int, int], Awaitable[rentals.Rental | Refusal]]
    inbox: Callable[[int, int, int, int], Awaitable[rentals.Inbox | Refusal]]
    live: Callable[[int, int, int], Awaitable[list[rentals.Rental] | Refusal]]
    rentable: Callable[[int, int, frozenset[int], bool], Awaitable[rentals.Rentable | Refusal]]


class MailDesks(msgspec.Struct, frozen=True):
    """Mailboxes. `one` takes account and lease, `domains` a site (empty: any)."""

    buy: Callable[[mailboxes.MailRequest], Awaitable[list[mailboxes.Mailbox] | Refusal]]
    reorder: Callable[[mailboxes.ReorderRequest], Awaitable[mailboxes.Mailbox | Refusal]]
    change: Callable[[mailboxes.ChangeRequest], Awaitable[mailboxes.Mailbox | Refusal]]
    one: Callable[[int, int], Awaitable[mailboxes.Mailbox | Refusal]]
    history: Callable[[mailboxes.HistoryRequest], Awaitable[mailboxes.History | Refusal]]
    domains: Callable[[str], Awaitable[list[mailboxes.Domain] | Refusal]]


class SoftwareDesks(msgspec.Struct, frozen=True):
    """The software shop. `open_key` unseals a key for its buyer; `bought` takes account, page (from 1), size."""

    buy: Callable[[shop.BuyRequest], Awaitable[shop.Bought | Refusal]]
    open_key: Callable[[bytes], str]
    products: Callable[[], Awaitable[list[shop.Product] | Refusal]]
    bought: Callable[[int, int, int], Awaitable[list[shop.Purchase] | Refusal]]


class Desks:
    """The bank behind the wire."""

    def __init__(
        self,
        *,
        settings: Settings,
        keys: KeyRing,
        policy: Policy,
        catalogue: Catalogue,
        prices: PriceLists,
        views: Views,
        balance: Callable[[int], Awaitable[int]],
        money: Callable[[int], Awaitable[Money]],
        history: History,
        calls: Calls,
        status: Callable[[StatusRequest], Awaitable[Status | Refusal]],
        lease: Callable[[LeaseRequest], Awaitable[Activation | Refusal]],
        advance: Callable[[AdvanceRequest], Awaitable[State | Refusal]],
        further: FurtherDesks,
        rent: RentDesks,
        software: SoftwareDesks,
        mail: MailDesks,
        rates: Callable[[], Awaitable[Rates]],
        rent_address: Callable[[int, str], Awaitable[str]],
    ) -> None:
        self.settings = settings
        self.views = views
        self.balance = balance
        self.money = money
        self.history = history
        self.calls = calls
        self.keys = keys
        self.policy = policy
        self.catalogue = catalogue
        self.prices = prices
        self.status = status
        self.lease = lease
        self.advance = advance
        self.further = further
        self.rent = rent
        self.software = software
        self.mail = mail
        self.rates = rates
        self.rent_address = rent_address
        self.zone = ZoneInfo(settings.time_zone)
        self.board = Board(prices, catalogue, lambda: policy.denied)
        self._lives = shares(settings.activation_life_overrides)
        self._windows = shares(settings.early_cancel_overrides)

    def life_s(self, code: str) -> float:
        """Life of an activation of this service."""
        return self._lives.get(code, self.settings.activation_life_s)

    def early_cancel_s(self, code: str) -> float:
        """Early-cancel window of this service."""
        return self._windows.get(code, self.settings.early_cancel_s)
