"""One try: a POST to an address, within a total time, never following a redirect; what it came to is a value.

httpcore and not httpx: it has the port for our own network, no proxies of the environment, no redirects, no cookies.
"""

from __future__ import annotations

import asyncio
import functools
import ssl
from collections.abc import Callable, Mapping
from importlib.metadata import version
from time import monotonic
from urllib.parse import urlsplit

import certifi
import httpcore

from numbank.errors import OperatorError
from numbank.hooks.egress import Guard, Refused
from numbank.hooks.model import Failure, Outcome

SUCCESS = 200
# The status decides. A little of the body is read, so that a receiver that writes one is not cut off in the middle.
MOST_BODY = 16_384
BODY_S = 1.0
AGENT = f"numbank/{version('numbank')}"

FAILURES: tuple[tuple[type[Exception], Failure], ...] = (
    (TimeoutError, Failure.TIMEOUT),
    (httpcore.TimeoutException, Failure.TIMEOUT),
    (httpcore.RemoteProtocolError, Failure.PROTOCOL),
    (httpcore.LocalProtocolError, Failure.PROTOCOL),
    (httpcore.ConnectError, Failure.CONNECT),
    (httpcore.NetworkError, Failure.CLOSED),
    (ssl.SSLError, Failure.TLS),
    (OSError, Failure.CONNECT),
)


def trust(ca_file: str) -> ssl.SSLContext:
    """What https endpoints are checked against; OperatorError when the operator's file is none."""
    if not ca_file:
        return _system_trust()
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise OperatorError(
            f"setting NUMBANK_HOOK_CA_FILE={ca_file!r}: cannot be read ({type(error).__name__})"
        ) from None


@functools.cache
def _system_trust() -> ssl.SSLContext:
    """The certificates of the system. Read once: reading them takes 20 ms, and workers are forks of who has read them."""
    context = ssl.create_default_context()
    if not context.get_ca_certs():
        context.load_verify_locations(certifi.where())  # a system without certificates of its own
    return context


def host_of(url: str) -> str:
    """The header Host for a parsed address: httpcore's own leaves out the brackets of an IPv6 address."""
    return urlsplit(url).netloc


class Poster:
    """Sends requests through the guard; every one over a connection of its own."""

    def __init__(self, guard: Guard, trusted: ssl.SSLContext, timeout_s: float) -> None:
        self._guard = guard
        self._trusted = trusted
        self._timeout_s = timeout_s

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
        """One try. Never raises: whatever a receiver does is an outcome."""
        started = monotonic()
        failure = None
        said: list[int] = []  # what was said counts, also when the time ends while we listen on
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._send(url, body, headers, said.append)
        except Refused as refusal:
            failure = refusal.failure
        except Exception as error:  # a receiver's doing, told by its class
            failure = failure_of(error)
        status = said[0] if said else None
        if status is not None:
            failure = None if status == SUCCESS else Failure.STATUS
        return Outcome(status, int((monotonic() - started) * 1000), failure)

    async def _send(self, url: str, body: bytes, headers: Mapping[str, str], say: Callable[[int], None]) -> None:
        fields = {
            "host": host_of(url),
            "content-type": "application/json",
            "user-agent": AGENT,
            "accept": "*/*",
            "accept-encoding": "identity",
            "connection": "close",
        } | dict(headers)
        async with httpcore.AsyncConnectionPool(
            ssl_context=self._trusted, max_keepalive_connections=0, network_backend=self._guard
        ) as pool, pool.stream(
            "POST", url, headers=list(fields.items()), content=body,
        ) as answer:  # fmt: skip
            say(answer.status)
            await _sip(answer)


async def _sip(answer: httpcore.Response) -> None:
    """Read a little of a body. Whatever is wrong with it, the status has been said."""
    size = 0
    try:
        async with asyncio.timeout(BODY_S):
            async for chunk in answer.aiter_stream():
                size += len(chunk)
                if size > MOST_BODY:
                    return
    except (TimeoutError, OSError, httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException):
        return


def failure_of(error: BaseException) -> Failure:
    """The class of a failure; TLS trouble comes wrapped into a failure to connect."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return Failure.TLS
        cause = cause.__cause__ or cause.__context__
    return next((failure for kind, failure in FAILURES if isinstance(error, kind)), Failure.PROTOCOL)
