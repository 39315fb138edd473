"""The desk that sells licence keys: one transaction for everyone who waits, each key once.

Locks: accounts, then keys in stock in the order of their ids; keys that another node is selling are passed by (engine 1.2).
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence

import msgspec
import structlog

from numbank.db.columns import columns
from numbank.db.counter import Again, Answers
from numbank.db.pool import Connection
from numbank.db.queries import Queries
from numbank.db.seals import Seals
from numbank.errors import NoKeysLeft, OperatorError, Refusal, Unavailable
from numbank.leases.earning import Done, credit_cashback
from numbank.leases.paying import NOTHING, Charged, Purses, open_purses
from numbank.ledger import journal
from numbank.secrets import KeyFile, WrongSeal
from numbank.software.model import Bought, BuyRequest
from numbank.software.rules import ForSale, sale

Q = Queries("numbank.software")

log = structlog.get_logger("numbank")


# Keys that cannot be opened are passed by up to so many; those that come next are refused as with a wrong file.
MOST_DAMAGED = 1_000


class _Plan(msgspec.Struct):
    """One request on its way through a batch: what it costs and the key that it gets, or its refusal."""

    request: BuyRequest
    charged: Charged = NOTHING
    key_id: int = 0
    sealed: bytes = b""
    result: Bought | Refusal | Again | None = None


class SoftwareDesk:
    """Serves the software counter. `cashback_bp` is the rate of accounts without one of their own, in 1/10,000."""

    def __init__(self, seals: Seals, *, cashback_bp: int) -> None:
        self._seals = seals
        self._cashback_bp = cashback_bp
        self._file: KeyFile | None = None
        # Ids of keys in stock that this file does not open; another file may.
        self._damaged: set[int] = set()

    async def serve(self, tx: Connection, requests: Sequence[BuyRequest]) -> Answers[Bought]:
        """Sell a key to each request, hold and post in one. Money is decided in order of arrival on the locked balances."""
        purses = await open_purses(tx, requests)
        products = {
            row[0]: ForSale(*row)
            for row in await tx.fetch(Q.products_for_sale, sorted({one.product_id for one in requests}))
        }
        plans = [_Plan(request) for request in requests]
        short = _set_aside(plans, products, purses)
        buying = [plan for plan in plans if plan.result is None]
        if buying:
            await self._claim(tx, buying)
        # What was set aside for somebody who then got no key may be enough for these after all.
        freed = {plan.request.account_id for plan in buying if plan.result is not None}
        for plan in short:
            if plan.request.account_id in freed:
                plan.result = Again(plan.request)
        winners = [plan for plan in buying if plan.result is None]
        if winners:
            await self._save(tx, winners, products, purses)
        results = [plan.result if plan.result is not None else NoKeysLeft() for plan in plans]
        return Answers(results, keep=bool(winners))

    async def _claim(self, tx: Connection, buying: Sequence[_Plan]) -> None:
        """Lock a key for everybody, first come first served; refuse those for whom none is left."""
        wanted = Counter(plan.request.product_id for plan in buying)
        stock: dict[int, deque[tuple[int, bytes]]] = defaultdict(deque)
        if self._damaged:
            await self._opener(tx)  # another file may open them
        claimed = await tx.fetch(Q.claim_keys, list(wanted), list(wanted.values()), list(self._damaged))
        for product_id, key_id, sealed in sorted(claimed, key=lambda row: row["id"]):
            stock[product_id].append((key_id, sealed))
        missing = [product_id for product_id, count in wanted.items() if len(stock[product_id]) < count]
        more: set[int] = set()
        if missing:
            rows = await tx.fetch(Q.more_keys, missing, [*(row["id"] for row in claimed), *self._damaged])
            more = {row[0] for row in rows}
        file = await self._opener(tx) if claimed else None
        unopened: list[_Plan] = []
        for plan in buying:
            product_id = plan.request.product_id
            if not stock[product_id]:
                plan.result = Again(plan.request) if product_id in more else NoKeysLeft()
                continue
            plan.key_id, plan.sealed = stock[product_id].popleft()
            # Nobody pays for what cannot be handed over.
            if file is None:
                plan.result = Unavailable()
            elif not _opens(file, plan):
                plan.result = Again(plan.request)
                unopened.append(plan)
        if unopened and len(self._damaged) < MOST_DAMAGED and await self._seals.trouble(tx) is None:
            self._damaged.update(plan.key_id for plan in unopened)
        else:  # it is not some keys, it is this node's file
            for plan in unopened:
                plan.result = Unavailable()

    async def _opener(self, tx: Connection) -> KeyFile | None:
        """The key file, None when this node has not the right one; /readyz says so too."""
        try:
            file = await self._seals.opener(tx)
        except OperatorError as error:
            log.error("software.sealed", reason=str(error))  # noqa: TRY400  one line, without a traceback
            return None
        if file is not self._file:
            self._file = file
            self._damaged.clear()
        return file

    async def _save(
        self, tx: Connection, winners: Sequence[_Plan], products: Mapping[int, ForSale], purses: Purses
    ) -> None:
        """Holds, purchases with their keys, posts, cashback: all in this transaction."""
        ids = await tx.fetch(Q.next_purchase_ids, len(winners))
        holds, rows = [], []
        for plan, (purchase_id, hold_id, now) in zip(winners, ids, strict=True):
            request, currency = plan.request, purses.balances[plan.request.account_id].currency
            holds.append(plan.charged.hold(hold_id, request.account_id, currency))
            rows.append((
                purchase_id, request.account_id, request.product_id, plan.key_id, hold_id, plan.charged.price, currency, now,
            ))  # fmt: skip
            plan.result = Bought(purchase_id, plan.sealed, products[request.product_id].manual)
        await journal.place_holds(tx, holds)
        sold = await tx.fetchval(Q.sell_keys, *columns(rows))
        if sold != len(rows):
            raise journal.BrokenBooks(f"{sold} of {len(rows)} licence keys were in stock")
        await journal.post_holds(tx, [hold.id for hold in holds])
        accounts = sorted({plan.request.account_id for plan in winners})
        own = dict(map(tuple, await tx.fetch(Q.own_cashback, accounts)))
        done = [
            Done(hold.id, hold.account_id, plan.charged.price, own.get(hold.account_id))
            for hold, plan in zip(holds, winners, strict=True)
        ]
        await credit_cashback(tx, done, self._cashback_bp)


def _set_aside(plans: Sequence[_Plan], products: Mapping[int, ForSale], purses: Purses) -> list[_Plan]:
    """Set money aside in order of arrival; gives the plans of products for which it is not there now."""
    short = []
    for plan in plans:
        paid = sale(plan.request, products, purses)
        if isinstance(paid, Refusal):
            plan.result = paid
            if plan.request.product_id in products:
                short.append(plan)
        else:
            plan.charged = paid
    return short


def _opens(file: KeyFile, plan: _Plan) -> bool:
    """Whether the key can be opened; the log says which one cannot."""
    try:
        file.open(plan.sealed)
    except WrongSeal:
        log.error("software.key_sealed", key_id=plan.key_id)  # noqa: TRY400  no traceback: there is a key in its frames
        return False
    return True
