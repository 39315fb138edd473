"""The door for mails as bytes: every way by which mails come hands them in here; they are read once and kept for each
recipient. The sender is told that a mail is taken only after this returned; then it is durable.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec

from numbank.codes.mail import MailFound, read_mail_and_text
from numbank.errors import Refusal
from numbank.intake.door import clean
from numbank.mailbox.deliver import MailDoor, Taken
from numbank.mailbox.model import IncomingMail
from numbank.suppliers.smtp.parse import Parsed, parse

# Longer mails are read in a thread: 4 KB of HTML take some 2 ms, the way to a thread 0.1 ms.
LONG_MAIL = 4_096
MAX_SENDER = 320
# Threads of their own: mails that are made to be slow delay other long mails, and nothing else of the bank.
READERS = 2


class Letter(msgspec.Struct, frozen=True):
    """A mail with its envelope. `sender` is empty for a bounce; `recipients` are as the client wrote them."""

    sender: str
    recipients: Sequence[str]
    content: bytes


class LetterBox:
    """Reads letters and hands them to the mail door of the bank. `crashed` is told about bugs of the reading."""

    def __init__(self, door: MailDoor, crashed: Callable[[Exception], None]) -> None:
        self._door = door
        self._crashed = crashed
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="mail-reader")
        self.accepts: Callable[[str], Awaitable[bool | Refusal]] = door.accepts

    async def take(self, letter: Letter) -> dict[str, Taken | Refusal]:
        """What became of the letter for each of its recipients, all of them at once."""
        if len(letter.content) > LONG_MAIL:
            parsed, found = await asyncio.get_running_loop().run_in_executor(self._readers, self._read, letter.content)
        else:
            parsed, found = self._read(letter.content)
        sender = clean(letter.sender)[:MAX_SENDER]
        recipients = list(dict.fromkeys(letter.recipients))
        answers = await asyncio.gather(
            *(self._door.take(_incoming(one, sender, parsed, found, len(letter.content))) for one in recipients)
        )
        return dict(zip(recipients, answers, strict=True))

    def _read(self, content: bytes) -> tuple[Parsed, MailFound]:
        """The texts of a mail and its value. A mail that trips the reader is kept all the same: refused, it would be sent
        again for days, and trip it every time."""
        parsed = parse(content)
        try:
            found, visible = read_mail_and_text(parsed.subject, parsed.text, parsed.html, parsed.author)
            if parsed.html and not parsed.text.strip():
                parsed = msgspec.structs.replace(parsed, text=visible)
        except Exception as error:
            self._crashed(error)
            found = MailFound(None, None, 0.0)
        return parsed, found


def _incoming(recipient: str, sender: str, parsed: Parsed, found: MailFound, size: int) -> IncomingMail:
    return IncomingMail(
        recipient,
        sender,
        parsed.author,
        parsed.subject,
        parsed.text,
        parsed.html,
        parsed.attachments,
        size,
        found.code,
        found.link,
        found.confidence,
        (parsed.message_id, parsed.digest),
        is_read=True,
        uncertain=found.uncertain,
    )
