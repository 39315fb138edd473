"""Who else comes to the bank: people who rent numbers, people who lease mailboxes, and the operator with his commands."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from numbank.activation.refund import refund
from numbank.db.pool import CONNECTION_ERRORS
from numbank.errors import OperatorError
from numbank.ledger import journal
from numbank.mailbox.deliver import Taken
from numbank.mailbox.model import ChangeRequest as MailChange
from numbank.mailbox.model import IncomingMail, Mailbox, MailRequest, ReorderRequest
from numbank.mailbox.states import Event as MailEvent
from numbank.rent.model import ChangeRequest, ExtendRequest, Rental, RentRequest
from numbank.rent.states import Event as RentEvent
from numbank.supply import lines
from tests.sim.gate import CLASHES
from tests.sim.memory import Wrong
from tests.sim.stock import OWN, ZONE

if TYPE_CHECKING:
    from tests.sim.world import World


class Renter:
    """An account that rents numbers for hours."""

    def __init__(self, world: World, account_id: int) -> None:
        self.world = world
        self.account_id = account_id
        self.rentals: list[Rental] = []
        self._url = f"https://rentals.example/{account_id}"
        world.memory.accounts_of_urls[self._url] = account_id

    async def live(self) -> None:
        """Step after step."""
        while True:
            await self.world.next_tick()
            await self._step()

    async def _step(self) -> None:
        world, chance = self.world, self.world.chance
        if not self.rentals or chance.random() < 0.3:
            service_id = chance.choice((world.town.full_service, world.services[0]))
            url = self._url if world.hooked and chance.random() < 0.6 else ""
            request = RentRequest(
                self.account_id, 0, service_id, chance.choice((4, 4, 24)), url=url, max_live=world.max_live
            )
            answer = await world.call(lambda bank: bank.rent.rent.ask(request))
            if isinstance(answer, Rental):
                if answer.account_id != self.account_id:
                    raise Wrong(f"account {self.account_id} was told of rental {answer}")
                world.memory.rented(answer.id, answer.account_id, answer.e164)
                self.rentals.append(answer)
            return
        rental = chance.choice(self.rentals)
        drawn = chance.random()
        if drawn < 0.6:
            named = tuple(chance.sample(world.services, 1))
            world.senders.send(rental.e164, named, OWN, after_s=chance.choice((0.0, 1.0, 500.0)))
        elif drawn < 0.8:
            event = chance.choice((RentEvent.FINISH, RentEvent.CANCEL))
            await world.call(lambda bank: bank.rent.change.ask(ChangeRequest(rental.id, event, self.account_id)))
        else:
            await world.call(lambda bank: bank.rent.extend.ask(ExtendRequest(self.account_id, rental.id, 4)))


class Writer:
    """An account that leases mailboxes; the mails for them come from here too."""

    def __init__(self, world: World, account_id: int) -> None:
        self.world = world
        self.account_id = account_id
        self.boxes: list[Mailbox] = []
        self.mails: list[IncomingMail] = []
        self._count = 0

    async def live(self) -> None:
        """Step after step."""
        while True:
            await self.world.next_tick()
            await self._step()

    async def _step(self) -> None:
        world, chance = self.world, self.world.chance
        drawn = chance.random()
        if not self.boxes or drawn < 0.3:
            request = MailRequest(self.account_id, "site.example", ZONE, count=chance.choice((1, 1, 2)))
            answer = await world.call(lambda bank: bank.mailboxes.buying.ask(request))
            if isinstance(answer, list):
                self.boxes += answer
            return
        box = chance.choice(self.boxes)
        if drawn < 0.7:
            world.act(self._mail(box), "mail")
        elif drawn < 0.9:
            change = MailChange(box.id, MailEvent.CANCEL, self.account_id)
            await world.call(lambda bank: bank.mailboxes.changing.ask(change))
        else:
            again = await world.call(
                lambda bank: bank.mailboxes.reordering.ask(ReorderRequest(self.account_id, box.id))
            )
            if isinstance(again, Mailbox):
                if again.email != box.email:
                    raise Wrong(f"mailbox {box.email} came again as {again.email}")
                self.boxes.append(again)

    async def _mail(self, box: Mailbox) -> None:
        """A mail, until it is taken; sometimes once more."""
        world, chance = self.world, self.world.chance
        self._count += 1
        mail = IncomingMail(
            box.email, "bounce@site.example", "Site <no-reply@site.example>", "Your code", "Your code is 123456", "", (),
            700, "123456", None, 0.9, (f"<{self.account_id}-{self._count}@site.example>", "digest"), is_read=True,
        )  # fmt: skip
        for _ in range(chance.choice((1, 1, 2))):
            answer: Any = None
            while not isinstance(answer, Taken):
                answer = await world.call(lambda bank: bank.mailboxes.delivering.ask(mail))
                await asyncio.sleep(chance.choice((1.0, 30.0)))


class Operator:
    """Top-ups, refunds, lines that go off and on; and the clocks that jump."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def live(self) -> None:
        """Step after step."""
        while True:
            await self.world.next_tick()
            await self._weather()
            if self.world.operating:
                await self._act()

    async def _weather(self) -> None:
        """Clocks: the database's goes forwards, a node's own anywhere."""
        world, chance = self.world, self.world.chance
        if chance.random() < 0.25:
            world.jumped_s += chance.choice((30.0, 400.0, 1_300.0, 4_000.0))
            world.trace(f"the clock jumps to {world.now}")
        if chance.random() < 0.1 and world.nodes:
            chance.choice(world.nodes).jump(chance.choice((5.0, 70.0, 3_600.0)))

    async def _act(self) -> None:
        world, chance = self.world, self.world.chance
        drawn = chance.random()
        if drawn < 0.4:
            account_id, key, amount = chance.choice(world.town.accounts), world.new_uuid(), 5_000
            for _ in range(chance.choice((1, 2))):  # under its key as often as he likes
                await self._command(lambda tx: journal.topup(tx, account_id, amount, key))
        elif drawn < 0.6 and world.memory.leases:
            lease_id = chance.choice(list(world.memory.leases))
            await self._command(lambda tx: refund(tx, lease_id, "the customer complained"))
        elif drawn < 0.8:
            ids = chance.sample(range(1, 201), 8)
            await self._command(lambda tx: lines.disconnect(tx, ids))
        else:
            ids = chance.sample(range(1, 201), 10)
            await self._command(lambda tx: lines.connect(tx, ids, timedelta(seconds=120)))

    async def _command(self, act: Callable[[Any], Awaitable[object]]) -> None:
        """A command in a transaction of its own; a no, or a database that is away or gives up, is his problem."""

        async def run(bank: Any) -> None:
            try:
                async with bank.pool.acquire() as connection, connection.transaction():
                    await act(connection)
            except (OperatorError, LookupError, *CLASHES, *CONNECTION_ERRORS):
                return

        await self.world.call(run)
