"""Wires the leases beside the plain ones: several services on one number, additional services, reactivations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from numbank.activation.additional import AdditionalDesk, AdditionalRequest
from numbank.activation.model import Activation
from numbank.activation.multi import MultiDesk, MultiRequest
from numbank.activation.reactivation import ReactivationDesk, Renewals, RenewRequest
from numbank.db.counter import Counter
from numbank.settings import prices_by_currency, shares
from numbank.wire.desks import FurtherDesks

if TYPE_CHECKING:
    from numbank.server.bank import Bank


class Further(msgspec.Struct):
    """Their counters; each opens its connection when the first customer comes."""

    multi: Counter[MultiRequest, list[Activation]]
    additional: Counter[AdditionalRequest, Activation]
    renew: Counter[RenewRequest, Activation]
    renewals: Renewals

    @property
    def counters(self) -> tuple[Counter[Any, Any], ...]:
        """All of them, to start and to stop."""
        return self.multi, self.additional, self.renew

    @property
    def desks(self) -> FurtherDesks:
        """What the wire asks."""
        return FurtherDesks(self.multi.ask, self.additional.ask, self.renew.ask, self.renewals.quote)


def further(bank: Bank, open_one: Any, common: dict[str, Any]) -> Further:
    """The counters of a bank."""
    settings = bank.settings
    lives, windows = shares(settings.activation_life_overrides), shares(settings.early_cancel_overrides)

    def times(service_id: int) -> tuple[float, float]:
        code = bank.catalogue.services[service_id].code
        return lives.get(code, settings.activation_life_s), windows.get(code, settings.early_cancel_s)

    multi = MultiDesk(
        bank.suppliers,
        operator_fallback=settings.operator_fallback,
        claim_pools=settings.claim_pools,
        surcharge=settings.forward_surcharge_minor,
    )
    additional = AdditionalDesk(bank.suppliers, prices_by_currency(settings.additional_service_prices))
    renewal = ReactivationDesk(bank.suppliers, times, bank.policy.permits)
    common = common | {"batch_limit": settings.batch_lease, "party": lambda request: request.account_id}
    return Further(
        Counter("multi", multi.serve, open_one, **common),
        Counter("additional", additional.serve, open_one, key=lambda request: request.parent_id, **common),
        Counter("reactivation", renewal.serve, open_one, **common),
        Renewals(bank.pool, bank.policy.permits),
    )
