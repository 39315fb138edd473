"""The HTTP connections of one worker, one by one: an address that has too many loses some, who hardly reads is cut off.

granian tells nothing of its connections and closes none for us. The kernel tells enough (sockets.py), and to shut a
connection down from outside is what granian takes for a client that hung up. A look costs some 6 us a connection.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterable, Iterator
from contextlib import suppress
from ipaddress import IPv6Network
from time import monotonic

import msgspec
import structlog

from numbank.policy.clients import address, unlimited, within
from numbank.server import sockets
from numbank.server.files import most_connections
from numbank.server.listening import listen_address
from numbank.server.metrics import CUT
from numbank.server.sockets import Flow
from numbank.settings import Settings

log = structlog.get_logger("numbank")

LOOK_EVERY_S = 1.0
# Looks may take this part of the worker's time.
SHARE = 0.05
SAY_EVERY_S = 10.0
# No address has more than this part of the places, however few there are.
MOST_SHARE = 0.5
# Who has one IPv6 address has all of its network.
ONE_CLIENT_BITS = 64

Peer = tuple[str, int]


class Mark(msgspec.Struct, frozen=True):
    """Since when, and from which byte on, an answer is watched on its way; `end` is where what was owed then ends.

    `since`: from then on the client has owed something at every look.
    """

    at: float
    acked: int
    end: int
    since: float


class Guest(msgspec.Struct, frozen=True):
    """A connection with its file and its client; `who` is what connections are counted by, empty where none are counted."""

    file: int
    peer: Peer
    who: str
    flow: Flow


def watched(mark: Mark | None, now: float, flow: Flow, within_s: float, least: int) -> tuple[Mark | None, bool]:
    """The next mark of a connection, and whether its client is too slow.

    What is owed at a mark must be taken within `within_s` seconds, or else some of it, at least `least` bytes a second.
    """
    if not flow.owed:
        return None, False
    if mark is None or flow.acked < mark.acked:  # less than before: it is another connection
        return Mark(now, flow.acked, flow.acked + flow.owed, since=now), False
    taken, lasted = flow.acked - mark.acked, now - mark.at
    if flow.acked < mark.end and lasted < within_s:
        return mark, False
    late = flow.acked < mark.end and (not taken or taken < least * lasted)
    return Mark(now, flow.acked, flow.acked + flow.owed, mark.since), late


def crowding(guests: Iterable[Guest], most: int) -> list[Guest]:
    """Those that are too many of their address: first those nobody waits on, the longest idle first."""
    by_client: dict[str, list[Guest]] = {}
    for guest in guests:
        if guest.who:
            by_client.setdefault(guest.who, []).append(guest)
    return [
        guest
        for found in by_client.values()
        if len(found) > most
        for guest in sorted(found, key=lambda one: _worth(one.flow))[: len(found) - most]
    ]


def _worth(flow: Flow) -> tuple[bool, int]:
    """Whether it may have asked something and waits for the answer, and for how long nothing went either way."""
    asked = flow.owed > 0 or flow.heard_ms < flow.sent_ms or (flow.heard > 0 and not flow.acked)
    return asked, -min(flow.heard_ms, flow.sent_ms)


class Guests:
    """Looks after the connections that granian holds in this worker."""

    def __init__(self, settings: Settings) -> None:
        self._port = listen_address(settings.listen)[1]
        self._unlimited = unlimited(settings)
        self._most = min(settings.http_address_connections, int(most_connections(settings) * MOST_SHARE))
        self._within_s = settings.http_stalled_s
        self._least = settings.http_least_bytes_per_s
        self._who: dict[Peer, str] = {}
        self._marks: dict[Peer, Mark] = {}
        self._again_at = 0.0
        self._said_at: dict[str, float] = {}

    async def look(self) -> int:
        """One look, when it is time for one; gives how many were cut."""
        if sockets.USER_TIMEOUT is None or monotonic() < self._again_at:
            return 0
        began = monotonic()
        done = await asyncio.to_thread(self._round, began)
        self._again_at = monotonic() + (monotonic() - began) / SHARE
        return done

    def _round(self, now: float) -> int:
        marks: dict[Peer, Mark] = {}
        guests: list[Guest] = []
        slow = 0
        for guest, one in self._guests():
            mark, late = watched(self._marks.get(guest.peer), now, guest.flow, self._within_s, self._least)
            if late:
                sockets.cut(one, at_once=True)
                self._say("slow", guest.peer[0], now)
                slow += 1
                continue
            if mark is not None:
                marks[guest.peer] = mark
                if now - mark.since >= self._within_s:
                    sockets.bear_with(one)
            guests.append(guest)
        crowd = crowding(guests, self._most)
        for guest in crowd:
            self._send_away(guest, now)
        self._marks, self._who = marks, {guest.peer: guest.who for guest in guests}
        return slow + len(crowd)

    def _guests(self) -> Iterator[tuple[Guest, socket.socket]]:
        for file, one in sockets.sockets():
            with suppress(OSError):
                peer = one.getpeername()[:2]
                who = self._who.get(peer)
                if who is None:
                    if one.getsockname()[1] != self._port:
                        continue
                    who = self._client(peer[0])
                yield Guest(file, peer, who, sockets.flow(one)), one

    def _client(self, host: str) -> str:
        found = address(host)
        if found is None or within(found, self._unlimited):
            return ""
        return str(found) if found.version == 4 else str(IPv6Network((found, ONE_CLIENT_BITS), strict=False))

    def _send_away(self, guest: Guest, now: float) -> None:
        with suppress(OSError), socket.socket(fileno=os.dup(guest.file)) as one:
            if one.getpeername()[:2] == guest.peer:
                sockets.cut(one, at_once=False)
                self._say("crowd", guest.who, now)

    def _say(self, why: str, client: str, now: float) -> None:
        CUT.labels(why).inc()
        if now - self._said_at.get(why, float("-inf")) >= SAY_EVERY_S:
            log.warning("client_cut_off", why=why, client=client, address_connections=self._most)
            self._said_at[why] = now
