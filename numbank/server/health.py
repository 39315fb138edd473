"""/healthz: this process lives. /readyz: it can serve: database, schema, fresh caches, clock, key file."""

from __future__ import annotations

from datetime import UTC, datetime

import asyncpg
import msgspec

from numbank.db import migrate
from numbank.db.pool import CONNECTION_ERRORS
from numbank.errors import OperatorError
from numbank.server.bank import Bank


async def ready(bank: Bank) -> tuple[int, bytes]:
    """HTTP status and body: 200, or 503 with the reasons."""
    reasons: list[str] = []
    try:
        await bank.versions.ensure_fresh()  # first: it knows soonest that the database is away
        async with bank.pool.acquire(timeout=bank.settings.clock_skew_s) as connection:
            await migrate.check(connection)
            row = await connection.fetchval("select clock_timestamp()")
            sealed = await bank.seals.trouble(connection)
        if sealed is not None:
            reasons.append(sealed)
        skew_s = abs((datetime.now(UTC) - row).total_seconds())
        if skew_s > bank.settings.clock_skew_s:
            reasons.append(f"this node's clock is {skew_s:.1f} s off the database's")
    except OperatorError as error:
        reasons.append(str(error))
    except (*CONNECTION_ERRORS, asyncpg.PostgresError) as error:
        reasons.append(f"the database does not answer ({type(error).__name__})")
    body = {"status": "unready", "reasons": reasons} if reasons else {"status": "ready"}
    return 503 if reasons else 200, msgspec.json.encode(body)
