"""The catalogue as a node keeps it: read when its version changes, looked up without the database."""

from __future__ import annotations

import msgspec
import phonenumbers

from numbank.catalogue.model import ANY_SERVICE_CODE, RENT_SERVICE_CODE, Country, Operator, Service
from numbank.db.pool import Pool
from numbank.db.queries import Queries

Q = Queries("numbank.catalogue")


class Catalogue:
    """Countries, services and operators. `load` replaces everything at once; readers never see half of it."""

    def __init__(self) -> None:
        self.countries: dict[int, Country] = {}
        self.services: dict[int, Service] = {}
        self.by_code: dict[str, Service] = {}
        self.operators: dict[int, Operator] = {}
        self.by_country: dict[int, dict[str, Operator]] = {}
        self.any_service_ids: frozenset[int] = frozenset()
        self._regions: dict[str, frozenset[str]] = {}
        self._longest_prefix = 0

    async def load(self, pool: Pool) -> None:
        """Read the tables."""
        countries = [msgspec.convert(dict(row), Country) for row in await pool.fetch(Q.countries)]
        services = [msgspec.convert(dict(row), Service) for row in await pool.fetch(Q.services)]
        operators = [msgspec.convert(dict(row), Operator) for row in await pool.fetch(Q.operators)]
        by_country: dict[int, dict[str, Operator]] = {}
        for operator in operators:
            by_country.setdefault(operator.country_id, {})[operator.name] = operator
        self.countries = {country.id: country for country in countries}
        self.services = {service.id: service for service in services}
        self.by_code = {service.code: service for service in services}
        self.operators = {operator.id: operator for operator in operators}
        self.by_country = by_country
        self.any_service_ids = frozenset(service.id for service in services if service.code == ANY_SERVICE_CODE)
        regions: dict[str, set[str]] = {}
        for country in countries:
            for prefix in country.prefixes if country.iso2 else ():
                regions.setdefault(prefix, set()).add(country.iso2.upper())
        self._regions = {prefix: frozenset(found) for prefix, found in regions.items()}
        self._longest_prefix = max(map(len, regions), default=0)

    def iso2_of(self, e164: int) -> str:
        """The country of a telephone number (ISO 3166, capitals), empty where it is not known."""
        digits = str(e164)
        for length in range(self._longest_prefix, 0, -1):
            regions = self._regions.get(digits[:length])
            if regions is not None and len(regions) == 1:
                return next(iter(regions))
            if regions is not None:  # several countries share it: the digits behind it decide
                number = phonenumbers.PhoneNumber(int(digits[:length]), int(digits[length:] or 0))
                return phonenumbers.region_code_for_number(number) or ""
        return ""

    @property
    def spellings(self) -> list[tuple[str, tuple[str, ...]]]:
        """All services with their names in every language, for whoever looks for them in messages."""
        return [(service.code, service.names) for service in self.services.values()]

    def activatable(self, code: str) -> Service | None:
        """The service that can be leased for minutes under this code; `full` is for rents only."""
        return None if code == RENT_SERVICE_CODE else self.by_code.get(code)
