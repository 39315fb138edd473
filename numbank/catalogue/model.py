"""The wire's three catalogue axes, and what an offer costs."""

from __future__ import annotations

import msgspec

ANY_OPERATOR = "any"
ANY_SERVICE_CODE = "ot"
RENT_SERVICE_CODE = "full"


class Country(msgspec.Struct, frozen=True):
    """A country by the protocol's own number (not a dialling code, not ISO)."""

    id: int
    iso2: str
    dialing_prefix: str
    rus: str
    eng: str
    chn: str
    es: str
    visible: bool
    retry: bool
    rent: bool
    multi_service: bool

    @property
    def prefixes(self) -> tuple[str, ...]:
        """How its telephone numbers begin, without plus; none where no calling code is known."""
        return tuple(self.dialing_prefix.split(";")) if self.dialing_prefix else ()


class Service(msgspec.Struct, frozen=True):
    """A service by its short code; names may be empty where unknown."""

    id: int
    code: str
    name_en: str
    name_ru: str
    name_es: str
    name_cn: str
    aliases: str
    forward_capable: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Every spelling that is known, for recognising the service in a message."""
        spellings = (self.name_en, self.name_ru, self.name_es, self.name_cn, *self.aliases.split(";"))
        return tuple(dict.fromkeys(filter(None, (spelling.strip() for spelling in spellings))))


class Operator(msgspec.Struct, frozen=True):
    """A mobile operator of a country."""

    id: int
    country_id: int
    name: str


class Price(msgspec.Struct, frozen=True):
    """What a service costs in a country (the regular price, 1/10,000), and how many are left at that price."""

    service_id: int
    cost: int
    count: int
