"""Which coding an Accept-Encoding asks for, and that bodies come back from each."""

from __future__ import annotations

import gzip

import brotli
import pytest
import zstandard

from numbank import compression
from numbank.compression import IDENTITY, PREFERRED, chosen, compress

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        (b"", IDENTITY),
        (b"gzip", "gzip"),
        (b"GZip", "gzip"),
        (b"x-gzip", "gzip"),
        (b"br", "br"),
        (b"zstd", "zstd"),
        (b"gzip, deflate", "gzip"),
        (b"gzip, deflate, br", "br"),
        (b"gzip, deflate, br, zstd", "zstd"),
        (b"gzip;q=1.0, br;q=0.5", "gzip"),
        (b"gzip;q=0.5,br;q=0.8,zstd;q=0.1", "br"),
        (b"gzip; q=0.5 , br ; q=0.4", "gzip"),
        (b"gzip;q=0", IDENTITY),
        (b"gzip;q=0, br", "br"),
        (b"*", "zstd"),
        (b"*;q=0", IDENTITY),
        (b"*;q=0.5, gzip;q=1", "gzip"),
        (b"zstd;q=0, *;q=0.3", "br"),
        (b"identity", IDENTITY),
        (b"identity;q=1, gzip;q=0.5", IDENTITY),
        (b"identity;q=0.5, gzip", "gzip"),
        (b"identity;q=0, *;q=0", IDENTITY),
        (b"deflate", IDENTITY),
        # What the published Java client sends: gzip beside a name of its own.
        (b"gzip,smsactivate", "gzip"),
        (b"sms-activate-java, gzip", "gzip"),
        (b"gzip;q=high", IDENTITY),
        (b"gzip;q=2", IDENTITY),
        (b"gzip;q=-1", IDENTITY),
        (b"gzip;q=nan", IDENTITY),
        (b"gzip;q=", IDENTITY),
        (b"gzip;level=9", "gzip"),
        (b",,;;==,gzip", "gzip"),
        (b"\xff\xfe, gzip", "gzip"),
    ],
)
def test_the_coding_that_the_client_likes_best(accept: bytes, coding: str) -> None:
    assert chosen(accept) == coding


@pytest.mark.parametrize("coding", PREFERRED)
@pytest.mark.parametrize("parts", [[], [b""], [b"{}"], [b'{"0":', b'{"tg":{"cost":0.1}}' * 5_000, b"}"]])
def test_a_body_comes_back_from_its_coding(coding: str, parts: list[bytes]) -> None:
    packed = compress(coding, parts)
    if coding == "gzip":
        back = gzip.decompress(packed)
    elif coding == "br":
        back = brotli.decompress(packed)
    else:
        back = zstandard.ZstdDecompressor().decompressobj().decompress(packed)
    assert back == b"".join(parts)


def test_there_is_no_other_coding() -> None:
    with pytest.raises(ValueError, match="deflate"):
        compress("deflate", [b"x"])


def test_long_headers_are_read_and_not_kept() -> None:
    """Nobody fills the memory with headers that he makes up."""
    kept = compression._remembered.cache_info().currsize
    for at in range(50):
        assert chosen(b"x-%d-" % at + b"a" * 10_000 + b", gzip") == "gzip"
    assert compression._remembered.cache_info().currsize == kept
