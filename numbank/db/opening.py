"""Reaching a database; what keeps an operator's database from being reached is said in one line."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

import asyncpg

from numbank.db.pool import CONNECTION_ERRORS
from numbank.errors import OperatorError
from numbank.settings import redact_url

T = TypeVar("T")

REACH_S = 20.0


class Unreachable(OperatorError):  # noqa: N818  the name says the case, as those of the refusals do
    """The database does not answer, or the connection broke: what was asked last may have been done."""


async def opened(url: str, opening: Awaitable[T]) -> T:
    """What `opening` opens on `url`; OperatorError when the URL is wrong or the database refuses, Unreachable else."""
    try:
        return await asyncio.wait_for(opening, REACH_S)
    except ValueError as error:
        # asyncpg's own words say what is wrong and hold no password; other words may hold a piece of one.
        reason = str(error) if isinstance(error, asyncpg.InterfaceError) else "it is no URL"
        raise OperatorError(
            f"the database URL {redact_url(url)!r} cannot be used: {one_line(reason)};"
            " expected postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
        ) from None
    except CONNECTION_ERRORS as error:
        raise Unreachable(f"the database does not answer: {one_line(error)}") from None
    except (asyncpg.PostgresError, asyncpg.InternalClientError) as error:
        raise OperatorError(f"the database refuses: {one_line(error)}") from None


def one_line(error: BaseException | str) -> str:
    """The text of an error in one line; its name when it has none, as time-outs do."""
    return " ".join(str(error).split()) or type(error).__name__
