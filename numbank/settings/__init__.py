"""The settings of the bank: what there is, and how it is read from the environment."""

from numbank.settings.kinds import PREFIX
from numbank.settings.settings import (
    FAULTS,
    SUPERVISOR,
    Settings,
    describe,
    fault_shares,
    load,
    prices_by_currency,
    redact_url,
    shares,
    unknown,
)

__all__ = [
    "FAULTS",
    "PREFIX",
    "SUPERVISOR",
    "Settings",
    "describe",
    "fault_shares",
    "load",
    "prices_by_currency",
    "redact_url",
    "shares",
    "unknown",
]
