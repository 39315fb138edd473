"""What we know of the driver beyond its documentation: arrays are told by their type, and its own UUIDs are UUIDs."""

from __future__ import annotations

from collections import Counter
from typing import Any, ClassVar
from uuid import UUID, uuid4

import asyncpg
import pytest
from asyncpg.protocol import protocol

from numbank.db import driver, pool


class Asked(type):
    """Counts how often something is asked to be one of these."""

    times: ClassVar[Counter[str]] = Counter()

    def __instancecheck__(cls, instance: Any) -> bool:
        Asked.times[cls.__name__] += 1
        return isinstance(instance, driver.ARRAYS)


class Arrays(metaclass=Asked):
    pass


@pytest.fixture
async def connection(dsn: str) -> Any:
    connection = await pool.connect(dsn, hot=True, command_timeout_s=10)
    yield connection
    await connection.close()


async def test_the_driver_asks_for_each_element_by_the_name_that_we_replace(
    connection: asyncpg.Connection[asyncpg.Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Should a new driver ask in another way, `quicken` does nothing any more and can go.
    monkeypatch.setattr(protocol, "IterableABC", Arrays)
    Asked.times.clear()
    assert await connection.fetchval("select cardinality($1::bigint[])", [1, 2, 3]) == 3
    assert Asked.times["Arrays"] > 3


def test_the_name_is_replaced_where_connections_are_made() -> None:
    assert vars(protocol)["IterableABC"] == driver.ARRAYS


@pytest.mark.parametrize("array", [[1, 2], (1, 2)])
async def test_lists_and_tuples_are_arrays(connection: asyncpg.Connection[asyncpg.Record], array: Any) -> None:
    assert await connection.fetchval("select $1::bigint[]", array) == [1, 2]


async def test_arrays_in_arrays_and_what_is_no_array_are_told_as_before(
    connection: asyncpg.Connection[asyncpg.Record],
) -> None:
    assert await connection.fetchval("select $1::bigint[]", [[1, 2], [3, 4]]) == [[1, 2], [3, 4]]
    assert await connection.fetchval("select $1::text[]", ["ab", None, "c"]) == ["ab", None, "c"]
    for wrong in ("text", 7, {1: 2}, {1, 2}, range(2)):
        with pytest.raises(asyncpg.DataError):
            await connection.fetchval("select $1::bigint[]", wrong)


async def test_a_uuid_of_the_driver_is_as_good_as_any(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    usual = uuid4()
    quick = driver.uuid_of(usual.bytes)
    assert quick == usual
    assert usual == quick
    assert hash(quick) == hash(usual)
    assert str(quick) == str(usual)
    assert isinstance(quick, UUID)
    assert {usual: 1}[quick] == 1
    assert await connection.fetchval("select $1::uuid", quick) == usual
