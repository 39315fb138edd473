"""One PostgreSQL cluster per run, one template database per worker, a fresh database wherever `dsn` is asked for."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
import structlog

from numbank.catalogue import offers, tables
from numbank.db import migrate
from numbank.db.embedded import EmbeddedServer
from numbank.db.pool import Pool, create_pool
from numbank.policy import denied

DSN_VARIABLE = "NUMBANK_TEST_DSN"
_running: list[tuple[EmbeddedServer, Path]] = []


def _only_unit_tests(config: pytest.Config) -> bool:
    """Whether the run is `make check`'s: -m "unit" or -m "unit and ..."."""
    return "unit" in config.option.markexpr.split(" and ")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where unit tests alone are asked for, a file that marks none is not even imported: half of all collecting."""
    if (
        _only_unit_tests(config)
        and collection_path.suffix == ".py"
        and b"mark.unit" not in collection_path.read_bytes()
    ):
        return True
    return None


def pytest_configure(config: pytest.Config) -> None:
    """Start the cluster in the controlling process; the workers find it in the environment. Unit tests need none."""
    # A logger that was kept by a test which sets up logs would not hear of those that listen to it (capture_logs).
    structlog.configure = partial(_configure, structlog.configure)
    is_worker = hasattr(config, "workerinput")
    if is_worker or _only_unit_tests(config) or config.option.collectonly:
        return
    folder = Path(tempfile.mkdtemp(prefix="numbank-tests-"))
    # As root the database runs as a service user, who has to be able to pass.
    folder.chmod(0o755)
    server = EmbeddedServer.start(folder, lambda _: None, shared_buffers="64MB", durable=False)
    os.environ[DSN_VARIABLE] = server.dsn
    _running.append((server, folder))


def _configure(configure: Callable[..., None], *given: object, **named: object) -> None:
    configure(*given, **(named | {"cache_logger_on_first_use": False}))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The workers of xdist take whole modules: the long ones first, so that none is left over for one of them at the end."""
    if not hasattr(config, "workerinput"):
        return
    # Of each module: the most seconds that one of its tests may take, and whether one is slow.
    longest: dict[str, tuple[float, bool]] = {}
    for item in items:
        mark = item.get_closest_marker("timeout")
        takes = (float(mark.args[0]) if mark is not None else 0.0, item.get_closest_marker("slow") is not None)
        module = item.location[0]
        longest[module] = max(longest.get(module, takes), takes)
    items.sort(key=lambda item: longest[item.location[0]], reverse=True)


def pytest_unconfigure() -> None:
    """Stop what was started."""
    while _running:
        server, folder = _running.pop()
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def on_database(dsn: str, name: str) -> str:
    """The same server, another database."""
    head, _, tail = dsn.partition("@/")
    return f"{head}@/{name}?{tail.partition('?')[2]}"


async def prepare(dsn: str) -> None:
    """Migrate and load the reference tables."""
    connection = await asyncpg.connect(dsn)
    try:
        await migrate.migrate(connection)
        async with connection.transaction():
            await tables.load(connection)
            await offers.supplier(connection, offers.OWN_POOL, "pool")
            await denied.load(connection)
        await connection.execute("analyze")
    finally:
        await connection.close()


async def _admin(statement: str) -> None:
    connection = await asyncpg.connect(os.environ[DSN_VARIABLE])
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def drop(name: str) -> None:
    """Drop a database. An autovacuum worker in it cannot be ended by us, but it ends by itself: then once more."""
    for _ in range(100):
        try:
            await _admin(f"drop database {name} with (force)")
        except asyncpg.InsufficientPrivilegeError:
            await asyncio.sleep(0.1)
        else:
            return
    raise AssertionError(f"somebody stays in database {name}")


@pytest.fixture(scope="session")
def template() -> str:
    """The name of a migrated database with the reference tables."""
    name = f"template_{uuid4().hex}"
    asyncio.run(_admin(f"create database {name}"))
    asyncio.run(prepare(on_database(os.environ[DSN_VARIABLE], name)))
    return name


@pytest.fixture(scope="module")
def dsn(template: str) -> Iterator[str]:
    """A fresh bank for one module."""
    name = f"bank_{uuid4().hex}"
    asyncio.run(_admin(f"create database {name} template {template}"))
    yield on_database(os.environ[DSN_VARIABLE], name)
    asyncio.run(drop(name))


@pytest.fixture
def own_dsn(template: str) -> Iterator[str]:
    """A fresh bank for one test, where what others leave behind would be counted."""
    name = f"bank_{uuid4().hex}"
    asyncio.run(_admin(f"create database {name} template {template}"))
    yield on_database(os.environ[DSN_VARIABLE], name)
    asyncio.run(drop(name))


@pytest.fixture
def empty_dsn() -> Iterator[str]:
    """A database with nothing in it."""
    name = f"empty_{uuid4().hex}"
    asyncio.run(_admin(f"create database {name}"))
    yield on_database(os.environ[DSN_VARIABLE], name)
    asyncio.run(drop(name))


@pytest.fixture
async def pool(dsn: str) -> AsyncIterator[Pool]:
    """A small pool on the module's bank."""
    opened = await create_pool(dsn, size=4, command_timeout_s=30)
    yield opened
    await opened.close()
