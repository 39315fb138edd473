"""A bank that was used: leases in every state, messages of every fate, numbers in use, pile and passed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

from numbank.activation import verify as activations
from numbank.activation.additional import AdditionalRequest
from numbank.activation.model import Activation, AdvanceRequest, LeaseRequest
from numbank.activation.multi import MultiRequest
from numbank.activation.reactivation import RenewRequest
from numbank.activation.refund import refund
from numbank.activation.states import Event, State
from numbank.catalogue import offers
from numbank.db.checks import Check, Finding
from numbank.errors import NoNumbers
from numbank.hooks import verify as hooks
from numbank.leases import verify as leases
from numbank.ledger import verify as ledger
from numbank.mailbox import verify as mailbox
from numbank.messages import verify as messages
from numbank.rent import verify as rent
from numbank.retention import verify as retention
from numbank.server.app import App
from numbank.server.bank import Bank
from numbank.software import verify as software
from numbank.supply import lines, numbers
from numbank.supply import verify as supply
from tests.support import Shop, push
from tests.verify.far import Far
from tests.verify.used_calls import use_calls
from tests.verify.used_mailboxes import use_mailboxes
from tests.verify.used_rentals import use_rentals
from tests.verify.used_software import use_software

ALL_CHECKS: tuple[Check, ...] = (
    *ledger.CHECKS,
    *supply.CHECKS,
    *messages.CHECKS,
    *activations.CHECKS,
    *rent.CHECKS,
    *leases.CHECKS,
    *hooks.CHECKS,
    *retention.CHECKS,
    *software.CHECKS,
    *mailbox.CHECKS,
)

COOL_DOWN_S = 120.0
UNUSED_REST_S = 3600.0
# No background work: the tests say when numbers wake and counts are folded.
QUIET = {
    "sweep_every_s": 3600.0, "stock_fold_s": 3600.0, "early_cancel_s": 0.0, "cool_down_s": COOL_DOWN_S,
    "unused_rest_s": UNUSED_REST_S, "additional_service_prices": "840=0.05", "statistics_fold_s": 3600.0, "cashback_bp": 250,
}  # fmt: skip


class User:
    """A customer who goes straight to the desks."""

    def __init__(self, bank: Bank, customer_id: int) -> None:
        self.bank = bank
        self.customer_id = customer_id

    async def lease(
        self, code: str, *, country: int = 0, order: UUID | None = None, use_cashback: bool = False
    ) -> Activation:
        """A number, or an error."""
        service_id = self.bank.catalogue.by_code[code].id
        leased = await self.bank.leasing.lease(
            LeaseRequest(self.customer_id, country, service_id, 1200, 0, order=order, use_cashback=use_cashback)
        )
        assert isinstance(leased, Activation), leased
        return leased

    async def advance(self, lease: Activation, event: Event) -> State:
        """An event that must be accepted."""
        state = await self.bank.advance.ask(AdvanceRequest(lease.id, event))
        assert isinstance(state, State), state
        return state


async def wake(shop: Shop, later: timedelta) -> None:
    """What the sweep of rests would do at a later time."""
    async with shop.connection.transaction():
        await numbers.wake(shop.connection, await shop.connection.fetchval("select bank_now()") + later, 1000)


async def fold(shop: Shop) -> None:
    """What the fold of the counts would do."""
    async with shop.connection.transaction():
        await numbers.fold(shop.connection)


async def use(app: App, shop: Shop) -> None:
    """Lease, deliver, cancel, expire, wake and fold, until every table and state has something in it."""
    await shop.numbers(40)
    await shop.numbers(3, country=1)
    await shop.offer("tg", "wa")
    await shop.offer("tg", country=1, price=0)
    ann, bob = [User(app.bank, (await shop.customer())[0]) for _ in range(2)]
    back = [await bob.lease("tg", country=country) for country in (0, 0, 0, 1, 1, 1)]
    for lease in back:
        await bob.advance(lease, Event.CANCEL)
    await wake(shop, timedelta(seconds=UNUSED_REST_S + 1))  # all on the pile now; most are leased again
    ordered = [await ann.lease("tg", order=uuid4()) for _ in range(12)]
    for lease in ordered[:8]:
        await push(app, lease.e164, f"Your Telegram code is {10_000 + lease.id % 10_000}")
    await ann.advance(ordered[1], Event.FINISH)
    await ann.advance(ordered[2], Event.FINISH)
    await ann.advance(ordered[3], Event.AGAIN)
    await push(app, ordered[3].e164, "no code in here")
    await ann.advance(ordered[4], Event.AGAIN)
    await push(app, ordered[4].e164, "Telegram code 77777")
    await shop.connection.execute(
        "update activation set due_at = created_at where id = any($1)", [ordered[5].id, ordered[9].id]
    )
    await ann.advance(ordered[5], Event.EXPIRE)
    await push(app, ordered[5].e164, "too late: 55555")
    await push(app, 79_999_999_999, "nobody's 12345")
    await ann.advance(ordered[8], Event.READY)
    await ann.advance(ordered[9], Event.EXPIRE)
    [await bob.lease("wa") for _ in range(14)]  # passes by the numbers that are leased
    await fold(shop)
    await bob.advance(await bob.lease("wa"), Event.CANCEL)
    await wake(shop, timedelta(seconds=COOL_DOWN_S + 1))  # free, but resting for their service
    free_of_charge = [await bob.lease("tg", country=1) for _ in range(2)]
    await push(app, free_of_charge[0].e164, "Telegram code 33333")
    again = await ann.lease("wa")
    await push(app, again.e164, "WhatsApp code 123-456")
    await ann.advance(again, Event.FINISH)  # resting
    returned = await ann.lease("wa")
    await push(app, returned.e164, "WhatsApp code 123-457")
    await ann.advance(returned, Event.FINISH)
    async with shop.connection.transaction():
        await refund(shop.connection, returned.id, "test")
    await make_older(shop, returned)
    await use_asked_supplier(app, shop, bob)
    await spend_cashback(shop, User(app.bank, (await shop.customer())[0]))
    await use_calls(app, shop, bob.customer_id)
    await use_groups(app, shop, ann)
    await use_hooks(shop, ann.customer_id)
    await use_rentals(app, shop)
    await use_mailboxes(app, shop)
    await use_software(app, shop)


async def use_hooks(shop: Shop, customer_id: int) -> None:
    """A webhook that took one message at the second try, and has not taken another; nobody sends in these tests."""
    hook_id = await shop.connection.fetchval(
        "insert into hook (account_id, url, secret, off_reason) values ($1, 'http://x.example/', '', 'off') returning id",
        customer_id,
    )
    taken, _ = [
        row[0]
        for row in await shop.connection.fetch(
            "insert into delivery (hook_id, account_id, kind, lease_id, message_id, state, created_at, ended_at)"
            " select $1, account_id, 0, id, message_id, row_number() over (order by id), now(), now()"
            " from activation where account_id = $2 and message_id is not null order by id limit 2 returning id",
            hook_id, customer_id,
        )
    ]  # fmt: skip
    await shop.connection.execute(
        "insert into attempt (delivery_id, at, status, ms, error)"
        " values ($1, now(), 500, 5, 'status'), ($1, now(), 200, 5, null)", taken,
    )  # fmt: skip


async def use_groups(app: App, shop: Shop, user: User) -> None:
    """Several services on one number, one of them with an additional service, a reactivation, and a line that is off."""
    await shop.numbers(3, country=5, abilities=numbers.SMS | numbers.FORWARD)
    await shop.offer("av", "wa", country=5)
    service = app.bank.catalogue.by_code
    parts = tuple(
        LeaseRequest(user.customer_id, 5, service[code].id, 1200, 0, forward=code == "av") for code in ("av", "wa")
    )
    group = await app.bank.further.multi.ask(MultiRequest(parts))
    assert isinstance(group, list), group
    for code in ("Avito", "WhatsApp"):
        await push(app, group[0].e164, f"{code} code 22333")
    more = await app.bank.further.additional.ask(
        AdditionalRequest(
            user.customer_id, group[0].id, service["ym"].id, forward_capable=True, life_s=1200, early_cancel_s=0
        )
    )
    assert isinstance(more, Activation), more
    await push(app, more.e164, "Your code is 22444")
    await user.advance(group[0], Event.FINISH)
    done = await user.lease("av", country=5)
    await push(app, done.e164, "Avito code 22555")
    await user.advance(done, Event.FINISH)
    again = await app.bank.further.renew.ask(RenewRequest(user.customer_id, done.id))
    assert isinstance(again, Activation), again
    await push(app, again.e164, "Avito code 22666")
    number_id = await shop.connection.fetchval(
        "select n.id from number n join pool p on p.id = n.pool_id where p.country_id = 5 and n.state = 0"
    )
    async with shop.connection.transaction():
        await lines.disconnect(shop.connection, [number_id])


async def make_older(shop: Shop, lease: Activation) -> None:
    """As if a lease had been sold three days ago: its day is over, and its sale is proved."""
    moved = (
        "insert into tally_move (day, country_id, service_id, supplier_id, leased, delivered)"
        " select (created_at at time zone 'utc')::date, country_id, service_id, supplier_id, $2::int, $2"
        " from activation where id = $1"
    )
    await shop.connection.execute(moved, lease.id, -1)
    older = "update activation set created_at = created_at - interval '3 days' where id = $1"
    await shop.connection.execute(older, lease.id)
    await shop.connection.execute(moved, lease.id, 1)


async def use_asked_supplier(app: App, shop: Shop, user: User) -> None:
    """A supplier without stock here: one lease lives, one is cancelled, one order finds nothing."""
    supplier_id = await offers.supplier(shop.connection, "far", "far")
    await shop.connection.execute("update supplier set asked = true where id = $1", supplier_id)
    await shop.offer("tg", country=2, supplier="far")
    app.bank.asked.register(supplier_id, Far())
    live, cancelled = [await user.lease("tg", country=2, order=uuid4()) for _ in range(2)]
    await push(app, live.e164, "Telegram code 44444")
    await user.advance(cancelled, Event.CANCEL)
    service_id = app.bank.catalogue.by_code["tg"].id
    nothing = await app.bank.leasing.lease(LeaseRequest(user.customer_id, 2, service_id, 1200, 0, order=uuid4()))
    assert isinstance(nothing, NoNumbers)


async def spend_cashback(shop: Shop, user: User) -> None:
    """A lease that is paid with cash and cashback, and cancelled; the cashback was a present."""
    account_id = user.customer_id
    async with shop.connection.transaction():
        await shop.connection.execute("update account set cashback = cashback + 50 where id = $1", account_id)
        await shop.connection.execute(
            "insert into entry (kind, debit, credit, currency, amount) values (7, -4, 2 * $1::bigint + 1, 840, 50)",
            account_id,
        )
    await user.advance(await user.lease("wa", use_cashback=True), Event.CANCEL)


def broken(findings: Sequence[Finding]) -> dict[str, tuple[str, ...]]:
    """The checks that found differences, with their examples."""
    return {finding.check: finding.examples for finding in findings if finding.differences}
