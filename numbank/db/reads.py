"""Reads outside the counters: they refuse like a counter does, when the database does not answer or too many wait."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import asyncpg

from numbank.db.pool import CONNECTION_ERRORS
from numbank.errors import Overloaded, Unavailable

# Callers of one kind of read that may wait for the pool at once; the counters have their own bound (`queue_limit`).
MOST_WAITING = 2_000

P = ParamSpec("P")
T = TypeVar("T")


def answered(read: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Raise Unavailable instead of whatever the driver says when the connection is refused, broken or timed out, and
    Overloaded when too many wait for this read already."""
    waiting = 0

    @wraps(read)
    async def asked(*args: P.args, **kwargs: P.kwargs) -> T:
        nonlocal waiting
        if waiting >= MOST_WAITING:
            raise Overloaded
        waiting += 1
        try:
            return await read(*args, **kwargs)
        except (*CONNECTION_ERRORS, asyncpg.InsufficientResourcesError, asyncpg.OperatorInterventionError) as error:
            raise Unavailable from error
        finally:
            waiting -= 1

    return asked
