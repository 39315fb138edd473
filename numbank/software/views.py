"""What customers see of the shop: the products, and what they bought."""

from __future__ import annotations

from numbank.db.pool import Pool
from numbank.db.queries import Queries
from numbank.db.reads import answered
from numbank.software.model import Product, Purchase

Q = Queries("numbank.software")

# Stock is counted up to this: whether there are more, no buyer needs to know, and counting a million takes a while.
MOST_COUNTED = 1_000
# Nobody turns so many pages; what lies behind is empty.
MOST_SKIPPED = 1_000_000


class Shop:
    """Reads of the shop."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @answered
    async def products(self) -> list[Product]:
        """All products by id, with what is left of each; those that are switched off too, `active` tells."""
        return [Product(*row) for row in await self._pool.fetch(Q.shop_window, MOST_COUNTED)]

    @answered
    async def bought(self, account_id: int, page: int, size: int) -> list[Purchase]:
        """A page (from 1) of what an account bought, the newest first, with keys (sealed) and manuals."""
        offset = min(max(page - 1, 0) * size, MOST_SKIPPED)
        return [Purchase(*row) for row in await self._pool.fetch(Q.bought, account_id, offset, size)]
