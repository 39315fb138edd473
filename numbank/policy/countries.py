"""The country of an address, from the operator's database file in MaxMind's format; read again when it changes."""

from __future__ import annotations

from pathlib import Path

import maxminddb
import structlog

from numbank.errors import OperatorError
from numbank.policy.clients import Address

log = structlog.get_logger("numbank")

UNREADABLE = (OSError, ValueError, maxminddb.InvalidDatabaseError)


class CountryDatabase:
    """A database file, in memory: one that is mapped and written over would end the process. Without a path: no answers."""

    def __init__(self, path: str) -> None:
        self._path = Path(path).expanduser() if path else None
        self._reader: maxminddb.Reader | None = None
        self._stamp: tuple[int, int, int] | None = None

    @property
    def known(self) -> bool:
        """Whether there is a database to ask."""
        return self._reader is not None

    def open(self) -> None:
        """Read the file; OperatorError when it cannot be read. Takes some milliseconds per megabyte."""
        if self._path is None:
            return
        try:
            self._read(self._path)
        except UNREADABLE as error:
            damaged = isinstance(error, maxminddb.InvalidDatabaseError)  # its words name the file once more
            reason = "no database in MaxMind's format" if damaged else getattr(error, "strerror", None) or str(error)
            raise OperatorError(f"setting NUMBANK_REGION_DATABASE={str(self._path)!r}: {reason}") from None

    def refresh(self) -> bool:
        """Read the file again if it changed; True when there is something new. What cannot be read does not replace it."""
        if self._path is None:
            return False
        try:
            if self._stamp_of(self._path) == self._stamp:
                return False
            self._read(self._path)
        except UNREADABLE as error:
            log.warning("region_database_not_read", error=type(error).__name__)
            return False
        log.info("region_database_read", built=self._reader.metadata().build_epoch if self._reader else None)
        return True

    def country(self, address: Address) -> str | None:
        """The two letters of the country, None when the database does not know it."""
        if self._reader is None:
            return None
        try:
            record = self._reader.get(address)
        except ValueError:  # an IPv6 address and a database of IPv4 only
            return None
        except maxminddb.InvalidDatabaseError:
            log.warning("region_database_damaged")
            return None
        return country_in(record)

    def _read(self, path: Path) -> None:
        stamp = self._stamp_of(path)
        # With MODE_MEMORY nothing of the file stays open.
        self._reader = maxminddb.open_database(path, maxminddb.MODE_MEMORY)
        self._stamp = stamp

    @staticmethod
    def _stamp_of(path: Path) -> tuple[int, int, int]:
        status = path.stat()
        return status.st_mtime_ns, status.st_size, status.st_ino


def country_in(record: object) -> str | None:
    """The country in a record: `country.iso_code` (GeoIP, DB-IP), else `registered_country`, or plain letters (IPinfo)."""
    if not isinstance(record, dict):
        return None
    for name in ("country", "registered_country", "country_code"):
        found = record.get(name)
        code = found.get("iso_code") if isinstance(found, dict) else found
        if isinstance(code, str) and len(code) == 2:
            return code.upper()
    return None
