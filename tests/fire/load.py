"""Customers under whose hands the bank crashes: what they ask, and what they were told, noted when it was told."""

from __future__ import annotations

import asyncio
import json
import random
import smtplib
from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from email.policy import SMTP
from uuid import uuid4

import msgspec

from tests.fire.client import AGAIN_S, Line
from tests.fire.town import ASKED_COUNTRY, FORWARDED, MAIL_DOMAIN, SITE, Customer, Town

# Between two turns of a customer: nodes that are killed must find the time to start.
PACE_S = 0.1
# There are some hundred licence keys.
SELLING_S = 0.4
# What a mail server says for good begins here.
PERMANENT = 500
# How a lease's life ends; what the bank must have written down of it in the end (checks.py).
LIVE, CANCELLED, FINISHED, EXPIRED = "live", "cancelled", "finished", "expired"


class Lease(msgspec.Struct):
    """A lease that somebody was told of. `messages`: (id, code) that were acknowledged to the agent, in order."""

    id: int
    e164: int
    service: str
    end: str = LIVE
    messages: list[tuple[str, str]] = msgspec.field(default_factory=list)


class Notes(msgspec.Struct):
    """What one customer was told. `orders`: lease by orderId, None when it ended before anybody could look.

    `plain`: leases with an orderId only. `others` are acknowledged purchases without an orderId, by table; `unknown` counts
    those that were not answered.
    """

    customer: Customer
    plain: bool = True
    leases: dict[int, Lease] = msgspec.field(default_factory=dict)
    orders: dict[str, int | None] = msgspec.field(default_factory=dict)
    others: dict[str, set[int]] = msgspec.field(default_factory=dict)
    unknown: dict[str, int] = msgspec.field(default_factory=dict)
    bought: list[str] = msgspec.field(default_factory=list)

    def noted(self, table: str, lease_id: int) -> None:
        """An acknowledged purchase without an orderId."""
        self.others.setdefault(table, set()).add(lease_id)

    def not_known(self, table: str) -> None:
        """A purchase of which nobody knows whether it happened."""
        self.unknown[table] = self.unknown.get(table, 0) + 1


class Load:
    """All customers at work until `end`. Everything that is done is finished first, so that nothing is left open."""

    def __init__(self, line: Line, town: Town, smtp_ports: list[int], seed: int) -> None:
        self.line = line
        self.town = town
        self.notes = [Notes(customer) for customer in town.customers]
        self.mails: list[str] = []
        self.broken: list[Exception] = []
        self.turns = 0
        self._smtp_ports = smtp_ports
        self._chance = random.Random(seed)
        self._over = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin. The last four customers buy what is no plain lease."""
        special = (self._rents, self._further, self._software, self._mailboxes)
        for turn, notes in enumerate(self.notes):
            late = turn - len(self.notes) + len(special)
            notes.plain = late < 0
            work = self._leases if notes.plain else special[late]
            self._tasks.append(asyncio.create_task(self._again(work, notes)))

    async def end(self) -> None:
        """No new turn; wait for those that run."""
        self._over.set()
        _, stuck = await asyncio.wait(self._tasks, timeout=60)
        for task in stuck:
            self.broken.append(AssertionError(f"a customer waits for ever: {task.get_stack()}"))
            task.cancel()
        if self.broken:
            raise ExceptionGroup("customers were told what cannot be", self.broken)

    async def _again(self, work: Callable[[Notes], Awaitable[None]], notes: Notes) -> None:
        while not self._over.is_set():
            try:
                await work(notes)
            except Exception as error:  # kept for the end: the others go on
                self.broken.append(error)
                return
            self.turns += 1
            await asyncio.sleep(PACE_S)

    # plain leases

    async def _leases(self, notes: Notes) -> None:
        kind = self._chance.choices(("message", "cancel", "expire", "asked", "leave"), (6, 4, 2, 2, 1))[0]
        service = "wa" if kind == "expire" else "tg" if kind == "asked" else self._chance.choice(("tg", "vk"))
        lease = await self.lease(notes, service, ASKED_COUNTRY if kind == "asked" else 0)
        if lease is None:
            return
        if kind == "message":
            await self._talk(notes, lease)
        elif kind == "cancel" or (kind == "asked" and self._chance.random() < 0.7):
            await self._set(notes, lease, 8, "ACCESS_CANCEL")
            lease.end = CANCELLED
            await self._sees(notes, lease, "STATUS_CANCEL")
        elif kind == "expire":
            lease.end = EXPIRED

    async def lease(self, notes: Notes, service: str, country: int = 0, forward: int = 0) -> Lease | None:
        """One lease for one orderId, however often it takes."""
        order, key = uuid4().hex, notes.customer.key
        doubtful = False
        while True:
            answer = await self.line.once(
                "getNumberV2", key, service=service, country=country, orderId=order, forward=forward
            )
            if answer is None:
                doubtful = True
                await asyncio.sleep(AGAIN_S)
            elif answer.startswith("{"):
                made = json.loads(answer)
                return self._note(notes, order, int(made["activationId"]), int(made["phoneNumber"]), service)
            elif answer == "ORDER_ALREADY_EXISTS" and doubtful:
                return await self._found(notes, order, service)
            elif answer == "NO_NUMBERS":
                return None  # the supplier that was asked may have been cut off
            else:
                raise AssertionError(f"a lease was answered {answer}")

    def _note(self, notes: Notes, order: str, lease_id: int, e164: int, service: str) -> Lease:
        assert lease_id not in notes.leases, f"lease {lease_id} was given twice"
        notes.orders[order] = lease_id
        lease = notes.leases[lease_id] = Lease(lease_id, e164, service)
        return lease

    async def _found(self, notes: Notes, order: str, service: str) -> Lease | None:
        """The lease of an order whose answer was lost: it is there, once."""
        answer = await self.line.call("getActiveActivations", notes.customer.key)
        rows = json.loads(answer).get("activeActivations", []) if answer.startswith("{") else []
        known = notes.leases.keys() | notes.others.get("activation", set())
        new = [row for row in rows if int(row["activationId"]) not in known and row["serviceCode"] == service]
        if not new or not notes.plain:
            # Over before we could look, or beside purchases without an orderId that nobody was told of: checks.py finds it.
            notes.orders[order] = None
            return None
        assert len(new) == 1, f"an order became {len(new)} leases"
        return self._note(notes, order, int(new[0]["activationId"]), int(new[0]["phoneNumber"]), service)

    async def _talk(self, notes: Notes, lease: Lease) -> None:
        """A message comes; what was acknowledged to the agent can be read at once, on every node."""
        await self._message(notes, lease)
        if self._chance.random() < 0.4:
            await self._set(notes, lease, 3, "ACCESS_RETRY_GET")
            await self._message(notes, lease)
        if self._chance.random() < 0.8:
            await self._set(notes, lease, 6, "ACCESS_ACTIVATION")
            lease.end = FINISHED
            await self._sees(notes, lease, "STATUS_CANCEL")

    async def _message(self, notes: Notes, lease: Lease) -> None:
        code = str(self._chance.randrange(10_000, 99_999))
        sms_id = uuid4().hex
        await self.line.push(self.town.agent_key, sms_id, lease.e164, f"Your code is {code}")
        lease.messages.append((sms_id, code))
        await self._sees(notes, lease, f"STATUS_OK:{code}")

    async def _sees(self, notes: Notes, lease: Lease, word: str) -> None:
        seen = await self.line.call("getStatus", notes.customer.key, id=lease.id)
        assert seen == word, f"lease {lease.id}: {seen} instead of {word}"

    async def _set(self, notes: Notes, lease: Lease, status: int, word: str) -> None:
        """Change a lease. A repeat after a lost answer may be told that it is done already."""
        doubtful = False
        while (answer := await self.line.once("setStatus", notes.customer.key, id=lease.id, status=status)) != word:
            assert answer is None or doubtful, f"setStatus {status} of lease {lease.id} was answered {answer}"
            if answer is not None:
                return
            doubtful = True
            await asyncio.sleep(AGAIN_S)

    # everything else

    async def _buy(self, notes: Notes, table: str, action: str, **params: object) -> str | None:
        """One purchase without an orderId; what is not answered is not asked again."""
        answer = await self.line.once(action, notes.customer.key, **params)
        if answer is None:
            notes.not_known(table)
            await asyncio.sleep(AGAIN_S)
        elif answer.startswith("{") and '"success"' not in answer and '"OK"' not in answer:
            raise AssertionError(f"{action} was answered {answer}")
        return answer

    async def _rents(self, notes: Notes) -> None:
        answer = await self._buy(notes, "rent", "getRentNumber", service="full", rent_time=4, country=0)
        if answer is None:
            return
        rent_id = json.loads(answer)["phone"]["id"]
        notes.noted("rent", rent_id)
        await self.line.once("continueRentNumber", notes.customer.key, id=rent_id, rent_time=20)
        await self.line.call("setRentStatus", notes.customer.key, id=rent_id, status=self._chance.choice((1, 2)))

    async def _further(self, notes: Notes) -> None:
        answer = await self._buy(notes, "activation", "getMultiServiceNumber", multiService="go,ok", country=0)
        if answer is not None and answer.startswith("["):
            for row in json.loads(answer):
                notes.noted("activation", int(row["activation"]))
        lease = await self.lease(notes, FORWARDED[0], forward=1)
        if lease is None:
            return
        await self._message(notes, lease)
        word = await self._buy(notes, "activation", "getAdditionalService", id=lease.id, service=FORWARDED[1])
        if word is not None and word.startswith("ADDITIONAL:"):
            further_id = int(word.split(":")[1])
            notes.noted("activation", further_id)
            # While it lives, the number cannot be had again.
            await self.line.call("setStatus", notes.customer.key, id=further_id, status=8)
        await self._set(notes, lease, 6, "ACCESS_ACTIVATION")
        lease.end = FINISHED
        word = await self._buy(notes, "activation", "getExtraActivation", id=lease.id)
        if word is not None and word.startswith("ACCESS_NUMBER:"):
            notes.noted("activation", int(word.split(":")[1]))

    async def _software(self, notes: Notes) -> None:
        answer = await self._buy(notes, "purchase", "buyPartnerProduct", id=self.town.product_id)
        if answer is not None and '"success"' in answer:
            notes.bought.append(json.loads(answer)["key"])
        # Hooks of this customer hear of nothing: it only makes them and takes them away, also those it was not told of.
        await self.line.hook(notes.customer.key, "http://127.0.0.1:9/none")
        for hook_id in await self.line.hooks(notes.customer.key):
            await self.line.unhook(notes.customer.key, hook_id)
        await asyncio.sleep(SELLING_S)

    async def _mailboxes(self, notes: Notes) -> None:
        answer = await self._buy(notes, "mailbox", "buyMailActivation", site=SITE, mail_type=2, mail_domain=MAIL_DOMAIN)
        if answer is None:
            return
        made = json.loads(answer)["response"]
        notes.noted("mailbox", made["id"])
        if self._chance.random() < 0.3:
            await self.line.call("cancelMailActivation", notes.customer.key, id=made["id"])
            return
        await self._mail(made["email"])
        seen = await self.line.call("checkMailActivation", notes.customer.key, id=made["id"])
        assert "246810" in seen, f"a mail that was acknowledged cannot be seen: {seen}"
        again = await self._buy(notes, "mailbox", "reorderMailActivation", id=made["id"])
        if again is not None and '"OK"' in again:
            notes.noted("mailbox", json.loads(again)["response"]["id"])

    async def _mail(self, email: str) -> None:
        """A mail, until it was acknowledged; the same mail each time."""
        message = EmailMessage()
        subject = f"mail {uuid4().hex}"
        message["From"], message["To"], message["Subject"] = "no-reply@site.example", email, subject
        message["Message-ID"] = f"<{uuid4().hex}@site.example>"
        message.set_content("Your code is 246810")
        turn = 0

        def deliver() -> bool:
            try:
                with smtplib.SMTP("127.0.0.1", self._smtp_ports[turn % len(self._smtp_ports)], timeout=30) as client:
                    client.sendmail("a@sender.example", [email], message.as_bytes(policy=SMTP))
                    client.close()  # the answer was there: no word more
            except smtplib.SMTPResponseException as refused:
                if refused.smtp_code >= PERMANENT:
                    raise
                return False
            except (smtplib.SMTPException, OSError):
                return False
            return True

        while not await asyncio.to_thread(deliver):
            turn += 1
            await asyncio.sleep(AGAIN_S)
        self.mails.append(subject)
