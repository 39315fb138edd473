"""A connection that is read in small sips: what a stranger sends in crumbs (chunks of one byte, a flood of `100 Continue`)
is taken apart without a pause, and a large piece of it would hold the event loop for a tenth of a second.
"""

from __future__ import annotations

import ssl
from typing import Any

from httpcore import AsyncNetworkStream

# Crumbs of this size take a few milliseconds; a recording of 5 MB comes in 1,200 sips, which costs it a tenth of a second.
SIP = 4_096


class Sips(AsyncNetworkStream):
    """Another stream, read a little at a time; the loop goes on between two reads."""

    def __init__(self, stream: AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109  httpcore's signature
        """At most a sip."""
        return await self._stream.read(min(max_bytes, SIP), timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109  httpcore's signature
        """As the stream does."""
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        """Close the stream."""
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  httpcore's signature
    ) -> AsyncNetworkStream:
        """The same inside of TLS."""
        return Sips(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        """What the stream knows."""
        return self._stream.get_extra_info(info)
