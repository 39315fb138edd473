"""Reads outside the counters: a database that does not answer becomes the same refusal that a counter gives."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import asyncpg

from numbank.db.pool import CONNECTION_ERRORS
from numbank.errors import Unavailable

P = ParamSpec("P")
T = TypeVar("T")


def answered(read: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Raise Unavailable instead of whatever the driver says when the connection is refused, broken or timed out."""

    @wraps(read)
    async def asked(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await read(*args, **kwargs)
        except (*CONNECTION_ERRORS, asyncpg.InsufficientResourcesError, asyncpg.OperatorInterventionError) as error:
            raise Unavailable from error

    return asked
