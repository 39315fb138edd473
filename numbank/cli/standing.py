"""customer show, activate, deactivate, block, unblock, verify, unverify, phone-exception."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from numbank.activation.model import Activation
from numbank.activation.views import Views
from numbank.cli import screen
from numbank.cli.access import Data, DatabaseUrl, Json, Office, run
from numbank.cli.customer import app
from numbank.cli.terms import CustomerId, change
from numbank.customers import bans, standing
from numbank.customers.standing import Change, percent
from numbank.money import format_minor


class _Account(msgspec.Struct):
    """What `customer show` shows."""

    standing: standing.Standing
    bans: list[bans.Ban]
    live: list[Activation]


@app.command()
def show(customer_id: CustomerId, json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Show everything about a customer: money, terms, limits, bans, live leases."""

    async def act(office: Office) -> _Account:
        pool = office.pool
        return _Account(
            await standing.of(pool, customer_id),
            await bans.listed(pool, customer_id),
            await Views(pool).live(customer_id),
        )

    account = run(data, database_url, act)
    row = _row(account)
    if json:
        screen.print_json(row)
        return
    for name, value in row.items():
        lines = value if isinstance(value, list) else [value]
        for line in lines:
            screen.out.print(screen.plain(f"{name:<20}{'' if line is None else _line(line)}").rstrip(), markup=False)


def _row(account: _Account) -> dict[str, object]:
    one = account.standing
    return {
        "id": one.id, "name": one.name, "active": one.active, "blocked": one.blocked, "currency": one.currency,
        "balance": format_minor(one.cash), "cashback": format_minor(one.cashback), "spends_cashback": one.spend_cashback,
        "cashback_rate": None if one.cashback_bp is None else percent(one.cashback_bp),
        "turnover": format_minor(one.turnover), "rank": one.rank, "discount": percent(one.discount_bp),
        "live_limit": one.max_live, "requests_per_second": one.requests_per_s, "leases_per_minute": one.leases_per_min,
        "phone_exception": one.phone_exception, "dialect": one.dialect, "verified": one.verified, "keys": one.keys,
        "created_at": one.created_at.isoformat(timespec="seconds"),
        "bans": [
            {"ban": ban.id, "user": ban.end_user, "until": ban.until.isoformat(timespec="seconds"), "reason": ban.reason}
            for ban in account.bans
        ],
        "live": [
            {"activation": lease.id, "state": lease.state.name.lower(), "due_at": lease.due_at.isoformat(timespec="seconds")}
            for lease in account.live
        ],
    }  # fmt: skip


def _line(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {part}" for name, part in value.items() if part is not None)
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


@app.command()
def activate(customer_id: CustomerId, json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Let a customer lease again after `deactivate`."""
    change(customer_id, "customer.activate", Change(active=True), "is active", json=json, data=data,
           database_url=database_url)  # fmt: skip


@app.command()
def deactivate(
    customer_id: CustomerId, json: Json = False, data: Data = None, database_url: DatabaseUrl = None
) -> None:
    """Answer ACCOUNT_INACTIVE to purchases from now on; what runs may be finished."""
    change(customer_id, "customer.deactivate", Change(active=False), "is inactive", json=json, data=data,
           database_url=database_url)  # fmt: skip


@app.command()
def block(customer_id: CustomerId, json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Block a customer without a date: purchases are answered CHANNELS_LIMIT. For a ban with an end see `ban add`."""
    change(customer_id, "customer.block", Change(blocked=True), "is blocked", json=json, data=data,
           database_url=database_url)  # fmt: skip


@app.command()
def unblock(customer_id: CustomerId, json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Take a block away."""
    change(customer_id, "customer.unblock", Change(blocked=False), "is not blocked", json=json, data=data,
           database_url=database_url)  # fmt: skip


@app.command()
def verify(customer_id: CustomerId, json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Verify a reseller: from now on it may buy partner software."""
    change(customer_id, "customer.verify", Change(verified=True), "is a verified reseller", json=json, data=data,
           database_url=database_url)  # fmt: skip


@app.command()
def unverify(customer_id: CustomerId, json: Json = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Sell no more software to a customer; it keeps what it bought."""
    change(customer_id, "customer.unverify", Change(verified=False), "is no verified reseller", json=json, data=data,
           database_url=database_url)  # fmt: skip


@app.command("phone-exception")
def phone_exception(
    customer_id: CustomerId,
    prefixes: Annotated[
        str, typer.Argument(help="Prefixes of 4 to 9 digits with commas between, e.g. 7918,7900; '' for none.")
    ],
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Set the prefixes that a customer's numbers must not have when a request names none itself."""
    kept = standing.prefixes(prefixes)
    said = f"gets no numbers that begin with {kept}" if kept else "gets all numbers"
    change(customer_id, "customer.phone-exception", Change(phone_exception=kept), said, json=json, data=data,
           database_url=database_url)  # fmt: skip
