"""The desk where mails come in: stored once, handed to the lease of their address, which is paid by the first one.

The mail servers use it through `bank.mail_door`, a MailDoor:

    await door.accepts(recipient) -> bool | Refusal
        After RCPT: whether that address takes mail now. `recipient` is as the client wrote it; False for what cannot be an
        address. A Refusal (Overloaded, Unavailable): try later (451).
    await door.take(IncomingMail) -> Taken | Refusal
        After DATA, once per recipient. STORED and DUPLICATE: the mail is durable (250). NotFound: the address never was ours
        (550). BadRequest: the recipient is no address, or a text is too long (552). Overloaded, Unavailable: nothing was
        kept, try later (451).

Locks: mail keys, addresses, leases (engine 1.2). The address's lock is the gate: a lease that is being committed on it is
seen by the statement that follows. A mail to an address that nobody leases now is kept for the operator (NO_LEASE).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from enum import IntEnum

import msgspec

from numbank.codes.mail.html_text import text_of
from numbank.db.columns import columns
from numbank.db.counter import Answers
from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.errors import BadRequest, NotFound, Refusal
from numbank.ledger import journal
from numbank.mailbox import rules
from numbank.mailbox.address import normalise, split
from numbank.mailbox.advance import read_locked
from numbank.mailbox.model import IncomingMail, Lease
from numbank.mailbox.states import Charge
from numbank.messages.model import Fate, digest

Q = Queries("numbank.mailbox")

MAX_TEXT = 10_000_000  # of text or html, in characters
MAX_BYTES = 2**31
MAX_LINE = 4_000  # of a header, a code, a link: the rest of a header is cut off, a longer link is none
MOST_ATTACHMENTS = 100
# Longer ones are read beside the event loop.
LONG_HTML = 20_000


class Taken(IntEnum):
    """What the door answers: both mean that the mail is durable."""

    STORED = 0
    DUPLICATE = 1


class Kept(msgspec.Struct):
    """A new mail on its way into the store; the desk fills in what became of it."""

    id: int
    incoming: IncomingMail
    address_id: int
    fate: Fate = Fate.NO_LEASE
    lease: Lease | None = None


class Scale:
    """Lets so many characters pass at once; the others wait. A batch of large mails must not fill the memory."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._left = most
        self._freed = asyncio.Condition()

    @asynccontextmanager
    async def room(self, wanted: int) -> AsyncIterator[None]:
        """Wait until so many characters may pass; more than there is at all passes alone."""
        taken = min(wanted, self._most)
        async with self._freed:
            await self._freed.wait_for(lambda: self._left >= taken)
            self._left -= taken
        try:
            yield
        finally:
            async with self._freed:
                self._left += taken
                self._freed.notify_all()


class MailDoor:
    """Where mail servers ask and deliver. `deliver` and `accepting` are the `ask` of their counters, `most_chars` how much
    may be on its way to the first at once. `deliver_uncertain`: the best guess is the code, where no code is certain.
    """

    def __init__(
        self,
        deliver: Callable[[IncomingMail], Awaitable[Taken | Refusal]],
        accepting: Callable[[tuple[str, str]], Awaitable[bool | Refusal]],
        most_chars: int,
        *,
        deliver_uncertain: bool = False,
    ) -> None:
        self._deliver = deliver
        self._accepting = accepting
        self._deliver_uncertain = deliver_uncertain
        self._scale = Scale(most_chars)

    async def accepts(self, recipient: str) -> bool | Refusal:
        """Whether an address takes mail now: it is leased, or rests on a domain that is still in use."""
        email = normalise(recipient)
        return False if email is None else await self._accepting(split(email))

    async def take(self, mail: IncomingMail) -> Taken | Refusal:
        """Take a mail in for one recipient. What has no text of its own is read by the text of its HTML; what ends a text
        without saying anything is cut off.
        """
        recipient = normalise(mail.recipient)
        if recipient is None or max(len(mail.text), len(mail.html)) > MAX_TEXT or not 0 <= mail.bytes < MAX_BYTES:
            return BadRequest()
        text = mail.text
        if not mail.is_read and not text.strip() and mail.html:
            text = await asyncio.to_thread(text_of, mail.html) if len(mail.html) > LONG_HTML else text_of(mail.html)
        text = text.rstrip()
        code = rules.handed_out(mail, deliver_uncertain=self._deliver_uncertain)
        kept = msgspec.structs.replace(
            mail, recipient=recipient, text=text, sender=mail.sender[:MAX_LINE], author=mail.author[:MAX_LINE],
            subject=mail.subject[:MAX_LINE], attachments=mail.attachments[:MOST_ATTACHMENTS],
            code=code if code and len(code) <= MAX_LINE else None,
            link=mail.link if mail.link and len(mail.link) <= MAX_LINE else None,
        )  # fmt: skip
        async with self._scale.room(len(kept.text) + len(kept.html)):
            return await self._deliver(kept)


async def accepting(connection: Connection, recipients: Sequence[tuple[str, str]]) -> Answers[bool]:
    """Serve the counter of recipients (local part, domain): one read for all that wait."""
    rows = await connection.fetch(Q.accepting, *columns(recipients))
    known = {(row[0], row[1]) for row in rows}
    return Answers([recipient in known for recipient in recipients])


class DeliverDesk:
    """Serves the counter of mails."""

    async def serve(self, tx: Connection, incoming: Sequence[IncomingMail]) -> Answers[Taken]:
        """Take mails in. NotFound: nobody ever had this address, so nothing was kept."""
        addresses = await self._addresses(tx, incoming)
        results: list[Taken | Refusal] = [Taken.DUPLICATE] * len(incoming)
        welcome = []
        for index, one in enumerate(incoming):
            if one.recipient in addresses:
                welcome.append(index)
            else:
                results[index] = NotFound()
        if not welcome:
            return Answers(results, keep=False)
        new, now = await self._take_new(tx, [incoming[index] for index in welcome], addresses)
        for place in new:
            results[welcome[place]] = Taken.STORED
        if new:
            await self._attach(tx, list(new.values()), now)
            await self._keep(tx, list(new.values()), now)
        # A repeat is acknowledged by what another batch wrote: by a commit of its own, so that the standby has that too.
        return Answers(results)

    async def _addresses(self, tx: Connection, incoming: Sequence[IncomingMail]) -> dict[str, int]:
        """The ids of the recipients that are known; an address never changes its id."""
        wanted = sorted({one.recipient for one in incoming})
        rows = await tx.fetch(Q.addresses_of, *columns([split(recipient) for recipient in wanted]))
        return {f"{local}@{domain}": address_id for local, domain, address_id in rows}

    async def _take_new(
        self, tx: Connection, incoming: Sequence[IncomingMail], addresses: dict[str, int]
    ) -> tuple[dict[int, Kept], datetime]:
        """Remember the keys and give those that are new by their place; waits for a concurrent twin's commit."""
        ids = await tx.fetch(Q.next_mail_ids, len(incoming))
        keys = [digest(one.recipient, *one.key_parts) for one in incoming]
        fresh = {row[0] for row in await tx.fetch(Q.remember_mails, keys, [row[0] for row in ids])}
        new = {}
        for index, (one, key) in enumerate(zip(incoming, keys, strict=True)):
            if key in fresh:
                fresh.discard(key)  # the same mail twice in one batch is stored once
                new[index] = Kept(ids[index][0], one, addresses[one.recipient])
        return new, ids[0][1]

    async def _attach(self, tx: Connection, mails: list[Kept], now: datetime) -> None:
        """Lock the addresses and the leases on them, then let each mail do its work, in order."""
        ids = sorted({kept.address_id for kept in mails})
        await tx.fetch(Q.lock_addresses, ids)
        holders = {row[0]: row[1] for row in await tx.fetch(Q.read_addresses, ids) if row[1] is not None}
        leases = (await read_locked(tx, sorted(holders.values())))[0] if holders else {}
        before = dict(leases)
        posted = []
        for kept in mails:
            lease = leases.get(holders.get(kept.address_id, 0))
            kept.fate = rules.fate(kept.incoming, lease)
            if lease is None or kept.fate is not Fate.ATTACHED:
                continue
            received = rules.receive(lease, kept.incoming, kept.id, now)
            if isinstance(received, Refusal):
                kept.fate = Fate.NO_LEASE
                continue
            kept.lease, charge = received
            leases[lease.id] = kept.lease  # the next mail of this batch is decided on what this one left
            if charge is Charge.POST:
                posted.append(lease.hold_id)
        await self._save(tx, [(before[key], lease) for key, lease in leases.items() if lease is not before[key]])
        await journal.post_holds(tx, posted)

    async def _save(self, tx: Connection, moved: Sequence[tuple[Lease, Lease]]) -> None:
        if not moved:
            return
        rows = [
            (old.id, old.state, old.mails, new.state, new.mails, new.mail_id, new.value, new.has_code)
            for old, new in moved
        ]
        changed = await tx.fetchval(Q.save_mails, *columns(rows))
        if changed != len(rows):
            raise RuntimeError(f"{changed} of {len(rows)} mailboxes were in the state that was decided on")

    async def _keep(self, tx: Connection, mails: Sequence[Kept], now: datetime) -> None:
        """Write mails with their fates."""
        rows = [
            (
                kept.id, kept.address_id, one.recipient, kept.lease.id if kept.lease is not None else None, one.sender,
                one.author, one.subject, one.text, one.html, msgspec.json.encode(one.attachments).decode(), one.bytes,
                one.code, one.link, one.confidence, kept.fate,
            )
            for kept, one in ((kept, kept.incoming) for kept in mails)
        ]  # fmt: skip
        await tx.execute(Q.insert_mails, *columns(rows), now)
