"""Proves the books: transfers, balances, holds, top-ups.

A balance is compared with all postings of its book, which no single short transaction can read. But a journal that is
only ever appended to has a settled part: ids up to a mark, once all who could still commit one of them are gone. That
part is summed in slices of any moment; the young rest is small and is read in the same snapshot as the balances.
"""

from __future__ import annotations

from collections import Counter

from numbank.db.checks import Check, Session, Tally
from numbank.db.proofs import by_id, id_slices, proved_by
from numbank.db.queries import Queries
from numbank.db.settling import settle
from numbank.ledger.books import cash_book, cashback_book

Q = Queries("numbank.ledger", "verify.sql")


async def prove_balances(session: Session) -> Tally:
    """Sum up the settled postings of each book, then compare them and the young ones with the accounts."""
    mark = await settle(session, "entry")
    booked: Counter[tuple[int, int]] = Counter()
    for low, high in await id_slices(session, "entry"):
        if low <= mark:
            for book, currency, amount in await session.rows(Q.settled, low, high, mark):
                booked[book, currency] += amount
    tally = Tally()
    for low, high in await id_slices(session, "account"):
        for account_id, currency, *kept, young_cash, young_cashback in await session.rows(Q.balances, low, high, mark):
            sums = [
                booked[cash_book(account_id), currency] + young_cash,
                booked[cashback_book(account_id), currency] + young_cashback,
            ]
            wrong = f"account {account_id} keeps {kept[0]} + {kept[1]}, its postings are {sums[0]} + {sums[1]}"
            tally.look(wrong if kept != sums else None)
    return tally


async def prove_held(session: Session) -> Tally:
    """Sum up the settled part of the held books, then compare it and the young part with the open holds."""
    mark = await settle(session, "entry")
    booked: Counter[int | None] = Counter()
    for low, high in await id_slices(session, "entry"):
        if low <= mark:
            for currency, amount in await session.rows(Q.settled_held, low, high, mark):
                booked[currency] += amount
    open_: Counter[int | None] = Counter()
    for currency, open_minor, young in await session.rows(Q.held, mark):
        open_[currency] += open_minor
        booked[currency] += young
    tally = Tally()
    for currency in sorted(booked.keys() | open_.keys(), key=lambda number: number or 0):
        wrong = f"currency {currency}: open holds are {open_[currency]}, the held book is {booked[currency]}"
        tally.look(wrong if booked[currency] != open_[currency] else None)
    return tally


async def prove_turnovers(session: Session) -> Tally:
    """Sum up the settled charges and refunds of each account, then compare them and the young ones with its turnover."""
    mark = await settle(session, "entry")
    booked: Counter[int] = Counter()
    for low, high in await id_slices(session, "entry"):
        if low <= mark:
            for account_id, amount in await session.rows(Q.settled_turnover, low, high, mark):
                booked[account_id] += amount
    tally = Tally()
    for low, high in await id_slices(session, "customer"):
        for account_id, kept, young in await session.rows(Q.turnovers, low, high, mark):
            charged = booked[account_id] + young
            wrong = f"customer {account_id} keeps a turnover of {kept}, charges less refunds are {charged}"
            tally.look(wrong if kept != charged else None)
    return tally


CHECKS: tuple[Check, ...] = (
    by_id(Q, "transfers", "entry"),
    proved_by(Q, "balances", prove_balances),
    by_id(Q, "holds", "hold"),
    proved_by(Q, "held", prove_held),
    by_id(Q, "cashbacks", "hold"),
    proved_by(Q, "turnovers", prove_turnovers),
    by_id(Q, "topups", "entry"),
)
