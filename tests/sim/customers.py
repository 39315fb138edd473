"""Customers: they lease, poll, ask for more, finish, cancel and try again, and believe only what they were told."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from numbank.activation.additional import AdditionalRequest
from numbank.activation.model import Activation, AdvanceRequest, LeaseRequest, Status, StatusRequest
from numbank.activation.multi import MultiRequest
from numbank.activation.reactivation import RenewRequest
from numbank.activation.states import Event, State
from numbank.errors import OrderExists
from tests.sim.memory import Told, Wrong
from tests.sim.stock import OWN

if TYPE_CHECKING:
    from tests.sim.world import World

LIFE_S, WINDOW_S = 1_200.0, 120.0
EVENTS = (Event.READY, Event.AGAIN, Event.FINISH, Event.CANCEL)


class Customer:
    """One session of an account, which has at most one lease in hand at a time."""

    def __init__(self, world: World, account_id: int) -> None:
        self.world = world
        self.account_id = account_id
        self.told: Told | None = None
        self.done: list[int] = []

    async def live(self) -> None:
        """Step after step, at the ticks of the world."""
        while True:
            await self.world.next_tick()
            await self.step()

    async def step(self) -> None:
        """What this session does at a tick."""
        chance = self.world.chance
        if chance.random() < 0.1:
            return
        if self.told is None:
            await self._begin()
        elif self.world.multi and self.told.codes and chance.random() < 0.5:
            await self._one_more(self.told)
        elif chance.random() < 0.55:
            await self._poll(self.told)
        else:
            await self._advance(self.told)

    async def _begin(self) -> None:
        world, chance = self.world, self.world.chance
        drawn = chance.random()
        if drawn > 0.95:  # a message that is there before anybody has the number
            world.senders.send(chance.choice(world.e164s), (chance.choice(world.services),), OWN, after_s=0.0)
        if world.multi and drawn < 0.08:
            await self._several()
        elif world.renewing and self.done and drawn < 0.25:
            await self._again()
        else:
            await self._lease()

    def _request(self, service_id: int, order: UUID | None) -> LeaseRequest:
        chance = self.world.chance
        country_id = chance.choice((0, 0, 0, 0, 0, 1))
        return LeaseRequest(
            self.account_id, country_id, service_id, LIFE_S, WINDOW_S,
            max_price=chance.choice((None, None, None, 500, 1_200, 5_000)), order=order,
            max_live=self.world.max_live, use_cashback=chance.random() < 0.3,
            forward=self.world.multi and country_id == 0 and chance.random() < 0.6,
        )  # fmt: skip

    async def _lease(self) -> None:
        """Lease a number; an answer that is not heard is asked for again under the same order."""
        world, chance = self.world, self.world.chance
        service_id = chance.choice(world.services)
        order = UUID(int=chance.randrange(40)) if chance.random() < 0.05 else world.new_uuid()
        request = self._request(service_id, order if chance.random() < 0.7 else None)
        for _ in range(4):
            answer = await world.call(lambda bank: bank.leasing.lease(request))
            if isinstance(answer, Activation):
                self._has(answer, request.order)
                return
            if isinstance(answer, OrderExists):
                return await self._find(request)
            if answer is not None or request.order is None:
                return
        return

    async def _find(self, request: LeaseRequest) -> None:
        """The order exists: an earlier answer was lost, or another session used its name. Its lease is in the list."""
        live = await self.world.call(lambda bank: self.world.live_of(bank, self.account_id))
        for one in live or ():
            if one.id not in self.world.memory.leases and one.service_id == request.service_id:
                self._has(one, None)
                return

    def _has(self, one: Activation, order: UUID | None) -> None:
        world, chance = self.world, self.world.chance
        if one.account_id != self.account_id:
            raise Wrong(f"account {self.account_id} was told of lease {one.id} of account {one.account_id}")
        self.told = Told(one.id, one.account_id, one.service_id, one.e164, world.loop.time())
        world.memory.leased(self.told, order)
        for _ in range(chance.choices((0, 1, 2, 3), (3, 8, 3, 1))[0]):
            after_s = chance.choices((0.0, 1.0, world.tick_s, 5 * world.tick_s, 1_500.0), (2, 4, 4, 1, 1))[0]
            world.senders.send(
                one.e164, (one.service_id,), world.supplier_of(one.e164), after_s=after_s, lease_id=one.id
            )

    async def _several(self) -> None:
        """One number for two services."""
        world = self.world
        parts = tuple(self._request(one, None) for one in world.chance.sample(world.services, 2))
        parts = tuple(LeaseRequest(one.account_id, 0, one.service_id, LIFE_S, WINDOW_S) for one in parts)
        answer = await world.call(lambda bank: bank.further.multi.ask(MultiRequest(parts)))
        if isinstance(answer, list):
            if len({one.e164 for one in answer}) != 1:
                raise Wrong(f"several services on several numbers: {answer}")
            for one in answer:
                self._has(one, None)

    async def _one_more(self, told: Told) -> None:
        """A further service on the number of a lease that has its code; the session goes on with the newer lease."""
        world = self.world
        request = AdditionalRequest(
            self.account_id, told.lease_id, world.chance.choice(world.services), True, LIFE_S, WINDOW_S, world.max_live
        )
        answer = await world.call(lambda bank: bank.further.additional.ask(request))
        if isinstance(answer, Activation):
            if answer.e164 != told.e164:
                raise Wrong(f"the additional lease {answer.id} of {told.lease_id} is on another number")
            self._has(answer, None)

    async def _again(self) -> None:
        """The number of a lease that is done once more."""
        parent = self.world.chance.choice(self.done)
        answer = await self.world.call(lambda bank: bank.further.renew.ask(RenewRequest(self.account_id, parent)))
        if isinstance(answer, Activation):
            if answer.e164 != self.world.memory.leases[parent].e164:
                raise Wrong(f"the lease {answer.id} after {parent} is on another number")
            self._has(answer, None)

    async def _poll(self, told: Told) -> None:
        world = self.world
        if world.chance.random() < 0.02 and world.memory.leases:
            await self._pry()
        answer = await world.call(lambda bank: bank.status.ask(StatusRequest(self.account_id, told.lease_id)))
        if not isinstance(answer, Status):
            return
        world.memory.shown(told.lease_id, self.account_id, answer.code)
        self._saw(told, answer.state)

    async def _pry(self) -> None:
        """Somebody else's lease looks like one that is not there."""
        world = self.world
        other = world.chance.choice(list(world.memory.leases.values()))
        answer = await world.call(lambda bank: bank.status.ask(StatusRequest(self.account_id, other.lease_id)))
        if isinstance(answer, Status) and other.account_id != self.account_id:
            raise Wrong(f"account {self.account_id} saw lease {other.lease_id} of account {other.account_id}")

    async def _advance(self, told: Told) -> None:
        event = self.world.chance.choices(EVENTS, (2, 2, 3, 4))[0]
        request = AdvanceRequest(told.lease_id, event, self.account_id)
        answer = await self.world.call(lambda bank: bank.advance.ask(request))
        if isinstance(answer, State):
            if answer is State.CANCELLED and told.codes:
                raise Wrong(f"lease {told.lease_id} was cancelled after its customer saw {told.codes}")
            self._saw(told, answer)

    def _saw(self, told: Told, state: State) -> None:
        if state is State.DONE:
            self.done.append(told.lease_id)
        if state in (State.DONE, State.CANCELLED) and self.told is told:
            self.told = None
