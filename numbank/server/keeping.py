"""What a node does for the operator's policy beside serving: it erases what is too old and reads new region files."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from numbank.retention import erase
from numbank.server.periodic import Periodic

if TYPE_CHECKING:
    from numbank.server.bank import Bank

REGION_FILE_EVERY_S = 2.0
# Between two full steps of the erasing: after a long stop it must not take the database for itself.
BREATH_S = 0.02


def policy_workers(bank: Bank) -> list[Periodic]:
    """The workers behind the policy."""
    settings = bank.settings
    batch = settings.batch_erase

    async def forget_texts() -> int:
        """One step in every table; gives `batch` as long as one of them has more to do."""
        if not settings.retention_days:
            async with bank.pool.acquire() as connection:
                await erase.keep_for_ever(connection)
            return 0
        now = await bank.now()
        most = 0
        for topic in erase.TOPICS:
            async with bank.pool.acquire() as connection, connection.transaction():
                step = await erase.erase(connection, topic, now=now, days=settings.retention_days, batch=batch)
            most = max(most, step.seen)
        if most == batch:
            await asyncio.sleep(BREATH_S)
        return most

    workers = [Periodic("retention", forget_texts, settings.retention_every_s, full=batch)]
    if settings.region_database:
        workers.append(Periodic("region-file", bank.policy.refresh, REGION_FILE_EVERY_S))
    return workers
