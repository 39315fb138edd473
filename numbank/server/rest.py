"""Wires the JSON APIs to the bank of one worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numbank.hooks.desk import HookDesk
from numbank.hooks.posting import terms
from numbank.rest.app import Rest, RestWatch
from numbank.rest.desks import Desks

if TYPE_CHECKING:
    from numbank.server.bank import Bank


def rest(bank: Bank, watch: RestWatch) -> Rest:
    """The JSON APIs of the bank."""
    wire = bank.desks
    desks = Desks(
        settings=bank.settings,
        hooks=HookDesk(bank.pool, bank.seals, terms(bank.settings)),
        calls=bank.calls.desk,
        catalogue=bank.catalogue,
        prices=bank.prices,
        mail=wire.mail,
        products=wire.software.products,
        rates=wire.rates,
        purchases=wire.software.bought,
        open_key=wire.software.open_key,
    )
    return Rest(bank.keys, bank.policy, desks, watch)
