"""A used bank per module, and a transaction in which a test may break it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import asyncpg
import pytest

from numbank.db.checks import Check, Finding, Session, prove_all
from tests.support import open_bank
from tests.verify.used_bank import ALL_CHECKS, QUIET, use

# Narrow, so that every check has several slices even here.
SLICE_ROWS = 7

Break = Callable[..., Awaitable[list[Finding]]]


@pytest.fixture(scope="module")
async def used_dsn(dsn: str) -> str:
    """A bank that was used and is closed now."""
    async with open_bank(dsn, **QUIET) as (app, shop):
        await use(app, shop)
    return dsn


@pytest.fixture
async def break_it(used_dsn: str) -> AsyncIterator[Break]:
    """Run statements, then the checks, in one transaction that is rolled back: nothing stays broken."""
    connection = await asyncpg.connect(used_dsn)
    transaction = connection.transaction()
    await transaction.start()

    async def break_and_verify(statements: Sequence[str], checks: Sequence[Check] = ALL_CHECKS) -> list[Finding]:
        await connection.execute("alter table entry disable trigger user")
        for statement in statements:
            done = await connection.execute(statement)
            assert not done.endswith(" 0"), f"nothing was broken by: {statement}"
        return await prove_all(Session(connection, SLICE_ROWS), checks)

    yield break_and_verify
    await transaction.rollback()
    await connection.close()
