"""The supervisor: brings up the database, migrates, starts the worker processes, and takes everything down again."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.server.common import AbstractServer

from numbank.catalogue import offers, tables
from numbank.db import migrate
from numbank.db.embedded import EmbeddedServer
from numbank.db.pool import CONNECTION_ERRORS, connect
from numbank.errors import OperatorError
from numbank.server.app import SUPERVISOR
from numbank.server.metrics import MULTIPROCESS
from numbank.settings import PREFIX, Settings
from numbank.suppliers.simulator import stock

Say = Callable[[str], None]

# A client that does not finish its headers is cut off.
HEADER_READ_TIMEOUT_MS = 30_000


@contextmanager
def database(settings: Settings, say: Say) -> Iterator[Settings]:
    """The settings with a database that runs: the one they name, or the embedded one for as long as this lasts."""
    if settings.database_url:
        yield settings
        return
    with EmbeddedServer.start(settings.data_dir, say) as server:
        yield msgspec.structs.replace(settings, database_url=server.dsn)


async def prepare(settings: Settings, say: Say) -> None:
    """Bring the schema and the reference tables up to date."""
    try:
        connection = await connect(settings.database_url, hot=False, command_timeout_s=600)
    except CONNECTION_ERRORS as error:
        raise OperatorError(f"the database does not answer: {error}") from None
    try:
        for migration in await migrate.migrate(connection):
            say(f"migrated to {migration.number:04d} {migration.name}")
        async with connection.transaction():
            await tables.load(connection)
            await offers.supplier(connection, offers.OWN_POOL, "pool")
            # A bank that is no sandbox must not sell what only a sandbox can deliver.
            await offers.set_active(connection, stock.NAME, settings.sandbox)
        if settings.sandbox:
            opened = await stock.open_sandbox(connection, settings)
            if opened.numbers:
                say(f"the simulator has {opened.numbers} numbers, and prices in {opened.priced_countries} countries")
    finally:
        await connection.close()


def listen_address(text: str) -> tuple[str, int]:
    """HOST:PORT; IPv6 hosts in brackets."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or not 0 < int(port) < 65_536:
        raise OperatorError(f"listen address {text!r}: expected HOST:PORT")
    return host.strip("[]") or "0.0.0.0", int(port)  # noqa: S104  an empty host means everywhere


def serve(settings: Settings, say: Say, ready: Callable[[Settings], None] | None = None) -> None:
    """Serve until SIGINT or SIGTERM; `ready` runs once the database is prepared, before the port opens."""
    listen_address(settings.listen)  # refuse a wrong one before anything starts
    with database(settings, say) as running, metrics_folder(running):
        asyncio.run(prepare(running, say))
        if ready is not None:
            ready(running)
        _export(running)
        granian_for("numbank.server.app:create", running).serve()


def granian_for(target: str, settings: Settings) -> AbstractServer[Any]:
    """The HTTP server around an app factory; the benchmarks put their constant under the same settings."""
    host, port = listen_address(settings.listen)
    return Granian(
        target,
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        websockets=False,
        workers=settings.workers,
        respawn_failed_workers=True,
        workers_kill_timeout=max(1, int(settings.stop_timeout_s)),
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_READ_TIMEOUT_MS),
        log_enabled=False,
        process_name=None,
    )


def _export(settings: Settings) -> None:
    """The workers read the same settings from the environment, also those that came from the command line."""
    for name in Settings.__struct_fields__:
        value = getattr(settings, name)
        os.environ[PREFIX + name.upper()] = str(value).lower() if isinstance(value, bool) else str(value)
    os.environ[SUPERVISOR] = str(os.getpid())


@contextmanager
def metrics_folder(settings: Settings) -> Iterator[None]:
    """Several workers share their metrics through files (prometheus_client's multi-process mode)."""
    if settings.workers == 1:
        yield
        return
    folder = Path(tempfile.mkdtemp(prefix="numbank-metrics-"))
    os.environ[MULTIPROCESS] = str(folder)
    try:
        yield
    finally:
        os.environ.pop(MULTIPROCESS)
        shutil.rmtree(folder, ignore_errors=True)
