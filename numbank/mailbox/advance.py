"""The desk that ends leases of mailboxes: cancel and expiry, one transaction for all that wait.

Locks: accounts, mail prices, domains, addresses, leases; each by id (engine 1.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from numbank.db.counter import Answers
from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.errors import NoMailbox, Refusal
from numbank.ledger import journal
from numbank.mailbox import rules
from numbank.mailbox.ending import After, Ending, end_leases
from numbank.mailbox.model import LONGEST_TEXT, ChangeRequest, Lease, Mailbox
from numbank.mailbox.states import Event, State

Q = Queries("numbank.mailbox")


class _Keys(msgspec.Struct, frozen=True):
    """What never changes about a lease; `price_id` is the limited price that may get it back."""

    id: int
    account_id: int
    address_id: int
    domain_id: int
    price_id: int | None


class ChangeDesk:
    """Serves the counter of changes and the sweep."""

    def __init__(self, after: After) -> None:
        self._after = after

    async def serve(self, tx: Connection, requests: Sequence[ChangeRequest]) -> Answers[Mailbox]:
        """Apply events. The result is the lease as it is now; one of somebody else looks like a missing one."""
        rows = await tx.fetch(Q.keys_of_mailboxes, [one.mailbox_id for one in requests])
        keys = {row[0]: _Keys(*row) for row in rows}
        mine = [
            one for one in requests
            if one.mailbox_id in keys and one.account_id in (None, keys[one.mailbox_id].account_id)
        ]  # fmt: skip
        if not mine:
            return Answers([NoMailbox()] * len(requests), keep=False)
        ending = [keys[one.mailbox_id] for one in mine]
        await journal.lock_accounts(tx, [one.account_id for one in ending])
        prices = [one.price_id for one in ending if one.price_id is not None]
        if prices:
            await tx.fetch(Q.lock_prices, prices)
        await tx.fetch(Q.lock_domains, [one.domain_id for one in ending])
        await tx.fetch(Q.lock_addresses, [one.address_id for one in ending])
        leases, now = await read_locked(tx, [one.id for one in ending])
        results: dict[int, Mailbox | Refusal] = {}
        changes: list[Ending] = []
        for request in mine:
            lease = leases[request.mailbox_id]
            change = rules.advance(lease, request.event, now)
            if isinstance(change, Refusal):
                results[lease.id] = change
                continue
            leases[lease.id] = after = msgspec.structs.replace(lease, state=change.to)
            results[lease.id] = after.shown()
            if not change.idle:
                changes.append(Ending(lease, change, request.event, keys[lease.id].price_id))
        if changes:
            await end_leases(tx, changes, now, self._after)
        await _read_texts(tx, [leases[one.mailbox_id] for one in mine if one.account_id is not None], results)
        # No lease is twice in a batch (the counter's key), so who asks for somebody else's finds nothing here.
        # A yes to what another batch wrote already is said by a commit of its own, so that the standby has that too.
        kept = not all(isinstance(one, Refusal) for one in results.values())
        return Answers([results.get(request.mailbox_id, NoMailbox()) for request in requests], keep=kept)


async def _read_texts(tx: Connection, leases: Sequence[Lease], results: dict[int, Mailbox | Refusal]) -> None:
    """Add the texts of the mails that show to what customers get."""
    wanted = {lease.id: lease.mail_id for lease in leases if lease.mail_id is not None}
    if not wanted:
        return
    texts = dict(map(tuple, await tx.fetch(Q.texts_of_mails, list(wanted.values()), LONGEST_TEXT)))
    for mailbox_id, mail_id in wanted.items():
        shown = results[mailbox_id]
        if isinstance(shown, Mailbox):
            results[mailbox_id] = msgspec.structs.replace(shown, full_message=texts.get(mail_id))


async def read_locked(tx: Connection, mailbox_ids: Sequence[int]) -> tuple[dict[int, Lease], datetime]:
    """Lock leases in id order, then read them in the next statement (engine 1.1); with the batch's time."""
    await tx.fetch(Q.lock_mailboxes, list(mailbox_ids))
    rows = await tx.fetch(Q.read_mailboxes, list(mailbox_ids))
    leases = {}
    for row in rows:
        values = list(row[:-1])
        values[9] = State(values[9])
        values[10] = None if values[10] is None else Event(values[10])
        leases[row[0]] = Lease(*values)
    return leases, rows[0][-1]
