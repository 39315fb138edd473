"""A long answer that is kept: its parts, its tag, and its compressed forms, each made once and when somebody asks for it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from hashlib import blake2b

from numbank.asgi import Send
from numbank.compression import IDENTITY, chosen, compress

Headers = Iterable[tuple[bytes, bytes]]

TAG_BYTES = 12
# A body goes out in pieces of this size, so that a large one neither holds the loop nor fills the server's buffers.
PIECE = 262_144
VARY = (b"vary", b"accept-encoding")


class Page:
    """The body is the parts one after the other; they are never joined. The tag tells the contents, not the time."""

    def __init__(self, parts: Sequence[bytes], tag: bytes | None = None) -> None:
        self.parts = parts
        self.tag = tag or tag_of(parts)
        self.length = sum(map(len, parts))
        self._packed: dict[str, asyncio.Future[bytes]] = {}

    def __bytes__(self) -> bytes:
        return b"".join(self.parts)

    async def packed(self, coding: str) -> Sequence[bytes]:
        """The parts of the body in a coding; made in a thread, once for all who ask."""
        if coding == IDENTITY:
            return self.parts
        packing = self._packed.get(coding)
        if packing is None or (packing.done() and (packing.cancelled() or packing.exception() is not None)):
            packing = asyncio.ensure_future(asyncio.to_thread(compress, coding, self.parts))
            self._packed[coding] = packing
        return (await asyncio.shield(packing),)

    def etag(self, coding: str) -> bytes:
        """A strong tag: each coding has its own, for its bytes differ (RFC 9110, 8.8.3.3)."""
        return b'"%b-%b"' % (self.tag, coding.encode()) if coding else b'"%b"' % self.tag


def tag_of(parts: Iterable[bytes]) -> bytes:
    """A tag for these contents."""
    digest = blake2b(digest_size=TAG_BYTES)
    for part in parts:
        digest.update(part)
    return digest.hexdigest().encode()


async def page_of(parts: Sequence[bytes]) -> Page:
    """A page of many parts; the loop goes on while its tag is made, as long as no part is longer than some PIECEs."""
    digest = blake2b(digest_size=TAG_BYTES)
    for piece in pieces(parts):
        digest.update(piece)
        await asyncio.sleep(0)
    return Page(parts, digest.hexdigest().encode())


async def send_page(
    send: Send, page: Page, kind: bytes, headers: Headers, *, safe: bool = True, least: int = 0
) -> None:
    """Answer with a page in the coding that the client likes best, plain when it is shorter than `least` bytes; 304 when the
    client has it already (only to `safe` requests)."""
    accept, known = _asked(headers)
    coding = chosen(accept) if accept and page.length >= least else IDENTITY
    etag = page.etag(coding)
    if safe and known and has(known, etag):
        await send({"type": "http.response.start", "status": 304, "headers": [(b"etag", etag), VARY]})
        await send({"type": "http.response.body", "body": b""})
        return
    await _send(send, await page.packed(coding), kind, coding, [(b"etag", etag)])


async def send_long(send: Send, body: bytes, kind: bytes, headers: Headers) -> None:
    """A body that is not kept but long enough to be worth compressing, if the client likes that."""
    accept, _ = _asked(headers)
    coding = chosen(accept) if accept else IDENTITY
    parts: Sequence[bytes] = (body,)
    if coding != IDENTITY:
        work = partial(compress, coding, parts)
        parts = (await asyncio.to_thread(work) if len(body) > PIECE else work(),)
    await _send(send, parts, kind, coding, [])


def _asked(headers: Headers) -> tuple[bytes, bytes]:
    """Accept-Encoding and If-None-Match; lines of the same name are one list."""
    accept = b",".join(value for name, value in headers if name == b"accept-encoding")
    known = b",".join(value for name, value in headers if name == b"if-none-match")
    return accept, known


def has(known: bytes, etag: bytes) -> bool:
    """Whether If-None-Match names a tag; W/ does not count (weak comparison), `*` is any."""
    tags = [tag.strip() for tag in known.split(b",")]
    return b"*" in tags or any(tag.removeprefix(b"W/") == etag for tag in tags)


async def _send(send: Send, parts: Sequence[bytes], kind: bytes, coding: str, more: list[tuple[bytes, bytes]]) -> None:
    headers = [(b"content-type", kind), (b"content-length", b"%d" % sum(map(len, parts))), *more, VARY]
    if coding:
        headers.append((b"content-encoding", coding.encode()))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    last = b""
    for piece in pieces(parts):
        if last:
            await send({"type": "http.response.body", "body": last, "more_body": True})
        last = piece
    await send({"type": "http.response.body", "body": last})


def pieces(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of at most PIECE: long parts are cut, short ones put together."""
    waiting: list[bytes] = []
    size = 0
    for part in parts:
        for at in range(0, len(part), PIECE):
            piece = part[at : at + PIECE]
            if waiting and size + len(piece) > PIECE:
                yield b"".join(waiting)
                waiting, size = [], 0
            waiting.append(piece)
            size += len(piece)
    if waiting:
        yield b"".join(waiting)
