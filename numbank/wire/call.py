"""One call of one customer, and how its parameters are read."""

from __future__ import annotations

from datetime import datetime

import msgspec

from numbank import errors
from numbank.activation.model import Activation
from numbank.catalogue.model import ANY_OPERATOR
from numbank.customers.keys import Customer
from numbank.errors import Refusal
from numbank.wire.desks import Desks
from numbank.wire.params import ID, TRUE_WORDS
from numbank.wire.registry import Param

# Longer digit strings are numbers, but no id of ours: they find nothing.
MAX_DIGITS = 18
NOBODYS_ID = 2**63 - 1


# What old clients send for a parameter that their user left out.
UNSET = frozenset({"", "null"})

accept = errors.accept


class Call(msgspec.Struct, frozen=True):
    """A request after its key was found: fields by name, the customer, the desks. `id` is the field of that name where it is
    a whole number: it was read once for all polls that ask the same.
    """

    fields: dict[str, str]
    customer: Customer
    desks: Desks
    id: int | None = None

    def text(self, param: Param) -> str:
        """The value without blanks around it, under any of the parameter's names; empty when absent."""
        value = self.fields.get(param.name)
        if value:
            return value.strip()
        for alias in param.aliases:
            value = self.fields.get(alias)
            if value:
                return value.strip()
        return ""

    def true(self, param: Param) -> bool:
        """1, true, True, yes; anything else is false."""
        return self.text(param) in TRUE_WORDS

    def whole(self, param: Param) -> int | None:
        """A whole number of plain digits, None when it is not one. Absurdly long ones become an id of nobody."""
        return whole(self.text(param))

    def lease_id(self, otherwise: type[Refusal]) -> int:
        """The id of an activation; raises `otherwise` when it is not a number."""
        lease_id = self.whole(ID) if self.id is None else self.id
        if lease_id is None:
            raise otherwise
        return lease_id

    def operator_ids(self, country_id: int, text: str) -> frozenset[int]:
        """The operators that a list names; empty means any. Unknown names count as operators that do not fit."""
        names = listed(text)
        if not names or ANY_OPERATOR in names:
            return frozenset()
        known = self.desks.catalogue.by_country.get(country_id, {})
        return frozenset(known[name].id if name in known else 0 for name in names)

    def date(self, at: datetime) -> str:
        """A date as the wire shows it: `Y-m-d H:i:s` in the zone of the settings, without naming it."""
        return at.astimezone(self.desks.zone).strftime("%Y-%m-%d %H:%M:%S")

    def code_of(self, activation: Activation) -> str:
        """The code, or the placeholder for a message in which none was recognised (protocol.md 12.2, 12)."""
        return activation.code or self.desks.settings.no_code_word


def listed(text: str) -> set[str]:
    """The names of a list with commas between; what stands for nothing is left out."""
    return {name.strip() for name in text.split(",")} - UNSET


def whole(text: str) -> int | None:
    """Plain ASCII digits as a number."""
    if not text.isascii() or not text.isdigit():
        return None
    return int(text) if len(text) <= MAX_DIGITS else NOBODYS_ID
