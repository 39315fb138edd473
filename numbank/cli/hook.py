"""hook add, list, remove, rotate, enable, disable, log, replay, test."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from numbank.cli import screen
from numbank.cli.access import MAX_ID, Data, DatabaseUrl, Json, Office, run
from numbank.customers import audit
from numbank.db.seals import Seals
from numbank.hooks import book
from numbank.hooks.model import Delivery, Hook, Outcome
from numbank.hooks.posting import Posting, terms
from numbank.rest.hooks import delivery_view, view

app = typer.Typer(no_args_is_help=True)

Id = Annotated[int, typer.Argument(metavar="ID", min=1, max=MAX_ID, help="Id of the webhook.")]
HOUR_S = 3_600.0


def _subject(hook: Hook) -> str:
    return f"hook {hook.id} of customer {hook.account_id}"


def _address(hook: Hook) -> str:
    """Where to, without the query: tokens stand there, and the audit log is for ever."""
    return hook.url.partition("?")[0]


@app.command()
def add(
    customer: Annotated[int, typer.Argument(metavar="CUSTOMER", min=1, max=MAX_ID, help="Id of the customer.")],
    url: Annotated[str, typer.Argument(help="Where messages are sent: https or http, no private address.")],
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add a webhook and print the secret that signs what it gets. The secret is shown this once."""

    async def act(office: Office) -> tuple[Hook, str]:
        async with office.transaction() as tx:
            hook, secret = await book.add(tx, _seals(office), terms(office.settings), customer, url, by_operator=True)
            await audit.write(tx, "hook.add", _subject(hook), {"url": _address(hook)})
            return hook, secret

    _show_secret(*run(data, database_url, act), json=json)


@app.command("list")
def list_(
    customer: Annotated[
        int | None, typer.Option("--customer", min=1, max=MAX_ID, help="Only those of this customer.")
    ] = None,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """List webhooks, and say why one is off."""

    async def act(office: Office) -> list[Hook]:
        if customer is None:
            return await book.everyones(office.pool)
        return await book.of_account(office.pool, customer)

    found = run(data, database_url, act)
    if json:
        screen.print_json([_row(hook) for hook in found])
        return
    columns = ("id", "customer", "url", "for", "state", "failures", "created_at")
    screen.table(
        columns,
        (
            (hook.id, hook.account_id, hook.url, "rentals" if hook.rents else "activations",
             "on" if hook.off_reason is None else f"off: {hook.off_reason}", hook.failures,
             hook.created_at.isoformat(timespec="seconds"))
            for hook in found
        ),
    )  # fmt: skip


@app.command()
def remove(hook_id: Id, json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Remove a webhook; what waits for it is given up, its log stays for a while."""

    async def act(office: Office) -> Hook:
        async with office.transaction() as tx:
            hook = await book.remove(tx, hook_id)
            await audit.write(tx, "hook.remove", _subject(hook), {"url": _address(hook)})
            return hook

    hook = run(data, database_url, act)
    if json:
        screen.print_json({"id": hook.id, "customer": hook.account_id, "removed": True})
    else:
        screen.out.print(f"removed hook {hook.id} of customer {hook.account_id}", markup=False)


@app.command()
def rotate(
    hook_id: Id,
    overlap_hours: Annotated[
        float | None,
        typer.Option(
            "--overlap-hours", min=0, max=720, help="So long the old secret signs too (NUMBANK_HOOK_OVERLAP_S)."
        ),
    ] = None,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Replace the secret of a webhook and print the new one, this once. Until the overlap is over both sign."""

    async def act(office: Office) -> tuple[Hook, str]:
        overlap_s = office.settings.hook_overlap_s if overlap_hours is None else overlap_hours * HOUR_S
        async with office.transaction() as tx:
            hook, secret = await book.rotate(tx, _seals(office), hook_id, overlap_s=overlap_s)
            await audit.write(tx, "hook.rotate", _subject(hook), {"overlap_s": overlap_s})
            return hook, secret

    _show_secret(*run(data, database_url, act), json=json)


@app.command()
def enable(hook_id: Id, json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Switch a webhook on again and forget its failures; after its removal: allow its address again."""

    async def act(office: Office) -> Hook | None:
        async with office.transaction() as tx:
            if await book.unbar(tx, hook_id):
                await audit.write(tx, "hook.enable", f"hook {hook_id}", {"removed": True})
                return None
            hook = await book.change(tx, terms(office.settings), hook_id, on=True)
            await audit.write(tx, "hook.enable", _subject(hook), {})
            return hook

    hook = run(data, database_url, act)
    if hook is not None:
        _show(hook, json=json)
    elif json:
        screen.print_json({"id": hook_id, "removed": True, "off_by_operator": False})
    else:
        screen.out.print(f"hook {hook_id} was removed; its address may be added again")


@app.command()
def disable(
    hook_id: Id,
    reason: Annotated[str, typer.Option("--reason", help="What the customer reads.")] = "by the operator",
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Switch a webhook off; what waits for it is given up, and its customer cannot switch it on or add it again."""

    async def act(office: Office) -> Hook:
        async with office.transaction() as tx:
            hook = await book.change(tx, terms(office.settings), hook_id, off_reason=reason)
            await audit.write(tx, "hook.disable", _subject(hook), {"reason": reason})
            return hook

    _show(run(data, database_url, act), json=json)


@app.command()
def log(
    hook_id: Id,
    limit: Annotated[int, typer.Option("--limit", min=1, max=book.MAX_LOG, help="How many.")] = 20,
    before: Annotated[
        int, typer.Option("--before", min=1, max=MAX_ID, help="Only deliveries with a smaller id: the next page.")
    ] = MAX_ID,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Show the newest deliveries of a webhook with what every try came to."""

    async def act(office: Office) -> list[Delivery]:
        return await book.log(office.pool, hook_id, before=before, limit=limit)

    found = run(data, database_url, act)
    if json:
        screen.print_json([_delivery(one) for one in found])
        return
    columns = ("id", "event", "activation", "rental", "state", "tries", "created_at", "outcomes")
    screen.table(columns, (_log_row(one) for one in found))


@app.command()
def replay(
    delivery_id: Annotated[
        int, typer.Argument(metavar="DELIVERY", min=1, max=MAX_ID, help="Id of the delivery, see hook log.")
    ],
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Send a delivery that ended once more, under the same webhook-id; the bank that serves does it."""

    async def act(office: Office) -> Delivery:
        async with office.transaction() as tx:
            delivery = await book.replay(tx, delivery_id)
            await audit.write(tx, "hook.replay", f"delivery {delivery_id}", {"hook": delivery.hook_id})
            return delivery

    delivery = run(data, database_url, act)
    if json:
        screen.print_json(_delivery(delivery))
    else:
        screen.out.print(f"delivery {delivery.id} is due again", markup=False)


@app.command("test")
def try_out(hook_id: Id, json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Send one test message from here and print what came of it."""

    async def act(office: Office) -> tuple[Delivery, Outcome | None]:
        async with office.transaction() as tx:
            delivery = await book.try_out(tx, hook_id)
            await audit.write(tx, "hook.test", f"hook {hook_id}", {"delivery": delivery.id})
        posting = Posting(office.pool, _seals(office), office.settings)
        try:
            outcome = await posting.sender.try_now(delivery.id)
        finally:
            await posting.close()
        return delivery, outcome

    delivery, outcome = run(data, database_url, act)
    if json:
        shown = None if outcome is None else {"status": outcome.status, "ms": outcome.ms, "error": outcome.error}
        screen.print_json({"delivery": delivery.id, "outcome": shown})
    elif outcome is None:
        screen.out.print(
            f"delivery {delivery.id} was taken by the bank that serves: see hook log {hook_id}", markup=False
        )
    else:
        told = _outcome(outcome.status, outcome.error)
        screen.out.print(f"delivery {delivery.id}: {told} in {outcome.ms} ms", markup=False)
    if outcome is not None and not outcome.delivered:
        raise typer.Exit(1)


def _seals(office: Office) -> Seals:
    return Seals(office.settings.secrets_path)


def _row(hook: Hook) -> dict[str, object]:
    shown = view(hook)
    return {
        "id": hook.id, "customer": hook.account_id, "url": hook.url, "enabled": shown.enabled,
        "disabled_reason": hook.off_reason, "off_by_operator": hook.off_by_operator, "failures": hook.failures,
        "rents": hook.rents,
        "created_at": hook.created_at.isoformat(timespec="seconds"),
        "old_secret_until": None if hook.old_until is None else hook.old_until.isoformat(timespec="seconds"),
    }  # fmt: skip


def _show(hook: Hook, *, json: bool) -> None:
    if json:
        screen.print_json(_row(hook))
    else:
        state = "on" if hook.off_reason is None else f"off: {hook.off_reason}"
        screen.out.print(f"hook {hook.id} of customer {hook.account_id} is {state}", markup=False)


def _show_secret(hook: Hook, secret: str, *, json: bool) -> None:
    if json:
        screen.print_json(_row(hook) | {"secret": secret})
    else:
        screen.out.print(f"hook   {hook.id}\nurl    {hook.url}\nsecret {secret}", markup=False)


def _delivery(one: Delivery) -> dict[str, object]:
    """As the JSON API shows it, but in the spelling of commands."""
    shown = msgspec.structs.asdict(delivery_view(one))
    return shown | {"attempts": [msgspec.structs.asdict(attempt) for attempt in shown["attempts"]]}


def _log_row(one: Delivery) -> tuple[object, ...]:
    outcomes = ", ".join(f"{_outcome(attempt.status, attempt.error)} ({attempt.ms} ms)" for attempt in one.attempts)
    return (
        one.id, one.event.name.lower(), one.activation_id or "", one.rent_id or "", one.state.name.lower(), one.tries,
        one.created_at.isoformat(timespec="seconds"), outcomes,
    )  # fmt: skip


def _outcome(status: int | None, error: str | None) -> str:
    return f"HTTP {status}" if status is not None else str(error)
