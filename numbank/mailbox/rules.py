"""The decisions about mailboxes: pure functions over frozen structs and the state table. No I/O, no clock, no words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from numbank.errors import BadRequest, EarlyCancel, NoMailbox, Refusal
from numbank.mailbox.model import IncomingMail, Lease, MailType, Offer, Room
from numbank.mailbox.states import FIRST_ENDED, TABLE, Charge, Event, State
from numbank.messages.model import Fate

MOST_AT_ONCE = 10


class Change(msgspec.Struct, frozen=True):
    """What an event does to a lease. `idle`: nothing has to be written."""

    to: State
    charge: Charge
    idle: bool

    @property
    def ended(self) -> bool:
        """Whether the lease is over."""
        return self.to >= FIRST_ENDED


def many(count: int) -> Refusal | None:
    """Refuse a number of addresses that nobody may ask for at once."""
    return None if 1 <= count <= MOST_AT_ONCE else BadRequest()


def advance(lease: Lease, event: Event, now: datetime) -> Change | Refusal:
    """Decide on an event. A cancel that is repeated gives the same success; everything else on an ended lease NoMailbox."""
    if lease.state >= FIRST_ENDED:
        same = lease.ended_by is event is Event.CANCEL
        return Change(lease.state, Charge.NONE, idle=True) if same else NoMailbox()
    if event is Event.EXPIRE and now < lease.due_at:
        return NoMailbox()  # a sweep that read an older state of this lease
    step = TABLE.get((lease.state, event))
    if step is None:
        return NoMailbox()  # a reorder of what still waits for its mail
    if step.guarded and now < lease.cancel_from:
        return EarlyCancel()
    return Change(step.to, step.charge, idle=False)


def fate(mail: IncomingMail, lease: Lease | None) -> Fate:
    """What becomes of a mail to an address of ours; `lease` is the one that holds it. What nobody can read is not paid."""
    if not (mail.code or mail.link or mail.text.strip() or mail.subject.strip()):
        return Fate.NO_TEXT
    return Fate.NO_LEASE if lease is None or lease.state >= FIRST_ENDED else Fate.ATTACHED


def handed_out(mail: IncomingMail, *, deliver_uncertain: bool) -> str | None:
    """The code that a customer gets: a certain one; where guesses are handed out the best, if there is no link either."""
    return mail.code or (mail.uncertain if deliver_uncertain and not mail.link else None)


def receive(lease: Lease, mail: IncomingMail, mail_id: int, now: datetime) -> tuple[Lease, Charge] | Refusal:
    """Decide on a mail that fits: the lease as it is from now on, and what that does to its hold."""
    change = advance(lease, Event.MAIL, now)
    if isinstance(change, Refusal):
        return change
    moved = msgspec.structs.replace(lease, state=change.to, mails=lease.mails + 1)
    if _worth(mail) >= _shown(lease):
        value = mail.code or mail.link
        moved = msgspec.structs.replace(moved, mail_id=mail_id, value=value, has_code=mail.code is not None)
    return moved, change.charge


def _worth(mail: IncomingMail) -> int:
    """A code is worth more than a link, a link more than a guess or a text: what is worth less never hides what shows."""
    is_guess = mail.code is not None and mail.code == mail.uncertain
    return 2 if mail.code and not is_guess else 1 if mail.link else 0


def _shown(lease: Lease) -> int:
    return 2 if lease.has_code else 1 if lease.value else 0


def hosts_of(site: str) -> list[str]:
    """A host and everything above it, the nearest first."""
    labels = site.split(".")
    return [".".join(labels[start:]) for start in range(len(labels))]


def denied(site: str, decisions: Mapping[str, bool]) -> bool:
    """Whether no mailbox is leased for a site: the nearest decision at it or above it counts."""
    return next((decisions[host] for host in hosts_of(site) if host in decisions), False)


def price_for(offers: Sequence[Offer], site: str, mail_type: MailType | None) -> Offer | None:
    """The price to pay: of a domain before that of a zone of the same name where both are asked for, and the price for the
    site before that for any. None: nothing of that name is sold.
    """
    fitting = [offer for offer in offers if offer.site in (site, "") and mail_type in (None, offer.mail_type)]
    return max(fitting, key=lambda offer: (offer.mail_type, offer.site != ""), default=None)


def spread(rooms: Sequence[Room], count: int) -> list[Room] | None:
    """A domain for each of so many addresses, always the one with the most room; None: there is not enough.

    The rooms are counted down.
    """
    if sum(max(0, room.left) for room in rooms) < count:
        return None
    chosen = []
    for _ in range(count):
        room = max(rooms, key=lambda one: (one.left, -one.id))
        room.left -= 1
        chosen.append(room)
    return chosen


def available(left: int, remaining: int | None) -> int:
    """How many addresses show: what the domains take, at most what is left at the price."""
    return max(0, left if remaining is None else min(left, remaining))
