"""Background work that takes a bounded step goes on at once while there is more."""

from __future__ import annotations

from numbank.customers import ranks
from tests.support import open_bank, until


async def test_turnover_is_folded_without_a_pause_while_there_is_more(dsn: str) -> None:
    """One step takes a bounded number of movements: a busy bank makes more of them than that between two steps."""
    async with open_bank(dsn, statistics_fold_s=3600.0) as (_, shop):
        customer_id, _ = await shop.customer()
        await shop.connection.execute(
            "insert into turnover_move (account_id, amount) select $1, 1 from generate_series(1, $2::int)",
            customer_id, 2 * ranks.MOST_FOLDED + 5,
        )  # fmt: skip
    async with open_bank(dsn, statistics_fold_s=3600.0) as (_, shop):

        async def folded() -> bool:
            return not await shop.connection.fetchval("select exists (select from turnover_move)")

        await until(folded)
        kept = await shop.connection.fetchval("select turnover from customer where id = $1", customer_id)
        assert kept == 2 * ranks.MOST_FOLDED + 5
