"""Wires the software shop: its counter, its reads, and the key file that opens what was sold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from numbank.db.counter import Counter
from numbank.errors import OperatorError, Unavailable
from numbank.secrets import KeyFile
from numbank.software.desk import SoftwareDesk
from numbank.software.model import Bought, BuyRequest
from numbank.software.views import Shop
from numbank.wire.desks import SoftwareDesks

if TYPE_CHECKING:
    from pathlib import Path

    from numbank.server.bank import Bank


class Software(msgspec.Struct):
    """Its counter opens its connection when the first customer comes."""

    counter: Counter[BuyRequest, Bought]
    shop: Shop
    opener: Opener

    @property
    def desks(self) -> SoftwareDesks:
        """What the wire asks."""
        return SoftwareDesks(self.counter.ask, self.opener.open, self.shop.products, self.shop.bought)


class Opener:
    """Opens keys for those who bought them, with the key file of this node; read again when it changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: KeyFile | None = None

    def open(self, sealed: bytes) -> str:
        """The key; WrongSeal when the file does not open it, Unavailable when there is none; /readyz tells both before."""
        if self._file is None or self._file.stale:
            try:
                self._file = KeyFile.read(self._path)
            except OperatorError as error:
                raise Unavailable from error
        return self._file.open(sealed)


def software(bank: Bank, open_one: Any, common: dict[str, Any]) -> Software:
    """The shop of a bank."""
    settings = bank.settings
    desk = SoftwareDesk(bank.seals, cashback_bp=settings.cashback_bp)
    counter: Counter[BuyRequest, Bought] = Counter(
        "software",
        desk.serve,
        open_one,
        batch_limit=settings.batch_lease,
        party=lambda request: request.account_id,
        **common,
    )
    return Software(counter, Shop(bank.pool), Opener(settings.secrets_path))
