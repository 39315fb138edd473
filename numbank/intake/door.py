"""The one door for messages: every connector comes here; what it hands in is cleaned, read and queued for the desk.

A connector acknowledges its peer only after `take` returned; then the message is durable.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from numbank.catalogue.catalogue import Catalogue
from numbank.clock import new_uuid
from numbank.codes import Brands, Found, named_services, recognise
from numbank.codes.spoken import hear
from numbank.errors import BadRequest, Refusal
from numbank.intake.deliver import Intake
from numbank.messages.model import Incoming, Medium

MAX_TEXT = 65_536
# Longer texts are read in a thread: 64 KB take 50 ms.
LONG_TEXT = 2_048
MAX_SENDER = 255
MAX_FOREIGN_ID = 255
MAX_URL = 2_048
MAX_E164 = 10**15


class Arrival(msgspec.Struct, frozen=True):
    """A message as a connector has it. `foreign_id` empty: the supplier has no ids, so nothing counts as a repeat.

    `own_only`: refuse it unless the number belongs to this supplier. Of a call (`medium`) the sender is the caller, the
    text its transcript if the supplier wrote one, in `language` (BCP 47) if it says so; `recording_url` has the audio.
    """

    supplier_id: int
    foreign_id: str
    e164: int
    sender: str
    text: str
    own_only: bool = False
    medium: Medium = Medium.SMS
    language: str | None = None
    recording_url: str = ""


class Door:
    """Cleans and reads messages before they queue, so that nothing a stranger wrote can fail in SQL (engine 1.4)."""

    def __init__(self, deliver: Callable[[Incoming], Awaitable[Intake | Refusal]], catalogue: Catalogue) -> None:
        self._deliver = deliver
        self._catalogue = catalogue
        self._brands = Brands.build([])

    async def learn(self) -> None:
        """Build the brand words again; called when the catalogue changed. In a thread, for it takes 30 ms."""
        rows = [(service.code, service.names) for service in self._catalogue.services.values()]
        self._brands = await asyncio.to_thread(Brands.build, rows)

    @property
    def brands(self) -> Brands:
        """The brand words of now, for suppliers that write messages themselves."""
        return self._brands

    async def take(self, arrival: Arrival) -> Intake | Refusal:
        """Take a message in; BadRequest if it is too long or its number cannot be one."""
        if (
            len(arrival.text) > MAX_TEXT
            or len(arrival.sender) > MAX_SENDER
            or len(arrival.foreign_id) > MAX_FOREIGN_ID
            or len(arrival.recording_url) > MAX_URL
            or not 0 < arrival.e164 < MAX_E164
        ):
            return BadRequest()
        text, sender = clean(arrival.text), clean(arrival.sender)
        if len(text) > LONG_TEXT:
            found, services = await asyncio.to_thread(self._read, text, sender, arrival.medium)
        else:
            found, services = self._read(text, sender, arrival.medium)
        incoming = Incoming(
            arrival.supplier_id,
            clean(arrival.foreign_id) or str(new_uuid()),
            arrival.e164,
            sender,
            text,
            found.code,
            found.confidence,
            services,
            arrival.own_only,
            arrival.medium,
            arrival.language,
            clean(arrival.recording_url),
        )
        return await self._deliver(incoming)

    def _read(self, text: str, sender: str, medium: Medium) -> tuple[Found, frozenset[int]]:
        """The code and the services in a clean text; in a transcript the digits may be said one by one."""
        read = hear if medium is Medium.CALL else recognise
        return read(text, sender=sender), self.named(text, sender)

    def named(self, text: str, sender: str) -> frozenset[int]:
        """The services that a clean text and its sender clearly name."""
        by_code = self._catalogue.by_code
        named = named_services(text, sender, self._brands)
        return frozenset(by_code[code].id for code in named if code in by_code)


def clean(text: str) -> str:
    """Text that PostgreSQL can keep: no NUL (shows as U+FFFD), no half of a surrogate pair (shows as ?)."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
