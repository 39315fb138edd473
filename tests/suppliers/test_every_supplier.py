"""One suite that every supplier with stock here must pass, whatever stands behind the port."""

from __future__ import annotations

import asyncpg
import pytest

from numbank.activation.model import Activation, LeaseRequest
from numbank.activation.states import Event, State
from numbank.catalogue import offers
from numbank.errors import NoNumbers, NotFound
from numbank.intake.deliver import Intake
from numbank.intake.door import Arrival
from numbank.messages.calls import Kind
from numbank.messages.model import Fate, Medium
from numbank.supply import numbers
from tests.suppliers.conftest import OpenSandbox, Sandbox
from tests.support import Shop

STOCK = 12
COUNTRY = {"simulator": 22, "pool": 6}


class Place:
    """A supplier in a country of its own."""

    def __init__(self, sandbox: Sandbox, kind: str, supplier_id: int) -> None:
        self.sandbox = sandbox
        self.country = COUNTRY[kind]
        self.supplier_id = supplier_id

    async def lease(self, code: str) -> Activation:
        """Lease one of its numbers."""
        return await self.sandbox.lease(code, country=self.country)

    async def push(self, activation: Activation, text: str, message_id: str, *, own_only: bool = True) -> object:
        """A message of this supplier comes in."""
        arrival = Arrival(self.supplier_id, message_id, activation.e164, "22395", text, own_only=own_only)
        return await self.sandbox.door.take(arrival)


@pytest.fixture(params=sorted(COUNTRY))
async def place(request: pytest.FixtureRequest, fresh_dsn: str, open_a_sandbox: OpenSandbox) -> Place:
    """Each supplier with a dozen numbers."""
    kind: str = request.param
    sandbox: Sandbox = await open_a_sandbox(
        database_url=fresh_dsn,
        sandbox_countries=str(COUNTRY["simulator"]),
        sandbox_numbers=STOCK,
        sandbox_faults="never=1",
    )
    connection = await asyncpg.connect(fresh_dsn)
    own_id = await offers.supplier(connection, offers.OWN_POOL, "pool")
    shop = Shop(connection)
    await shop.numbers(STOCK, country=COUNTRY["pool"])
    await shop.offer("tg", "wa", country=COUNTRY["pool"])
    await shop.numbers(2, country=COUNTRY["pool"], abilities=numbers.CALL)
    for verified in (Kind.FLASH, Kind.VOICE):
        await shop.offer("tg", country=COUNTRY["pool"], kind=verified)
    await connection.close()
    return Place(sandbox, kind, sandbox.opened.supplier_id if kind == "simulator" else own_id)


async def test_every_number_is_leased_once_for_a_service_and_all_of_them_are(place: Place) -> None:
    leased = [await place.lease("tg") for _ in range(STOCK)]
    assert len({activation.e164 for activation in leased}) == STOCK
    service_id = place.sandbox.catalogue.by_code["tg"].id
    request = LeaseRequest(place.sandbox.account_id, place.country, service_id, 1200.0, 0.0)
    assert isinstance(await place.sandbox.lease_counter.ask(request), NoNumbers)


async def test_leases_know_their_supplier(place: Place) -> None:
    activation = await place.lease("tg")
    row = await place.sandbox.pool.fetchrow(
        "select a.supplier_id, p.supplier_id as owner from activation a join number n on n.id = a.number_id"
        " join pool p on p.id = n.pool_id where a.id = $1",
        activation.id,
    )
    assert row is not None
    assert row["supplier_id"] == row["owner"] == place.supplier_id


async def test_a_message_is_delivered_once_however_often_it_is_pushed(place: Place) -> None:
    activation = await place.lease("tg")
    assert await place.push(activation, "Telegram code: 48291", "m1") is Intake.STORED
    assert await place.push(activation, "Telegram code: 48291", "m1") is Intake.DUPLICATE
    assert await place.sandbox.state(activation) == (State.CODE, "48291")
    assert len(await place.sandbox.kept(activation)) == 1


async def test_a_message_of_another_service_is_kept_back(place: Place) -> None:
    activation = await place.lease("tg")
    assert await place.push(activation, "Your WhatsApp code: 123-456", "m1") is Intake.STORED
    (kept,) = await place.sandbox.kept(activation)
    assert kept["fate"] == Fate.OTHER_SERVICE
    assert await place.sandbox.state(activation) == (State.PREPARED, None)


async def test_a_further_message_can_be_wanted(place: Place) -> None:
    activation = await place.lease("tg")
    await place.push(activation, "Telegram code: 48291", "m1")
    assert await place.sandbox.event(activation, Event.AGAIN) == State.RETRY
    await place.push(activation, "Telegram code: 59302", "m2")
    assert await place.sandbox.state(activation) == (State.CODE, "59302")


async def test_after_a_lease_the_number_rests_and_a_late_message_reaches_nobody(place: Place) -> None:
    first = [await place.lease("tg") for _ in range(STOCK)]
    for activation in first:
        assert await place.sandbox.event(activation, Event.CANCEL) == State.CANCELLED
    service_id = place.sandbox.catalogue.by_code["wa"].id
    request = LeaseRequest(place.sandbox.account_id, place.country, service_id, 1200.0, 0.0)
    assert isinstance(await place.sandbox.lease_counter.ask(request), NoNumbers)
    assert await place.push(first[0], "Telegram code: 48291", "late") is Intake.STORED
    (kept,) = await place.sandbox.kept(first[0])
    assert kept["fate"] == Fate.NO_LEASE


@pytest.mark.parametrize(("kind", "code"), [(Kind.FLASH, "3456"), (Kind.VOICE, "4829")])
async def test_a_call_reaches_who_leased_for_one(place: Place, kind: Kind, code: str) -> None:
    sandbox = place.sandbox
    service_id = sandbox.catalogue.by_code["tg"].id
    request = LeaseRequest(sandbox.account_id, place.country, service_id, 1200.0, 0.0, kind=kind)
    activation = await sandbox.lease_counter.ask(request)
    assert isinstance(activation, Activation), activation
    sms = await place.push(activation, "Telegram code: 11111", "m1")
    call = Arrival(
        place.supplier_id,
        "c1",
        activation.e164,
        "447911123456",
        "your code is 4 8 2 9",
        own_only=True,
        medium=Medium.CALL,
    )
    assert [sms, await sandbox.door.take(call), await sandbox.door.take(call)] == [
        Intake.STORED, Intake.STORED, Intake.DUPLICATE,
    ]  # fmt: skip
    assert await sandbox.state(activation) == (State.CODE, code)
    assert [row["fate"] for row in await sandbox.kept(activation)] == [Fate.OTHER_KIND, Fate.ATTACHED]


async def test_a_supplier_can_push_only_to_its_own_numbers(place: Place) -> None:
    activation = await place.lease("tg")
    stranger = Arrival(place.supplier_id + 100, "m1", activation.e164, "22395", "Telegram code: 48291", own_only=True)
    assert isinstance(await place.sandbox.door.take(stranger), NotFound)
    assert await place.sandbox.kept(activation) == []
