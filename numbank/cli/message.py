"""message deliver, unmatched, list, forwards."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from functools import partial
from typing import Annotated

import msgspec
import typer

from numbank.catalogue import hints, offers
from numbank.catalogue.model import Service
from numbank.cli import screen
from numbank.cli.access import Data, DatabaseUrl, Json, Office, run
from numbank.codes import recognise
from numbank.codes.spoken import hear
from numbank.customers import audit
from numbank.db.counter import Answers, Counter
from numbank.db.pool import Connection, connector
from numbank.errors import OperatorError, Refusal
from numbank.intake.deliver import DeliverDesk, Intake
from numbank.intake.door import Arrival, Door
from numbank.leases.refs import rent_of
from numbank.masking import masked
from numbank.messages import store
from numbank.messages.calls import code_digits
from numbank.messages.habits import Habits
from numbank.messages.model import Incoming, Medium
from numbank.messages.rules import CodeRules
from numbank.supply import errands
from numbank.supply.e164 import parse_e164

app = typer.Typer(no_args_is_help=True)


@app.command()
def deliver(
    to: Annotated[str, typer.Option("--to", help="The bank's number that the message came to.")],
    sender: Annotated[str, typer.Option("--from", help="Who sent it; of a call its caller.")],
    text: Annotated[
        str, typer.Option("--text", help="The whole text; of a call its transcript, if there is one.")
    ] = "",
    call: Annotated[bool, typer.Option("--call", help="It is a call and no SMS.")] = False,
    recording: Annotated[str, typer.Option("--recording", help="Address of the call's audio, http or https.")] = "",
    message_id: Annotated[str, typer.Option("--id", help="The same id and content is taken in only once.")] = "",
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Take a message in by hand, exactly as if a supplier had pushed it.

    It is this command that reads it, not the running bank: settings such as NUMBANK_UNCERTAIN_CODES are those that stand
    here.
    """
    e164 = parse_e164(to)
    if not call and not text.strip():
        raise OperatorError("the text is empty: a message without one tells nobody anything")
    if recording and not (call and recording.startswith(("http://", "https://"))):
        raise OperatorError("--recording is the http or https address of a call's audio: it needs --call")
    medium = Medium.CALL if call else Medium.SMS
    arrival = Arrival(0, message_id, e164, sender, text, medium=medium, recording_url=recording)
    result, outcome = run(data, database_url, partial(_deliver, arrival))
    fate, lease_id, code = outcome.fate.name.lower(), outcome.lease_id, outcome.code
    withheld = outcome.confidence if code is None and outcome.confidence else None
    if json:
        rental = None if lease_id is None else rent_of(lease_id)
        activation = None if rental is not None else lease_id
        screen.print_json(
            {"result": result, "fate": fate, "activation": activation, "rental": rental, "code": code,
             "withheld": withheld}
        )  # fmt: skip
        return
    known = "already known, nothing changed: " if result == Intake.DUPLICATE.name.lower() else ""
    if lease_id is None:
        screen.out.print(f"{known}stored, but nobody gets it: {fate}", markup=False)
    elif (rent_id := rent_of(lease_id)) is not None:
        screen.out.print(f"{known}attached to rental {rent_id}", markup=False)
    else:
        none = "no code recognised" if withheld is None else f"a code is withheld ({withheld:g})"
        screen.out.print(
            f"{known}attached to activation {lease_id}, {f'code {code}' if code else none}",
            markup=False,
        )


async def _deliver(arrival: Arrival, office: Office) -> tuple[str, store.Outcome]:
    """Hand a message in at the bank's door and read back what became of it."""
    settings = office.settings
    habits = Habits()
    await habits.load(office.pool, office.catalogue.services.values())
    code_rules = CodeRules(code_digits(settings, office.catalogue), settings.uncertain_codes == "deliver", habits)
    desk = DeliverDesk(lambda: office.catalogue.any_service_ids, code_rules=code_rules)

    async def audited(tx: Connection, incoming: Sequence[Incoming]) -> Answers[Intake]:
        """Take in, and note it in the same transaction: a repeat that changes nothing leaves no row either."""
        answers = await desk.serve(tx, incoming)
        for one in incoming:
            await audit.write(tx, "message.deliver", masked(one.e164), {"id": one.foreign_id})
        return answers

    counter: Counter[Incoming, Intake] = Counter(
        "deliver", audited, connector(settings.database_url, settings.command_timeout_s),
        batch_limit=1, queue_limit=1, deadline_s=settings.queue_deadline_s,
    )  # fmt: skip
    handed: list[Incoming] = []

    def ask(incoming: Incoming) -> Awaitable[Intake | Refusal]:
        handed.append(incoming)
        return counter.ask(incoming)

    door = Door(ask, office.catalogue)
    await door.learn(hints.as_hints(await hints.everything(office.pool)))
    supplier_id = await store.supplier_of(office.pool, arrival.e164)
    if supplier_id is None:
        async with office.transaction() as tx:
            supplier_id = (await offers.existing_supplier(tx, offers.OWN_POOL))[0]
    counter.start()
    try:
        result = await door.take(msgspec.structs.replace(arrival, supplier_id=supplier_id))
    finally:
        await counter.stop()
    if isinstance(result, Refusal):
        raise OperatorError(f"the message was not taken in: {type(result).__name__}")
    kept = await store.fate_of(office.pool, handed[0])
    if kept is None:
        raise RuntimeError("the message is durable, but cannot be found under its key")
    return result.name.lower(), kept


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
         "kind": one.medium.name.lower(), "from": one.sender, "why": one.fate.name.lower(), "text": one.text}
        for one in found
    ]  # fmt: skip
    if json:
        screen.print_json(rows)
    else:
        columns = ("id", "received_at", "kind", "to", "from", "why", "text")
        screen.table(columns, ([row[column] for column in columns] for row in rows))


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many, newest first.")] = 50,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Show the newest messages: which lease got them, of whom and for what, and how sure their codes are.

    A guess is a code that is not certain; NUMBANK_UNCERTAIN_CODES says whether customers get it or it is withheld. What a
    customer's message says is not shown.
    """

    async def act(office: Office) -> list[dict[str, object]]:
        services = office.catalogue.services
        glances = await store.newest(office.pool, limit)
        return [_listed(one, services.get(one.service_id or 0)) for one in glances]

    rows = run(data, database_url, act)
    if json:
        screen.print_json(rows)
    else:
        columns = (
            "id", "received_at", "kind", "to", "fate", "activation", "rental", "customer", "service", "code_is",
            "confidence", "code", "guess", "from", "text",
        )  # fmt: skip
        screen.table(columns, (["" if row[name] is None else row[name] for name in columns] for row in rows))


def _listed(one: store.Glance, service: Service | None = None) -> dict[str, object]:
    """A row of the list, with the service of its lease; the guess is read again, for it is kept nowhere."""
    rental = None if one.lease_id is None else rent_of(one.lease_id)
    withheld = one.state is store.CodeState.WITHHELD and bool(one.text)
    read = hear if one.medium is Medium.CALL else recognise
    guess = read(one.text, sender=one.sender).uncertain if withheld else None
    return {
        "id": one.id, "received_at": one.received_at.isoformat(timespec="seconds"), "kind": one.medium.name.lower(),
        "to": str(one.e164), "fate": one.fate.name.lower(), "activation": None if rental is not None else one.lease_id,
        "rental": rental, "customer": one.account_id, "service": service.code if service is not None else None,
        "code_is": one.state.value, "confidence": one.confidence,
        "code": one.code, "guess": guess, "from": one.sender or None, "text": one.text or None,
    }  # fmt: skip


@app.command()
def forwards(
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many, newest first.")] = 50,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Show what was passed on for activations with forwarding, or is going to be: to whom, how often tried, why not."""

    async def act(office: Office) -> list[errands.Passed]:
        return await errands.forwards(office.pool, limit)

    found = run(data, database_url, act)
    rows = [
        {"id": one.id, "at": one.at.isoformat(timespec="seconds"), "activation": one.lease_id, "supplier": one.supplier,
         "message": one.message_id, "from": str(one.e164), "to": str(one.target), "state": one.state.name.lower(),
         "tries": one.tries, "reason": one.reason}
        for one in found
    ]  # fmt: skip
    if json:
        screen.print_json(rows)
    else:
        columns = ("id", "at", "activation", "supplier", "message", "from", "to", "state", "tries", "reason")
        screen.table(columns, ([row[column] for column in columns] for row in rows))
