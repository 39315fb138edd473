"""What a customer does with endpoints, each act a transaction of its own; the JSON API's way to the book."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from numbank.db.confirmed import confirmed
from numbank.db.pool import Connection, Pool
from numbank.db.reads import answered
from numbank.db.seals import Seals
from numbank.errors import OperatorError, Unavailable
from numbank.hooks import book
from numbank.hooks.book import Terms
from numbank.hooks.model import Delivery, Hook, HookRefused

BY_CUSTOMER = "by the customer"


class HookDesk:
    """Acts of customers. HookRefused says no; Unavailable when the database or the key file cannot be used."""

    def __init__(self, pool: Pool, seals: Seals, terms: Terms) -> None:
        self._pool = pool
        self._seals = seals
        self._terms = terms

    @answered
    async def all(self, account_id: int) -> list[Hook]:
        """The endpoints of an account."""
        return await book.of_account(self._pool, account_id)

    @answered
    async def one(self, account_id: int, hook_id: int) -> Hook:
        """One endpoint."""
        return await book.one(self._pool, hook_id, account_id)

    @answered
    async def add(self, account_id: int, url: str) -> tuple[Hook, str]:
        """A new endpoint with its secret."""
        async with self._transaction() as tx:
            return await book.add(tx, self._seals, self._terms, account_id, url)

    @answered
    async def change(self, account_id: int, hook_id: int, url: str | None, enabled: bool | None) -> Hook:
        """Another address, on or off; None: as it is."""
        async with self._transaction() as tx:
            off_reason = BY_CUSTOMER if enabled is False else None
            return await book.change(
                tx, self._terms, hook_id, account_id, url=url, off_reason=off_reason, on=enabled is True
            )

    @answered
    async def remove(self, account_id: int, hook_id: int) -> None:
        """Remove an endpoint."""
        async with self._transaction() as tx:
            await book.remove(tx, hook_id, account_id)

    @answered
    async def rotate(self, account_id: int, hook_id: int, overlap_s: float | None) -> tuple[Hook, str]:
        """A new secret; the overlap is that of the settings unless it is given."""
        async with self._transaction() as tx:
            overlap_s = self._terms.overlap_s if overlap_s is None else overlap_s
            return await book.rotate(tx, self._seals, hook_id, account_id, overlap_s=overlap_s)

    @answered
    async def test(self, account_id: int, hook_id: int) -> Delivery:
        """Queue one try."""
        async with self._transaction() as tx:
            return await book.try_out(tx, hook_id, account_id)

    @answered
    async def log(self, account_id: int, hook_id: int, before: int, limit: int) -> list[Delivery]:
        """The newest deliveries before an id."""
        return await book.log(self._pool, hook_id, account_id, before=before, limit=limit)

    @answered
    async def replay(self, account_id: int, delivery_id: int) -> Delivery:
        """Send a delivery once more."""
        async with self._transaction() as tx:
            return await book.replay(tx, delivery_id, account_id)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Connection]:
        try:
            async with confirmed(self._pool) as tx:
                yield tx
        except HookRefused:
            raise
        except OperatorError as error:
            raise Unavailable from error  # the key file is missing or wrong: /readyz says so to the operator
