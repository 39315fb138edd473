"""What is looked at after every commit: one statement that reads what is new, and at times one that compares whole tables.

Quick on purpose (half a millisecond): everything that `numbank verify` proves is proved at the end of each world too.
"""

from __future__ import annotations

from typing import NamedTuple

from tests.sim.line import Line
from tests.sim.memory import Memory, Wrong
from tests.sim.mirror import CHANGED, Mirror

WHOLE_EVERY = 25

# Rows are wrong things, whatever changed them.
TABLES = """
select format('lease %s is live on number %s, which is in state %s and held by %s', a.id, n.id, n.state, n.holder)
from activation a join number n on n.id = a.number_id
where a.state < 8 and (n.state <> 1 or n.holder <> coalesce(a.group_id, a.id))
union all
select format('number %s is held by lease %s, which is over', n.id, n.holder) from number n
where n.holder > 0 and not exists (
  select from activation a where (a.id = n.holder or a.group_id = n.holder) and a.state < 8 and a.number_id = n.id
)
union all
select format('number %s is held by rental %s, which is over', n.id, -n.holder) from number n
where n.holder < 0 and not exists (select from rent r where r.id = -n.holder and r.state < 8 and r.number_id = n.id)
union all
select format('rental %s is live on number %s, held by %s', r.id, n.id, n.holder)
from rent r join number n on n.id = r.number_id where r.state < 8 and n.holder is distinct from -r.id
union all
select format('hold %s is %s, its lease is not', coalesce(h.id, u.hold_id),
  case when h.id is null then 'closed' else 'open' end)
from (select id from hold where state = 0) h full join (
  select hold_id from activation where state < 8 and state in (0, 1, 2, 5)
  union all select c.hold_id from rent r join rent_charge c on c.rent_id = r.id where r.state = 1
  union all select hold_id from mailbox where state = 1
) u on u.hold_id = h.id where h.id is null or u.hold_id is null
union all
select format('lease %s in state %s with message %s has a hold in state %s', a.id, a.state, a.message_id, h.state)
from activation a join hold h on h.id = a.hold_id
where a.state < 8 and (h.state = 1) <> (a.message_id is not null)
  or a.state = 9 and (h.state <> 2 or a.message_id is not null)
union all
select format('address %s is held by mailbox %s, which is over', m.id, m.holder) from mail_address m
where m.holder is not null and not exists (
  select from mailbox b where b.id = m.holder and b.state < 8 and b.address_id = m.id
)
"""

# What changed ($1: mirror.py), in one round trip. $2, $3: entries above that id which are not known; $4, $5: messages.
LOOK = f"""
select {CHANGED},
  array(select row (id, kind, debit, credit, amount, hold_id) from entry
    where id > $2 and id <> all ($3::bigint[]) order by id) as entries,
  array(select row (id, cash, cashback) from account order by id) as accounts,
  array(select row (m.id, m.text, m.e164, m.lease_id, a.account_id, a.service_id, a.e164, h.state,
      case when m.lease_id > 0
        then exists (select from hook k where k.account_id = a.account_id and k.off_reason is null and not k.rents)
        else exists (select from rent r join hook k on k.id = r.hook_id where r.id = -m.lease_id and k.off_reason is null)
      end,
      (select count(*) from delivery d where d.lease_id = m.lease_id and d.message_id = m.id))
    from message m left join activation a on a.id = m.lease_id left join hold h on h.id = a.hold_id
    where m.id > $4 and m.id <> all ($5::bigint[]) order by m.id) as messages
"""

# How long after the lease that a message was meant for another customer's lease on its number may begin (s), in general
# and for the same service; who was asked for the number answers for that himself.
COOL_DOWN_S, REST_S = 120, 3_600
LATE = """
select l.ended_at is null or m.created_at < l.ended_at + make_interval(secs => case
    when m.service_id = l.service_id and not s.asked then $4::float8 else $3::float8 end)
from activation l, activation m join supplier s on s.id = m.supplier_id
where l.id = $1 and m.id = $2 and l.account_id <> m.account_id
"""


class Message(NamedTuple):
    """One message as the tables tell it, with its lease and what tells of it."""

    id: int
    text: str
    e164: int
    lease_id: int | None
    account_id: int | None
    service_id: int | None
    lease_e164: int | None
    hold_state: int | None
    hooked: bool
    deliveries: int


class Checker:
    """Follows the journal and the messages, and compares; `calm`: nothing is open, so that no lower id can come."""

    def __init__(self, observer: Line, memory: Memory) -> None:
        self._observer = observer
        self._memory = memory
        self._mirror = Mirror()
        self._entries_to = self._messages_to = 0
        self._entries: set[int] = set()
        self._messages: set[int] = set()
        self._texts: set[tuple[str, int]] = set()
        self._books: dict[int, int] = {}
        self._holds: dict[int, tuple[int, int]] = {}  # what was taken, and how it ended: 0 not, 1 posted, 2 voided
        self.steps = 0

    def look(self, *, calm: bool) -> None:
        """Wrong says what is."""
        self.steps += 1
        found = self._observer.fetchrow(
            LOOK, self._mirror.seen, self._entries_to, list(self._entries), self._messages_to, list(self._messages)
        )
        wrong = self._mirror.follow(found)
        if wrong:
            raise Wrong(f"{sorted(wrong)[:5]}")
        if self.steps % WHOLE_EVERY == 0:
            self.compare()
        for entry in found["entries"]:
            self._entries.add(entry[0])
            self._book(*entry)
        for account_id, cash, cashback in found["accounts"]:
            kept = self._books.get(2 * account_id, 0), self._books.get(2 * account_id + 1, 0)
            if kept != (cash, cashback):
                raise Wrong(f"account {account_id} has {cash} and {cashback}, its transfers say {kept}")
        for each in found["messages"]:
            message = Message(*each)
            self._messages.add(message.id)
            self._read(message)
        for one in self._memory.newly_acked:
            if (one.text, one.e164) not in self._texts:
                raise Wrong(f"{one} was acked and is not there")
        self._memory.newly_acked.clear()
        for lease_id in self._memory.newly_leased:
            if not self._mirror.has_lease(lease_id):
                raise Wrong(f"a customer was told of lease {lease_id}, which is not there")
        self._memory.newly_leased.clear()
        if calm:
            self._entries_to = max(self._entries, default=self._entries_to)
            self._messages_to = max(self._messages, default=self._messages_to)
            self._entries.clear()
            self._messages.clear()

    def compare(self) -> None:
        """The tables as a whole."""
        wrong = [row[0] for row in self._observer.fetch(TABLES)]
        if wrong:
            raise Wrong(f"{sorted(wrong)[:5]}")

    def _book(self, entry_id: int, kind: int, debit: int, credit: int, amount: int, hold_id: int | None) -> None:
        """One transfer: the books, and what it does to its hold."""
        for book, change in ((debit, -amount), (credit, amount)):
            if book >= 0:
                self._books[book] = self._books.get(book, 0) + change
                if self._books[book] < 0 and book >= 0:
                    raise Wrong(f"transfer {entry_id} leaves {self._books[book]} in book {book}")
        if hold_id is None or kind not in (2, 3, 4):
            return
        taken, end = self._holds.get(hold_id, (0, 0))
        if kind == 2:
            self._holds[hold_id] = taken + amount, end
        elif kind == 3:
            if end or amount != taken:
                raise Wrong(f"hold {hold_id} of {taken} that ended as {end} was posted with {amount}")
            self._holds[hold_id] = taken, 1
        else:
            if end == 1 or amount > taken:
                raise Wrong(f"hold {hold_id} of {taken} that ended as {end} was given back with {amount}")
            self._holds[hold_id] = taken - amount, 2

    def _read(self, row: Message) -> None:
        """One message that is new: it was sent, is stored once, and belongs to whom it went."""
        sent = self._memory.sent.get(row.text)
        if sent is None or sent.e164 != row.e164:
            raise Wrong(f"message {row.id} to {row.e164} says {row.text!r}, which was {sent}")
        if (row.text, row.e164) in self._texts:
            raise Wrong(f"message {row.id} {row.text!r} is stored twice")
        self._texts.add((row.text, row.e164))
        self._memory.places[row.text] = row.lease_id
        if row.lease_id is None:
            return
        if row.hooked and row.deliveries != 1:
            raise Wrong(f"message {row.id} was handed over, and {row.deliveries} deliveries tell of it")
        if row.lease_id < 0:
            rented = self._memory.rentals.get(-row.lease_id)
            if rented is not None and rented[1] != sent.e164:
                raise Wrong(f"message {row.id} to {sent.e164} went to rental {-row.lease_id} of {rented[1]}")
            return
        if row.account_id is None or row.lease_e164 != sent.e164:
            raise Wrong(f"message {row.id} to {sent.e164} went to lease {row.lease_id} of {row.lease_e164}")
        if sent.services and row.service_id not in sent.services:
            raise Wrong(f"message {row.id} for {set(sent.services)} went to a lease for service {row.service_id}")
        if row.hold_state != 1:
            raise Wrong(f"message {row.id} was handed over, the hold of its lease is in state {row.hold_state}")
        if sent.lease_id not in (0, row.lease_id) and self._observer.fetchval(
            LATE, sent.lease_id, row.lease_id, COOL_DOWN_S, REST_S
        ):
            raise Wrong(f"message {row.id} for lease {sent.lease_id} went to lease {row.lease_id} of somebody else")
        told = self._memory.leases.get(row.lease_id)
        if told is not None and told.account_id != row.account_id:
            raise Wrong(f"message {row.id} went to account {row.account_id}, its lease was given to {told.account_id}")
