"""Topics and their subscribers: one that fails keeps no other from hearing."""

from __future__ import annotations

import pytest

from numbank.db.pool import Pool
from numbank.db.versions import Versions, bump


async def test_a_subscriber_that_fails_delays_only_its_own_topic(pool: Pool) -> None:
    """A catalogue that cannot be read must not keep a node from denying a service."""
    topics = [row[0] for row in await pool.fetch("select topic from version order by ctid")]
    versions = Versions(pool, poll_s=60, max_age_s=60)
    heard: list[str] = []
    broken = {topics[0]}

    for topic in topics:

        async def changed(topic: str = topic) -> None:
            if topic in broken:
                raise LookupError(topic)
            heard.append(topic)

        versions.subscribe(topic, changed)
    with pytest.raises(LookupError):
        await versions.look()
    assert heard == topics[1:]
    async with pool.acquire() as connection:
        await bump(connection, topics[-1])
    with pytest.raises(LookupError):
        await versions.look()
    assert heard == [*topics[1:], topics[-1]]
    broken.clear()
    await versions.look()
    assert heard == [*topics[1:], topics[-1], topics[0]], "it is tried again until it succeeds"
