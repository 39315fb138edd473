"""Reads one mail after DATA: up to the one and only end, CR LF . CR LF, with the dots removed.

A line ends with CR LF and with nothing else. A CR or LF that stands alone is how a second mail is smuggled into the first
(what one server takes for the end of a mail, the next takes for text), so such a mail is refused as a whole; so is NUL.
Lines may be of any length: the size of the mail bounds them. It is read in blocks, not in lines: a mail of five million
empty lines would hold the event loop for half a minute.
"""

from __future__ import annotations

import asyncio
from enum import Enum
from io import BytesIO

import msgspec

from numbank.suppliers.smtp.rules import Gate

CRLF = b"\r\n"
END = b"\r\n.\r\n"
# The first bytes of a mail are not counted: large ones that fill the memory do not keep out the small ones with codes.
ALWAYS_FITS = 65_536
# More than a stream ever holds, so that nothing is left behind what was read.
ALL = 2**24


class Fault(Enum):
    """Why a mail is refused: the reply, and whether the connection can go on (its end was found)."""

    TOO_LARGE = "552 5.3.4 the mail is larger than the limit"
    ENDLESS = "552 5.3.4 the mail is far larger than the limit; goodbye"
    FULL = "452 4.3.1 too many large mails at once, try again later"
    BARE = "554 5.6.0 a line ends with CR LF only, and holds no NUL; goodbye"

    @property
    def final(self) -> bool:
        """Whether the connection has to be closed: where the mail ends is not known, or not to be believed."""
        return self is not Fault.TOO_LARGE


class Received(msgspec.Struct):
    """A mail, or why there is none. `held` bytes are to be let go at the gate when the mail is done."""

    content: bytes = b""
    fault: Fault | None = None
    held: int = 0


async def receive(reader: asyncio.StreamReader, most_bytes: int, gate: Gate, received: Received) -> None:
    """Fill `received`. Nothing is kept of a mail beyond the limit; it is read on to its end, but not further than the
    limit once more. What follows the end is left in the stream.
    """
    kept = BytesIO()
    size = -len(CRLF)
    first = True
    waiting = CRLF  # what came before the mail ended a line, so a dot that comes first may be the end
    while True:
        block = waiting + await _block(reader)
        end = block.find(END)
        if end >= 0:
            _give_back(reader, block[end + len(END) :])
            part, waiting = block[: end + len(CRLF)], b""
        else:
            split = len(block) - _undecided(block)
            part, waiting = block[:split], block[split:]
        if not _is_clean(part):
            received.fault = Fault.BARE
            return
        if not part:
            continue
        part = part.replace(b"\r\n.", CRLF)
        size += len(part)
        if size <= most_bytes:
            kept.write(part[len(CRLF) :] if first else part)
            first = False
            counted = max(0, min(len(part), size - ALWAYS_FITS))
            received.held += counted
            if counted and not gate.hold(counted):
                received.fault = Fault.FULL
                return
        else:
            kept = BytesIO()
            if size > 2 * most_bytes:
                received.fault = Fault.ENDLESS
                return
        if end >= 0:
            break
    if size > most_bytes:
        received.fault = Fault.TOO_LARGE
    else:
        received.content = kept.getvalue()


async def _block(reader: asyncio.StreamReader) -> bytes:
    """What has come, at least one byte."""
    block = await reader.read(ALL)
    if not block:
        raise ConnectionResetError("the client is gone")
    return block


def _give_back(reader: asyncio.StreamReader, rest: bytes) -> None:
    """Put commands that were pipelined behind a mail back into the stream, which is empty now."""
    if rest and not reader.at_eof():
        reader.feed_data(rest)


def _undecided(block: bytes) -> int:
    """How many of the last bytes may be the beginning of the end."""
    return next((size for size in range(len(END) - 1, 0, -1) if block.endswith(END[:size])), 0)


def _is_clean(part: bytes) -> bool:
    """Whether every CR stands before an LF, every LF behind a CR, and there is no NUL. A part never ends within a pair."""
    pairs = part.count(CRLF)
    return part.count(b"\r") == pairs and part.count(b"\n") == pairs and b"\0" not in part
