"""What the mail server allows: its limits, who may connect, and how often. Kept in the memory of one worker process."""

from __future__ import annotations

from collections import Counter
from ssl import PROTOCOL_TLS_SERVER, SSLContext, SSLError, TLSVersion

import msgspec

from numbank.errors import OperatorError

WINDOW_S = 60.0
# Client addresses remembered within a minute; beyond that the minute begins again.
MOST_REMEMBERED = 100_000
# Bytes of mails that are being sent, all connections together: what does not fit is told to come later.
MOST_HELD = 256 * 1024 * 1024


class Limits(msgspec.Struct, frozen=True):
    """Times in seconds, sizes in bytes. `tls` None: STARTTLS is not offered. `mails_per_min` 0: no limit."""

    hostname: str
    most_bytes: int = 10_485_760
    recipients: int = 100
    connections: int = 1_000
    per_address: int = 50
    mails_per_min: int = 0
    idle_s: float = 300.0
    data_s: float = 600.0
    tls: SSLContext | None = None
    require_tls: bool = False


class Door(msgspec.Struct, frozen=True):
    """Where to listen: a TCP address, the path of a unix socket, or a socket that listens already."""

    lmtp: bool = False
    host: str = ""
    port: int = 0
    path: str = ""
    listening: int | None = None  # a file descriptor


class Gate:
    """Counts what is there. An empty `address` is a client of this machine by a unix socket: only the total counts."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._by_address: Counter[str] = Counter()
        self._all = 0
        self._mails: Counter[str] = Counter()
        self._minute = float("-inf")
        self._held = 0

    @property
    def connections(self) -> int:
        """How many are open."""
        return self._all

    def enter(self, address: str) -> bool:
        """A connection comes; False when there are too many."""
        if self._all >= self._limits.connections:
            return False
        if address and self._by_address[address] >= self._limits.per_address:
            return False
        self._all += 1
        self._by_address[address] += 1
        return True

    def leave(self, address: str) -> None:
        """One that entered has gone."""
        self._all -= 1
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]

    def may_send(self, address: str, now: float) -> bool:
        """Whether a client may send one more mail in this minute, which is counted. `now` is monotonic."""
        if not address or not self._limits.mails_per_min:
            return True
        if now - self._minute >= WINDOW_S or len(self._mails) >= MOST_REMEMBERED:
            self._mails.clear()
            self._minute = now
        self._mails[address] += 1
        return self._mails[address] <= self._limits.mails_per_min

    def hold(self, size: int) -> bool:
        """Keep so many bytes more in memory; False when it is full. They count until they are let go, in either case."""
        self._held += size
        return self._held <= MOST_HELD

    def let_go(self, size: int) -> None:
        """So many bytes are free again."""
        self._held -= size


def tls_context(cert_file: str, key_file: str) -> SSLContext | None:
    """The context for STARTTLS; None without a certificate. OperatorError for files that do not serve."""
    if not cert_file:
        if key_file:
            raise OperatorError(
                "setting NUMBANK_SMTP_KEY_FILE: there is no certificate: set NUMBANK_SMTP_CERT_FILE too"
            )
        return None
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.minimum_version = TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(cert_file, key_file or None, password=_no_password)
    except SSLError as error:
        raise OperatorError(f"certificate {cert_file}: {error.reason or error}") from None
    except OSError as error:
        raise OperatorError(f"certificate {cert_file} or its key {key_file}: {error.strerror}") from None
    except ValueError:
        raise OperatorError(f"certificate {cert_file}: its key has a password; expected one without") from None
    return context


def _no_password() -> str:
    """Without this OpenSSL would ask on the terminal."""
    raise ValueError
