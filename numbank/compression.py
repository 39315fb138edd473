"""Content coding: which one a client asks for (RFC 9110, 12.5.3), and how a body is put into it."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from functools import lru_cache

import brotli
import zstandard

IDENTITY = ""
# What we prefer among codings that a client likes equally: the one that costs us least.
PREFERRED = ("zstd", "br", "gzip")
ALIASES = {"x-gzip": "gzip"}

# Headers of browsers and libraries are far shorter; what somebody makes up must not fill the memory.
LONGEST_REMEMBERED = 128

# Bodies are made anew again and again: the cheap end of each coding. 21 MB of prices take a tenth of a second.
ZSTD_LEVEL = 3
BROTLI_QUALITY = 2
GZIP_LEVEL = 3
GZIP_WINDOW = 31


def chosen(accept: bytes) -> str:
    """The coding for an Accept-Encoding header, IDENTITY when none of ours is liked best. Never fails: what cannot be read
    (an unknown name, a broken weight) is as if it were not there."""
    return _remembered(accept) if len(accept) <= LONGEST_REMEMBERED else _chosen(accept)


def _chosen(accept: bytes) -> str:
    weights: dict[str, float] = {}
    for item in accept.decode("latin-1").lower().split(","):
        name, _, parameters = item.partition(";")
        weight = _weight(parameters)
        if weight is not None:
            weights[ALIASES.get(name.strip(), name.strip())] = weight
    rest = weights.get("*", 0.0)
    liked = {coding: weights.get(coding, rest) for coding in PREFERRED}
    best = max(liked.values())
    if best <= 0 or best < weights.get("identity", 0.0):
        return IDENTITY
    return next(coding for coding in PREFERRED if liked[coding] == best)


_remembered = lru_cache(maxsize=1024)(_chosen)


def _weight(parameters: str) -> float | None:
    """The `q` among parameters, 1 without one; None when it is no weight."""
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                weight = float(value)
            except ValueError:
                return None
            return weight if 0 <= weight <= 1 else None
    return 1.0


def compress(coding: str, parts: Iterable[bytes]) -> bytes:
    """The parts of a body as one, in a coding of ours. For threads: it lets others run while it works."""
    if coding == "gzip":
        packer = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, GZIP_WINDOW)
        return b"".join([*map(packer.compress, parts), packer.flush()])
    if coding == "br":
        brewer = brotli.Compressor(quality=BROTLI_QUALITY)
        return b"".join([*map(brewer.process, parts), brewer.finish()])
    if coding == "zstd":
        squeezer = zstandard.ZstdCompressor(level=ZSTD_LEVEL).compressobj()
        return b"".join([*map(squeezer.compress, parts), squeezer.flush()])
    raise ValueError(f"no such coding: {coding!r}")
