"""The supervisor: brings up the database, migrates, starts the worker processes, and takes everything down again."""

from __future__ import annotations

import asyncio
import importlib
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from granian import Granian, _signals
from granian._granian import WorkerSignal
from granian.constants import HTTPModes, Interfaces, Loops, TaskImpl
from granian.http import HTTP1Settings
from granian.server.common import AbstractServer

from numbank.catalogue import offers, tables
from numbank.customers import audit
from numbank.db import ending, migrate
from numbank.db.embedded import EmbeddedServer
from numbank.db.opening import opened
from numbank.db.pool import connect
from numbank.db.versions import bump
from numbank.errors import OperatorError
from numbank.hooks import posting
from numbank.ledger import journal
from numbank.policy import denied
from numbank.policy.clients import unlimited
from numbank.policy.policy import Policy
from numbank.server.files import allow_files, most_connections
from numbank.server.listening import listen_address, reserved
from numbank.server.opened import opened as opened_flag
from numbank.server.opened import started as started_flag
from numbank.settings import PREFIX, SUPERVISOR, Settings
from numbank.suppliers.simulator import mails, rental_stock, stock
from numbank.voice import fetch, transcriber

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from numbank.db.pool import Connection


Say = Callable[[str], None]

APP = "numbank.server.app"
# prometheus_client's own name. Not imported from metrics.py: it must be set before anything imports that library.
MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"
# Migrations and the sandbox's set-up may take long; reaching the database may not.
PREPARE_S = 600.0
# A worker that is told to end in the moment before it serves: when it looks again whether it does.
ASK_AGAIN_S = 0.02


def end_while_opening() -> None:
    """Let a worker that is told to end while it opens do so at once.

    granian's handler hands the signal to its server in Rust, and blocks the loop until that runs: while the app's start-up
    waits for this very loop that is for ever, until the supervisor kills the worker (seen in 2.8.7). And uvloop drops a
    signal of its own handlers that comes while it stands still, as between start-up and serving (seen in 0.23.0): a handler
    of the interpreter is called then too.
    """

    def set_loop_signals(loop: asyncio.AbstractEventLoop) -> Any:
        event = WorkerSignal()

        def end() -> None:
            if opened_flag.is_set():
                event.set()
            elif started_flag.is_set():  # a mail may be under way
                loop.call_later(ASK_AGAIN_S, end)
            else:
                os._exit(128 + signal.SIGTERM)

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(end))
        return event

    _signals.set_loop_signals = set_loop_signals


def hold_signals_while_forking() -> None:
    """Let a worker that is told to end in the moment it is made hear of it.

    The interpreter forgets in a child of a fork which signals have come; one that comes before that would be lost. Held back
    by the kernel, it is delivered right behind that.
    """
    ends = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    let = partial(signal.pthread_sigmask, signal.SIG_UNBLOCK, ends)
    os.register_at_fork(
        before=partial(signal.pthread_sigmask, signal.SIG_BLOCK, ends), after_in_parent=let, after_in_child=let
    )


@contextmanager
def database(settings: Settings, say: Say, *, watched: bool = False) -> Iterator[Settings]:
    """The settings with a database that runs: the one they name, or the embedded one for as long as this lasts.

    `watched`: an embedded one that dies is started again.
    """
    if settings.database_url:
        yield settings
        return
    with ending.noted(), EmbeddedServer.start(settings.data_dir, say) as server:
        ending.obey()
        if watched:
            server.watch()
        yield msgspec.structs.replace(settings, database_url=server.dsn)


async def upgrade(settings: Settings, say: Say) -> None:
    """Bring the schema and the reference tables up to date."""
    async with _connected(settings) as connection:
        await _upgrade(connection, say)


async def prepare(settings: Settings, say: Say) -> None:
    """Everything that the database needs before the bank serves with these settings."""
    posting.check(settings)
    transcriber.check(settings)
    fetch.rules_of(settings)
    unlimited(settings)
    Policy(settings).open()  # a file that cannot be read is said here once, not by every worker again and again
    async with _connected(settings) as connection:
        await _upgrade(connection, say)
        other = await journal.other_currency(connection, settings.currency)
        if other is not None:
            raise OperatorError(
                f"setting {PREFIX}CURRENCY={settings.currency}: this bank has accounts in currency {other}, and serves one"
                " currency only"
            )
        async with connection.transaction():
            # A bank that is no sandbox must not sell what only a sandbox can deliver.
            await offers.set_active(connection, stock.NAME, settings.sandbox)
            await mails.set_active(connection, settings.sandbox)
            await bump(connection, "catalogue")
        if settings.sandbox:
            made = await stock.open_sandbox(connection, settings)
            await rental_stock.open_rentals(connection, settings)
            if made.numbers:
                say(f"the simulator has {made.numbers} numbers, and prices in {made.priced_countries} countries")
            if opened_domains := await mails.open_domains(connection):
                say(f"the simulator has {opened_domains} mail domains")


@asynccontextmanager
async def _connected(settings: Settings) -> AsyncIterator[Connection]:
    connection = await opened(
        settings.database_url, connect(settings.database_url, hot=False, command_timeout_s=PREPARE_S)
    )
    try:
        yield connection
    finally:
        await connection.close()


async def _upgrade(connection: Connection, say: Say) -> None:
    applied = await migrate.migrate(connection)
    for migration in applied:
        say(f"migrated to {migration.number:04d} {migration.name}")
    async with connection.transaction():
        if applied:
            await audit.write(connection, "bank.migrate", "schema", {"applied": [one.number for one in applied]})
        await tables.load(connection)
        await offers.supplier(connection, offers.OWN_POOL, "pool")
        await denied.load(connection)
        # Nodes that serve already know nothing of rows that a newer numbank brings.
        await bump(connection, "catalogue")


def serve(settings: Settings, say: Say, ready: Callable[[Settings], None] | None = None) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP; `ready` runs once the database is prepared, before the port opens."""
    allow_files(say, settings)
    with (
        reserved(settings.listen),
        metrics_folder(settings),
        _mail_reserved(settings),
        database(settings, say, watched=True) as running,
    ):
        ending.run(prepare(running, say))
        if ready is not None:
            ready(running)
        _export(running)
        # The workers are forks: what is loaded here, once, is loaded in all of them.
        importlib.import_module(APP).preload()
        end_while_opening()
        hold_signals_while_forking()
        try:
            granian_for(f"{APP}:create", running).serve()
        except SystemExit:
            raise OperatorError("the workers fail again and again, so the bank closes: see their last lines") from None


@contextmanager
def _mail_reserved(settings: Settings) -> Iterator[None]:
    """The addresses of the mail server; its module loads the metrics, which look for their folder while they are loaded."""
    from numbank.server.mail_ports import mail_reserved  # noqa: PLC0415

    with mail_reserved(settings):
        yield


def granian_for(target: str, settings: Settings) -> AbstractServer[Any]:
    """The HTTP server around an app factory; the benchmarks put their constant under the same settings."""
    host, port = listen_address(settings.listen)
    server = Granian(
        target,
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        task_impl=TaskImpl.asyncio,  # granian's own cannot be cancelled, and bodies.py does that to who is too slow
        websockets=False,
        workers=settings.workers,
        respawn_failed_workers=True,
        workers_kill_timeout=max(1, int(settings.stop_timeout_s)),
        backlog=settings.http_backlog,
        backpressure=most_connections(settings),  # granian's word for connections of one worker
        # Its time begins with the connection and after every answer, so that idle ones are closed by it too.
        http1_settings=HTTP1Settings(
            header_read_timeout=int(settings.http_head_s * 1000), max_buffer_size=settings.http_head_bytes
        ),
        log_enabled=False,
        process_name=None,
    )
    supervisor, interrupt = os.getpid(), server.signal_handler_interrupt

    def end(*_: object) -> None:
        """A worker inherits this until its loop minds the signals; it has accepted nothing yet, so it just ends.

        What granian's own handler notes there nobody reads: the supervisor would wait for the worker until it kills it.
        """
        if os.getpid() != supervisor:
            os._exit(128 + signal.SIGTERM)
        interrupt()  # type: ignore[no-untyped-call]

    server.signal_handler_interrupt = end  # type: ignore[method-assign]
    # granian would reload at a hang-up. A closed terminal must end the bank in good order; under nohup it means nothing.
    hang_up = _nothing if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else end
    server.signal_handler_reload = hang_up  # type: ignore[method-assign]

    def hand_over() -> None:
        """By now granian minds the signals; one that came before is handed over."""
        if ending.wanted():
            end()

    server.on_startup(hand_over)
    return server


def _nothing(*_: object) -> None:
    """What a signal does that is to be ignored."""


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
