"""The ASGI app of one worker: the wire on its paths, the doors of suppliers, health and metrics."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import Awaitable, Callable

import structlog

from numbank.asgi import Receive, Scope, Send, respond
from numbank.codes import recognise
from numbank.errors import OperatorError
from numbank.rest.app import PREFIXES
from numbank.server import guests, logs
from numbank.server.bank import Bank
from numbank.server.guests import Guests
from numbank.server.health import ready
from numbank.server.house import LOOK_EVERY_S, House
from numbank.server.metrics import CounterMetrics, RestMetrics, WireMetrics, count_policy, exposition
from numbank.server.opened import opened, started
from numbank.server.periodic import Periodic
from numbank.server.rest import rest
from numbank.settings import SUPERVISOR, Settings, load
from numbank.suppliers.agent.http import AgentDoor
from numbank.wire.handler import Wire

log = structlog.get_logger("numbank")

ACCESS_FLUSH_S = 0.25
GC_THRESHOLD = 10_000
PARENT_CHECK_S = 0.5

Endpoint = Callable[[Scope, Receive, Send], Awaitable[None]]


# How long after its start-up a worker lets a stop wait: by then the server runs its loop.
OPENING_S = 0.05


class App:
    """Routes a request by its path. Built before the loop runs, opened by the lifespan."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.bank = Bank(settings, CounterMetrics())
        self.access = logs.AccessLog(settings.access_log)
        self.metrics = WireMetrics(self.access)
        self.routes: dict[str, Endpoint] = {}
        self._rest: Endpoint | None = None
        self._helpers: list[Periodic] = []

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one request, or the lifespan. Hands on the coroutine itself: one less on the way of every poll."""
        if scope["type"] == "http":
            return self.routes.get(scope["path"], self._elsewhere)(scope, receive, send)
        return self._lifespan(receive, send)

    async def open(self) -> None:
        """Open the bank and mount everything."""
        await self.bank.start()
        wire = Wire(self.bank.desks, self.metrics)
        agents = AgentDoor(self.bank.door.take, self.bank.agents, self.settings)
        self.routes = (
            dict.fromkeys(wire.paths, wire)
            | dict.fromkeys(agents.paths, agents)
            | {
                "/healthz": _healthz,
                "/readyz": self._readyz,
                "/metrics": self._metrics,
            }
        )
        self._rest = rest(self.bank, RestMetrics(self.access))
        self._helpers = [
            Periodic("access-log", self._flush, ACCESS_FLUSH_S),
            Periodic("parent", self._watch_supervisor, PARENT_CHECK_S),
        ]
        if os.environ.get(SUPERVISOR):
            self._helpers.append(Periodic("house", House(self.settings).look, LOOK_EVERY_S))
            self._helpers.append(Periodic("guests", Guests(self.settings).look, guests.LOOK_EVERY_S))
        for helper in self._helpers:
            helper.start()
        # What was made until now stays; without this the collector walks all of it again and again while requests wait
        # (measured: 9 % of the worker's time, and the p99 of a poll three times as high).
        gc.collect()
        gc.freeze()
        gc.set_threshold(GC_THRESHOLD)

    async def close(self) -> None:
        """Serve what was accepted, then close."""
        await self.bank.stop()
        await asyncio.gather(*(helper.stop() for helper in self._helpers))
        await self._flush()

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self.open()
        except Exception as error:
            # granian would serve an app that never opened. It must end instead, so that the supervisor tries again.
            why = None if isinstance(error, OperatorError) else error
            log.error("worker_not_opened", reason=str(error), exc_info=why)  # noqa: TRY400  one line where it is known
            await send({"type": "lifespan.startup.failed", "message": "the worker did not open"})
            return
        started.set()
        # Not before the server runs the loop: until then its own handler of signals would block it for ever.
        asyncio.get_running_loop().call_later(OPENING_S, opened.set)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.close()
        await send({"type": "lifespan.shutdown.complete"})

    def _elsewhere(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """What has no exact path: the JSON APIs have ids in their paths, everything else is not here."""
        rest_api = self._rest if f"{scope['path']}/".startswith(PREFIXES) else None
        return (rest_api or _not_found)(scope, receive, send)

    async def _readyz(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        status, body = await ready(self.bank)
        await respond(send, status, body, b"application/json")

    async def _metrics(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        self.metrics.flush()
        count_policy(self.bank.policy.take_refused())
        await respond(send, 200, exposition(), b"text/plain; version=0.0.4; charset=utf-8")

    async def _flush(self) -> int:
        self.metrics.flush()
        count_policy(self.bank.policy.take_refused())
        self.access.flush()
        return 0

    async def _watch_supervisor(self) -> int:
        """A worker whose supervisor was killed would keep the port and serve for ever: it stops itself."""
        supervisor = os.environ.get(SUPERVISOR)
        if supervisor and os.getppid() != int(supervisor):
            log.error("supervisor_gone", supervisor=int(supervisor))
            os.environ.pop(SUPERVISOR)
            os.kill(os.getpid(), signal.SIGTERM)
        return 0


def preload() -> None:
    """What every worker needs and no setting changes; most of the time of its start, and of the start after its death."""
    recognise("code 1234")


def create() -> App:
    """The factory that granian calls in each worker; everything comes from the environment."""
    settings = load()
    logs.configure(settings.log_level)
    return App(settings)


async def _healthz(_scope: Scope, _receive: Receive, send: Send) -> None:
    await respond(send, 200, b'{"status":"alive"}', b"application/json")


async def _not_found(_scope: Scope, _receive: Receive, send: Send) -> None:
    await respond(send, 404, b"BAD_ACTION", b"text/html; charset=UTF-8")
