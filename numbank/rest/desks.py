"""What the operations work with: the desks and the kept lists of one worker. Put together in server/rest.py."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec

from numbank.catalogue.catalogue import Catalogue
from numbank.catalogue.prices import PriceLists
from numbank.catalogue.rates import Rates
from numbank.errors import Refusal
from numbank.hooks.desk import HookDesk
from numbank.mailbox import model as mailboxes
from numbank.settings import Settings
from numbank.software.model import Product, Purchase
from numbank.voice.desk import Calls


class Mail(Protocol):
    """Mailboxes, as the wire asks for them too. `one` takes account and lease, `domains` a site (empty: any)."""

    @property
    def buy(self) -> Callable[[mailboxes.MailRequest], Awaitable[list[mailboxes.Mailbox] | Refusal]]:
        """Lease addresses, all or none."""

    @property
    def reorder(self) -> Callable[[mailboxes.ReorderRequest], Awaitable[mailboxes.Mailbox | Refusal]]:
        """Lease an address again."""

    @property
    def change(self) -> Callable[[mailboxes.ChangeRequest], Awaitable[mailboxes.Mailbox | Refusal]]:
        """Cancel."""

    @property
    def one(self) -> Callable[[int, int], Awaitable[mailboxes.Mailbox | Refusal]]:
        """One lease."""

    @property
    def history(self) -> Callable[[mailboxes.HistoryRequest], Awaitable[mailboxes.History | Refusal]]:
        """A page of leases."""

    @property
    def domains(self) -> Callable[[str], Awaitable[list[mailboxes.Domain] | Refusal]]:
        """What is offered."""


class Desks(msgspec.Struct, frozen=True):
    """What one worker has. `purchases` takes account, page (from 1) and size; `open_key` unseals a key for its buyer."""

    settings: Settings
    hooks: HookDesk
    calls: Calls
    catalogue: Catalogue
    prices: PriceLists
    mail: Mail
    products: Callable[[], Awaitable[list[Product] | Refusal]]
    rates: Callable[[], Awaitable[Rates]]
    purchases: Callable[[int, int, int], Awaitable[list[Purchase] | Refusal]]
    open_key: Callable[[bytes], str]
