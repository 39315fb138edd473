"""Mailboxes of a bank that was used: leases in every state, mails of every fate, a lease that goes on with another one."""

from __future__ import annotations

from numbank.errors import NoMailbox
from numbank.mailbox.model import ChangeRequest, Mailbox, ReorderRequest
from numbank.mailbox.states import Event, State
from numbank.server.app import App
from tests.mailbox.world import arrive, bought, domain
from tests.support import Shop


async def use_mailboxes(app: App, shop: Shop) -> None:
    """Lease, deliver, cancel, expire, reorder."""
    customer = (await shop.customer())[0]
    await domain(shop.connection, "a.box", zone="box", remaining=50)
    await domain(shop.connection, "b.box", zone="box", popular=True)
    boxes = [await bought(app, customer, "box") for _ in range(9)] + [await bought(app, customer, "b.box")]
    await shop.connection.execute("update mailbox set cancel_from = created_at where account_id = $1", customer)
    for box in boxes[:5]:
        await arrive(app, box.email)
    await arrive(app, boxes[0].email, code=None, text="more")
    await arrive(app, boxes[1].email, code=None, link="https://site.example/c")
    await arrive(app, boxes[9].email, code=None, link="https://site.example/c")
    await arrive(app, boxes[8].email, code=None, text="", subject="")
    for index, event, state in (
        (1, Event.CANCEL, State.CLOSED), (2, Event.EXPIRE, State.DONE), (5, Event.CANCEL, State.CANCELLED),
        (6, Event.EXPIRE, State.CANCELLED), (3, Event.EXPIRE, State.DONE),
    ):  # fmt: skip
        if event is Event.EXPIRE:
            await shop.connection.execute("update mailbox set due_at = created_at where id = $1", boxes[index].id)
        ended = await app.bank.mailboxes.changing.ask(ChangeRequest(boxes[index].id, event))
        assert isinstance(ended, Mailbox), ended
        assert ended.state is state
    await arrive(app, boxes[5].email)  # nobody's
    again = await app.bank.desks.mail.reorder(ReorderRequest(customer, boxes[2].id))
    assert isinstance(again, Mailbox), again
    assert isinstance(await app.bank.desks.mail.reorder(ReorderRequest(customer, boxes[2].id)), NoMailbox)
    await arrive(app, again.email, code="9")
    assert isinstance(
        await app.bank.desks.mail.reorder(ReorderRequest(customer, again.id)), Mailbox
    )  # it ends for that
    await arrive(app, again.email, code="10")
