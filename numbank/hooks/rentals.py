"""Endpoints that rentals name in `url`: one per account and address, told of rentals alone, outside of the account's limit.

They are made when the first rental names them and removed some days after the last one; customers see them beside their own,
for the secret that signs is reached by a rotation.
"""

from __future__ import annotations

from collections.abc import Iterable

from numbank.db.pool import Connection, Pool
from numbank.db.queries import Queries
from numbank.db.reads import answered
from numbank.db.seals import Seals
from numbank.errors import BadUrl, Unavailable
from numbank.hooks import signature
from numbank.hooks.desk import BY_CUSTOMER
from numbank.hooks.model import HookRefused
from numbank.hooks.url import Rules, parse_url

Q = Queries("numbank.hooks")


class Endpoints:
    """The addresses of rentals: at most `most` of an account, or a few more when many are named at once."""

    def __init__(self, pool: Pool, seals: Seals, rules: Rules, most: int) -> None:
        self._pool = pool
        self._seals = seals
        self._rules = rules
        self._most = most

    @answered
    async def check(self, account_id: int, url: str) -> str:
        """The canonical form of an address, before anything is charged. BadUrl says what is wrong with it."""
        try:
            address = parse_url(url, self._rules).url
        except HookRefused as refusal:
            raise BadUrl(str(refusal)) from None
        barred = await self._pool.fetchrow(Q.barred, account_id, address)
        if barred is not None:
            raise BadUrl(f"the operator switched webhook {barred['id']} off: {barred['off_reason']}")
        if await self._pool.fetchval(Q.other_rental_endpoints, account_id, address, self._most) >= self._most:
            raise BadUrl(f"rentals of this account have named {self._most} addresses already; use one of them")
        if await self._seals.trouble(self._pool) is not None:
            raise Unavailable  # nothing could be signed: /readyz tells the operator why
        return address

    async def endpoint(self, tx: Connection, account_id: int, url: str) -> int:
        """The endpoint of an address that was checked, made if there is none. The caller has locked the account.

        One that was off because it failed is on again, for its customer names it once more.
        """
        hook_id: int | None = await tx.fetchval(Q.name_again, account_id, url, BY_CUSTOMER)
        if hook_id is None:
            sealed = (await self._seals.sealer(tx)).seal(signature.new_secret())
            hook_id = await tx.fetchval(Q.add_for_rentals, account_id, url, sealed)
        if hook_id is None:
            raise RuntimeError("an endpoint of a locked account was made by somebody else")
        return hook_id


async def still_named(tx: Connection, hook_ids: Iterable[int | None]) -> set[int]:
    """Endpoints of rentals that begin anew, named once more; those that were removed meanwhile are not in the result.

    The caller has locked the accounts. Nothing is asked of the database for none.
    """
    named = sorted({hook_id for hook_id in hook_ids if hook_id is not None})
    return {row[0] for row in await tx.fetch(Q.still_named, named, BY_CUSTOMER)} if named else set()
