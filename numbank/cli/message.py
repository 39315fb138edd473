"""message deliver, unmatched."""

from __future__ import annotations

from typing import Annotated

import typer

from numbank.catalogue import offers
from numbank.cli import screen
from numbank.cli.access import Data, DatabaseUrl, Json, Office, run
from numbank.db.counter import Counter
from numbank.db.pool import connector
from numbank.errors import OperatorError, Refusal
from numbank.intake.deliver import DeliverDesk, Intake
from numbank.intake.door import Arrival, Door
from numbank.messages import store
from numbank.messages.model import Incoming
from numbank.supply.e164 import parse_e164

app = typer.Typer(no_args_is_help=True)


@app.command()
def deliver(
    to: Annotated[str, typer.Option("--to", help="The bank's number that the message came to.")],
    sender: Annotated[str, typer.Option("--from", help="Who sent it.")],
    text: Annotated[str, typer.Option("--text", help="The whole text.")],
    message_id: Annotated[str, typer.Option("--id", help="The same id and content is taken in only once.")] = "",
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Take a message in by hand, exactly as if a supplier had pushed it."""
    e164 = parse_e164(to)

    async def act(office: Office) -> Intake | Refusal:
        settings = office.settings
        desk = DeliverDesk(lambda: office.catalogue.any_service_ids)
        counter: Counter[Incoming, Intake] = Counter(
            "deliver", desk.serve, connector(settings.database_url, settings.command_timeout_s),
            batch_limit=1, queue_limit=1, deadline_s=settings.queue_deadline_s,
        )  # fmt: skip
        counter.start()
        door = Door(counter.ask, office.catalogue)
        await door.learn()
        supplier_id = await store.supplier_of(office.pool, e164)
        if supplier_id is None:
            async with office.transaction() as tx:
                supplier_id = (await offers.existing_supplier(tx, offers.OWN_POOL))[0]
        try:
            return await door.take(Arrival(supplier_id, message_id, e164, sender, text))
        finally:
            await counter.stop()

    result = run(data, database_url, act)
    if isinstance(result, Refusal):
        raise OperatorError(f"the message was not taken in: {type(result).__name__}")
    if json:
        screen.print_json({"result": result.name.lower()})
    else:
        screen.out.print("stored" if result is Intake.STORED else "already known: nothing changed")


@app.command()
def unmatched(
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many, newest first.")] = 50,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Show the newest messages that no customer got, and why."""

    async def act(office: Office) -> list[store.Unmatched]:
        return await store.unmatched(office.pool, limit)

    found = run(data, database_url, act)
    rows = [
        {"id": one.id, "received_at": one.received_at.isoformat(timespec="seconds"), "to": str(one.e164),
         "from": one.sender, "why": one.fate.name.lower(), "text": one.text}
        for one in found
    ]  # fmt: skip
    if json:
        screen.print_json(rows)
    else:
        columns = ("id", "received_at", "to", "from", "why", "text")
        screen.table(columns, ([row[column] for column in columns] for row in rows))
