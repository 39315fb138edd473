"""The one door for messages: every connector comes here; what it hands in is cleaned, read and queued for the desk.

A connector acknowledges its peer only after `take` returned; then the message is durable.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import msgspec

from numbank.catalogue.catalogue import Catalogue
from numbank.clock import new_uuid
from numbank.codes import Brands
from numbank.codes.mail import read_mail
from numbank.codes.memory import Memory
from numbank.codes.message import Message, read_message
from numbank.codes.services import Hint
from numbank.errors import BadRequest, Refusal
from numbank.intake.deliver import Intake
from numbank.messages.model import Incoming, Medium, Read
from numbank.turns import Turns

MAX_TEXT = 65_536
# Longer texts are read in a thread: 1 KB takes 1 to 3 ms, the most that is read (16 KB) some 50.
LONG_TEXT = 1_024
# Messages that are read in one turn of the loop, in some 60 us: a statement of the clerk takes twice as long or more.
AT_ONCE = 2
WARM = "Your code is one two three four five"
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
        self._memory = Memory(self._brands)
        self._turns = Turns(AT_ONCE)

    async def learn(self, hints: Sequence[Hint] = ()) -> None:
        """Build the names of services again; called when the catalogue or the operators' `hints` changed. In a thread, with
        all that is loaded once for every message: words of languages and of services.
        """
        self._brands, self._memory = await asyncio.to_thread(_build, self._catalogue.spellings, hints)

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
        await self._turns.wait()
        text, sender = clean(arrival.text), clean(arrival.sender)
        unread = Incoming(
            arrival.supplier_id,
            clean(arrival.foreign_id) or str(new_uuid()),
            arrival.e164,
            sender,
            text,
            None,
            0.0,
            frozenset(),
            arrival.own_only,
            arrival.medium,
            arrival.language,
            clean(arrival.recording_url),
        )
        return await self._deliver(unread.read_as(await self.read(unread)))

    async def read(self, message: Incoming) -> Read:
        """The code and the services in a clean message, also in one that was kept; a long one in a thread, and a transcript:
        the number words of all languages are loaded for the first one, and only where calls come.
        """
        country = self._catalogue.iso2_of(message.e164)
        is_call = message.medium is Medium.CALL
        if not is_call and len(message.text) <= LONG_TEXT:
            return self._known(self._memory.read(message.text, message.sender, country))
        afresh = partial(
            read_message, message.text, message.sender, self._brands, kind="voice" if is_call else "sms",
            country=country, language=message.language or "",
        )  # fmt: skip
        found = await asyncio.to_thread(afresh) if message.text else afresh()
        return self._known(found)

    def _known(self, found: Message) -> Read:
        """What was read, with the services as this bank knows them."""
        by_code = self._catalogue.by_code
        services = frozenset(by_code[code].id for code in found.services if code in by_code)
        likeliest = by_code.get(found.service.code) if found.service is not None else None
        service = likeliest.id if likeliest is not None else None
        senders = frozenset(by_code[code].id for code in found.senders if code in by_code)
        return Read(found.found, services, service, senders)


def _build(rows: Sequence[tuple[str, Sequence[str]]], hints: Sequence[Hint]) -> tuple[Brands, Memory]:
    brands = Brands.build(rows, hints)
    # The first message must not wait for what is only loaded when it is used.
    read_message(WARM, "", brands)
    read_mail(WARM, WARM, None, "")
    return brands, Memory(brands)


def clean(text: str) -> str:
    """Text that PostgreSQL can keep: no NUL (shows as U+FFFD), no half of a surrogate pair (shows as ?)."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
