"""An address of several servers leads to the one that takes writes, also when another says nothing at all."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from numbank.db import hosts
from numbank.db import versions as versions_module
from numbank.db.counter import Counter
from numbank.db.pool import connect, connector, create_pool
from numbank.db.versions import Versions
from numbank.errors import Unavailable
from tests.server.live import free_port


@pytest.mark.parametrize(
    ("dsn", "expected"),
    [
        ("postgresql://u:p@one:1,two:2/db?target_session_attrs=any", [("one", 1), ("two", 2)]),
        ("postgresql://one,two:6/db", [("one", 5432), ("two", 6)]),
        ("postgresql://u@/db?host=one,two&port=1,2", [("one", 1), ("two", 2)]),
        ("postgresql://u@/db?host=one,two&port=7", [("one", 7), ("two", 7)]),
        ("postgresql://u@[::1]:5,[::2]/db", [("::1", 5), ("::2", 5432)]),
        ("postgresql://u@one/db", []),
        ("postgresql:///db", []),
        ("postgresql://u@/db?host=/a/folder&port=5432", []),
    ],
)
@pytest.mark.unit
def test_the_hosts_of_an_address(dsn: str, expected: list[tuple[str, int]]) -> None:
    assert hosts.hosts_of(dsn) == expected


@pytest.fixture
async def silent() -> AsyncIterator[int]:
    """A port that takes connections and never says a word."""

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(3_600)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


@pytest.fixture
async def door(dsn: str) -> AsyncIterator[int]:
    """A TCP port that leads to the tests' PostgreSQL."""
    query = parse_qs(urlsplit(dsn).query)
    path = f"{query['host'][0]}/.s.PGSQL.{query.get('port', ['5432'])[0]}"

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, other = await asyncio.open_unix_connection(path)
        await asyncio.gather(copy(reader, other), copy(back, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


def address(dsn: str, *ports: int) -> str:
    """The tests' database behind these ports."""
    url = urlsplit(dsn)
    secret = parse_qs(url.query).get("passfile", [""])[0]
    word = open(secret).read().strip().rpartition(":")[2] if secret else ""  # noqa: SIM115
    user = url.netloc.rpartition("@")[0]
    listed = ",".join(f"127.0.0.1:{port}" for port in ports)
    return f"postgresql://{user}:{word}@{listed}{url.path}?sslmode=disable"


async def test_a_host_that_says_nothing_does_not_keep_from_the_one_that_serves(
    dsn: str, silent: int, door: int
) -> None:
    began = time.monotonic()
    for _ in range(2):
        connection = await connect(address(dsn, silent, door), hot=True, command_timeout_s=30)
        assert await connection.fetchval("select 1") == 1
        await connection.close()
    assert time.monotonic() - began < hosts.NEXT_S + 2.5  # and not two time limits of a host


async def test_a_host_that_refuses_is_passed_over_at_once_and_the_pool_finds_the_way_too(dsn: str, door: int) -> None:
    pool = await create_pool(address(dsn, free_port(), door), size=2, command_timeout_s=5)
    assert await pool.fetchval("select 1") == 1
    await pool.close()


async def test_when_nobody_can_be_had_the_reason_is_said(dsn: str) -> None:
    with pytest.raises(ConnectionRefusedError):
        await connect(address(dsn, free_port(), free_port()), hot=True, command_timeout_s=5)


async def test_a_server_that_only_reads_is_not_taken_unless_the_address_says_so(own_dsn: str) -> None:
    name = urlsplit(own_dsn).path.removeprefix("/")
    admin = await asyncpg.connect(own_dsn)
    await admin.execute(f"alter database {name} set default_transaction_read_only = on")
    with pytest.raises(asyncpg.TargetServerAttributeNotMatched):
        await connect(own_dsn, hot=True, command_timeout_s=5)
    seen = await connect(f"{own_dsn}&target_session_attrs=any", hot=False, command_timeout_s=5)
    assert await seen.fetchval("select 1") == 1
    await seen.close()
    await admin.close()


async def test_a_request_is_told_soon_that_the_database_is_away_however_long_the_look_takes(
    dsn: str, silent: int
) -> None:
    pool = await create_pool(dsn, size=1, command_timeout_s=5)
    versions = Versions(pool, poll_s=0.05, max_age_s=1, open_one=connector(address(dsn, silent), 30))
    with pytest.raises(TimeoutError):
        await versions.ensure_fresh()
    began = time.monotonic()
    for _ in range(3):  # now it is known
        with pytest.raises(TimeoutError):
            await versions.ensure_fresh()
    assert time.monotonic() - began < 3 * versions_module.PATIENCE_S + 2
    await versions.stop()
    await pool.close()


async def test_looks_do_not_need_the_pool(dsn: str) -> None:
    pool = await create_pool(dsn, size=1, command_timeout_s=5)
    versions = Versions(pool, poll_s=0.05, max_age_s=1, open_one=connector(dsn, 5))
    async with pool.acquire():
        await versions.ensure_fresh()
    assert versions.fresh
    await versions.stop()
    await pool.close()


async def test_when_the_database_is_away_everybody_who_waits_is_told_with_the_first_batch() -> None:
    tries = 0

    async def refused() -> asyncpg.Connection[asyncpg.Record]:
        nonlocal tries
        tries += 1
        raise ConnectionRefusedError

    async def serve(_tx: object, _requests: object) -> object:
        raise AssertionError("nobody can be served")

    asked: Counter[int, int] = Counter(
        "away", serve, refused, batch_limit=2, queue_limit=100, deadline_s=60.0  # type: ignore[arg-type]
    )  # fmt: skip
    futures = [asked.ask(number) for number in range(20)]
    asked.start()
    assert all(isinstance(answer, Unavailable) for answer in await asyncio.gather(*futures))
    assert tries == 1
    await asked.stop()


async def test_everybody_who_waits_for_looks_that_fail_one_after_the_other_is_told(dsn: str) -> None:
    """A look that ends may be followed by another before those who waited for the first go on."""
    pool = await create_pool(dsn, size=1, command_timeout_s=5)
    versions = Versions(pool, poll_s=0.05, max_age_s=1, open_one=connector(address(dsn, free_port(), free_port()), 5))

    async def again_and_again() -> None:
        for _ in range(20):
            with pytest.raises(OSError, match=r"refused|failed"):
                await versions.ensure_fresh()

    await asyncio.gather(*(again_and_again() for _ in range(20)))
    await versions.stop()
    await pool.close()
