"""Fetches the recordings of calls from their suppliers and keeps them; addresses are guarded like those of webhooks."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable

import httpcore
import structlog

from numbank.clock import Pace
from numbank.db.pool import Pool
from numbank.errors import OperatorError
from numbank.hooks.egress import Guard, Refused, Resolver
from numbank.hooks.model import HookRefused
from numbank.hooks.networks import parse_networks
from numbank.hooks.post import AGENT, host_of, trust
from numbank.hooks.url import Rules, parse_ports, parse_url
from numbank.messages import recordings
from numbank.messages.recordings import Audio, Due
from numbank.settings import Settings

log = structlog.get_logger("numbank")

OK = 200
# Not there, or not for us: asking again gives the same answer.
HOPELESS = frozenset({400, 401, 403, 404, 405, 410, 414, 451})
LOOKUPS_AT_ONCE = 4
# Pieces that a body may come in. A recorder that streams has some thousand; one byte each would keep us busy to the limit.
MOST_CRUMBS = 50_000
MAX_TYPE = 100
PLAIN = frozenset({"", "identity"})
UNKNOWN_TYPE = "application/octet-stream"


class CannotFetch(Exception):  # noqa: N818  a supplier's doing, told to the log
    """There is no recording to be had now; `hopeless`: nor later."""

    def __init__(self, reason: str, *, hopeless: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hopeless = hopeless


Fetch = Callable[[str], Awaitable[Audio]]


class Fetcher:
    """GETs a recording: no redirects, no proxies, no more than `limit` bytes, in `hard_s` seconds."""

    def __init__(self, rules: Rules, trusted: ssl.SSLContext, hosts: frozenset[str], limit: int, hard_s: float) -> None:
        self._rules = rules
        self._resolver = Resolver(LOOKUPS_AT_ONCE)
        self._guard = Guard(rules, self._resolver)
        self._trusted = trusted
        self._hosts = hosts
        self._limit = limit
        self._hard_s = hard_s

    async def __call__(self, url: str) -> Audio:
        """The recording; CannotFetch when there is none."""
        try:
            target = parse_url(url, self._rules)
        except HookRefused:
            raise CannotFetch("an address that is not allowed", hopeless=True) from None
        if self._hosts and target.host not in self._hosts:
            raise CannotFetch("a host that is not on the list", hopeless=True)
        try:
            async with asyncio.timeout(self._hard_s):
                return await self._get(target.url)
        except Refused as refused:
            raise CannotFetch(refused.failure.value, hopeless=False) from None
        except (
            TimeoutError,
            OSError,
            httpcore.NetworkError,
            httpcore.ProtocolError,
            httpcore.TimeoutException,
        ) as error:
            raise CannotFetch(type(error).__name__, hopeless=False) from None

    async def _get(self, url: str) -> Audio:
        headers = {
            "host": host_of(url), "user-agent": AGENT, "accept": "audio/*, */*", "accept-encoding": "identity",
            "connection": "close",
        }  # fmt: skip
        async with (
            httpcore.AsyncConnectionPool(
                ssl_context=self._trusted, max_keepalive_connections=0, network_backend=self._guard
            ) as pool,
            pool.stream("GET", url, headers=list(headers.items())) as answer,
        ):
            if answer.status != OK:
                raise CannotFetch(f"HTTP {answer.status}", hopeless=answer.status in HOPELESS)
            if _header(answer, b"content-encoding").lower() not in PLAIN:
                raise CannotFetch("compressed, which was not asked for", hopeless=True)
            body = bytearray()
            crumbs = 0
            async for chunk in answer.aiter_stream():
                body += chunk
                crumbs += 1
                if len(body) > self._limit:
                    raise CannotFetch("longer than NUMBANK_RECORDING_BYTES", hopeless=True)
                if crumbs > MOST_CRUMBS:
                    raise CannotFetch("in too many pieces", hopeless=True)
            if not body:
                raise CannotFetch("empty", hopeless=False)
            return Audio(bytes(body), audio_type(_header(answer, b"content-type")))

    def close(self) -> None:
        """Let go of what looks names up."""
        self._resolver.close()


def _header(answer: httpcore.Response, wanted: bytes) -> str:
    return next((value.decode("latin-1").strip() for name, value in answer.headers if name.lower() == wanted), "")


def audio_type(content_type: str) -> str:
    """The type that a recording is given to its customer with: audio or plain bytes, never a page that runs."""
    kind = content_type.partition(";")[0].strip().lower()
    family, slash, name = kind.partition("/")
    plain = slash and family == "audio" and name and all(each.isalnum() or each in ".+-" for each in name)
    return kind if plain and kind.isascii() and len(kind) <= MAX_TYPE else UNKNOWN_TYPE


def rules_of(settings: Settings) -> Rules:
    """Where recordings may be fetched from; OperatorError on a setting that cannot be read."""
    try:
        ports = parse_ports(settings.recording_ports)
    except ValueError:
        raise OperatorError(
            f"setting NUMBANK_RECORDING_PORTS={settings.recording_ports!r}: expected ports such as 80,8000-8999"
        ) from None
    try:
        allowed = parse_networks(settings.recording_allow)
    except ValueError:
        raise OperatorError(
            f"setting NUMBANK_RECORDING_ALLOW={settings.recording_allow!r}: expected networks such as 10.1.0.0/16"
        ) from None
    return Rules(ports, allowed)


def from_settings(settings: Settings) -> Fetcher:
    """The fetcher as the operator wants it; OperatorError on a setting that cannot be read."""
    hosts = frozenset(filter(None, (host.strip().lower() for host in settings.recording_hosts.split(","))))
    trusted = trust(settings.hook_ca_file)
    return Fetcher(rules_of(settings), trusted, hosts, settings.recording_bytes, settings.recording_hard_s)


Kept = Callable[[int, Audio], Awaitable[None]]


async def fetch_due(pool: Pool, fetch: Fetch, kept: Kept, pace: Pace, limit: int) -> int:
    """Fetch what is due; `kept` writes a recording down, as soon as it is there. Gives how many were due."""
    due = await recordings.take_due(pool, limit, pace)
    failures = await asyncio.gather(*(_try(fetch, kept, one) for one in due))
    hopeless = []
    for one, failure in zip(due, failures, strict=True):
        if failure is not None:
            log.warning("recording_not_fetched", message=one.message_id, tries=one.tries, reason=failure.reason)
            if failure.hopeless or one.tries >= pace.tries:
                hopeless.append(one.message_id)
    if hopeless:
        await recordings.give_up(pool, hopeless)
    return len(due)


async def _try(fetch: Fetch, kept: Kept, one: Due) -> CannotFetch | None:
    try:
        await kept(one.message_id, await fetch(one.url))
    except CannotFetch as error:
        return error
    except Exception as error:
        # What one supplier made go wrong must not keep the recordings of the others from being fetched.
        log.error("recording_fetch_bug", error=type(error).__name__, exc_info=error)  # noqa: TRY400  named and typed
        return CannotFetch(type(error).__name__, hopeless=False)
    return None
