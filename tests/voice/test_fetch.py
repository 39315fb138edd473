"""Recordings are fetched from their suppliers, within limits, and from nowhere that webhooks could not reach."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpcore
import pytest

from numbank.errors import OperatorError
from numbank.hooks.egress import Guard
from numbank.hooks.sips import SIP
from numbank.settings import load
from numbank.voice.fetch import MOST_CRUMBS, UNKNOWN_TYPE, CannotFetch, Fetcher, audio_type, from_settings
from tests.voice.wav import Recorder, recorder

pytestmark = pytest.mark.unit

HERE = "127.0.0.0/8"


@pytest.fixture
async def supplier() -> AsyncIterator[Recorder]:
    async with recorder() as here:
        yield here


def fetcher(**changes: object) -> Fetcher:
    return from_settings(load({}, **({"recording_allow": HERE, "recording_hard_s": 5.0} | changes)))


async def test_a_recording_comes_as_it_is(supplier: Recorder) -> None:
    got = await fetcher()(supplier.put("/a.wav?id=1", b"RIFF sound", kind="audio/x-wav; charset=binary"))
    assert (got.audio, got.content_type) == (b"RIFF sound", "audio/x-wav")


@pytest.mark.parametrize(
    ("kind", "shown"),
    [("audio/mpeg", "audio/mpeg"), ("Audio/WAV", "audio/wav"), ("text/html", UNKNOWN_TYPE), ("", UNKNOWN_TYPE),
     ("audio/", UNKNOWN_TYPE), ("audio/x\r\nset-cookie: a", UNKNOWN_TYPE), ("audio/" + "a" * 200, UNKNOWN_TYPE),
     ("audio/ä", UNKNOWN_TYPE)],
)  # fmt: skip
def test_a_recording_is_never_a_page_that_runs(kind: str, shown: str) -> None:
    assert audio_type(kind) == shown


@pytest.mark.parametrize(
    ("status", "hopeless"),
    [("404 Not Found", True), ("403 Forbidden", True), ("410 Gone", True), ("500 Oops", False), ("503 Later", False),
     ("302 Found", False), ("206 Partial", False)],
)  # fmt: skip
async def test_anything_but_a_whole_answer_is_no_recording(supplier: Recorder, status: str, hopeless: bool) -> None:
    url = supplier.put("/x", b"elsewhere", status=status, more=f"location: {supplier.url('/elsewhere')}\r\n")
    with pytest.raises(CannotFetch) as caught:
        await fetcher()(url)
    assert caught.value.hopeless == hopeless
    assert supplier.asked == ["/x"]


async def test_a_long_recording_is_not_read_to_its_end(supplier: Recorder) -> None:
    url = supplier.put("/long", b"\0" * 1_001)
    with pytest.raises(CannotFetch, match="longer") as caught:
        await fetcher(recording_bytes=1_000)(url)
    assert caught.value.hopeless
    assert len((await fetcher(recording_bytes=1_001)(url)).audio) == 1_001


async def test_an_empty_answer_and_one_that_breaks_off_are_tried_again(supplier: Recorder) -> None:
    empty = supplier.put("/empty", b"")
    supplier.answers["/half"] = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"
    supplier.answers["/lie"] = b"220 smtp ready\r\n"
    for url in (empty, supplier.url("/half"), supplier.url("/lie")):
        with pytest.raises(CannotFetch) as caught:
            await fetcher()(url)
        assert not caught.value.hopeless


@pytest.mark.parametrize(
    ("head", "crumb"),
    [
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
)
async def test_crumbs_are_taken_in_small_portions(supplier: Recorder, head: bytes, crumb: bytes) -> None:
    """However much of them is there: the loop goes on after some hundred."""
    supplier.answers["/crumbs"] = head + crumb * 100_000
    fetching = asyncio.create_task(_outcome(fetcher(recording_hard_s=20.0), supplier.url("/crumbs")))
    turns = 0
    while not fetching.done():
        turns += 1
        await asyncio.sleep(0)
    assert await fetching in ("in too many pieces", "RemoteProtocolError")
    least = min(100_000, MOST_CRUMBS) * len(crumb) // SIP
    assert turns >= least


async def _outcome(fetch: Fetcher, url: str) -> str:
    with pytest.raises(CannotFetch) as caught:
        await fetch(url)
    return caught.value.reason


async def test_what_comes_compressed_is_not_kept_as_a_sound(supplier: Recorder) -> None:
    url = supplier.put("/gz", b"\x1f\x8b", more="Content-Encoding: gzip\r\n")
    with pytest.raises(CannotFetch, match="compressed") as caught:
        await fetcher()(url)
    assert caught.value.hopeless
    plain = supplier.put("/id", b"sound", more="Content-Encoding: identity\r\n")
    assert (await fetcher()(plain)).audio == b"sound"


async def test_a_supplier_that_hangs_is_left_at_the_time_limit(supplier: Recorder) -> None:
    async with asyncio.timeout(5):
        with pytest.raises(CannotFetch, match="TimeoutError"):
            await fetcher(recording_hard_s=0.2)(supplier.url("/hangs"))


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:{port}/", "http://localhost:{port}/", "http://[::ffff:127.0.0.1]:{port}/",
     "http://2130706433:{port}/",
     "http://169.254.169.254/latest/", "http://10.0.0.1/", "file:///etc/passwd", "ftp://example.com/",
     "http://u:p@example.com/", "nonsense",
     "http://127.0.0.1:22/"],
)  # fmt: skip
async def test_private_addresses_are_not_asked(supplier: Recorder, url: str) -> None:
    with pytest.raises(CannotFetch):
        await fetcher(recording_allow="")(url.format(port=supplier.port))
    assert supplier.asked == []


async def test_a_list_of_hosts_lets_no_other_host_be_asked(supplier: Recorder) -> None:
    url = supplier.put("/a", b"sound")
    assert (await fetcher(recording_hosts="calls.example.com, 127.0.0.1")(url)).audio == b"sound"
    with pytest.raises(CannotFetch, match="not on the list") as caught:
        await fetcher(recording_hosts="calls.example.com")(url)
    assert caught.value.hopeless


def test_settings_that_cannot_be_read() -> None:
    for changes in ({"recording_ports": "http"}, {"recording_ports": "0"}, {"recording_allow": "10.0.0.1/8"}):
        with pytest.raises(OperatorError, match="NUMBANK_RECORDING"):
            fetcher(**changes)


async def test_the_host_of_an_ipv6_address_stands_in_brackets(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []

    class Noting(httpcore.AsyncMockStream):
        async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
            seen.append(buffer)

    async def connect(*_args: Any, **_options: Any) -> httpcore.AsyncNetworkStream:
        return Noting([b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nsound"])

    monkeypatch.setattr(Guard, "connect_tcp", connect)
    for host in (b"[2606:4700:4700::1111]:8080", b"[2606:4700:4700::1111]", b"1.1.1.1"):
        seen.clear()
        assert (await fetcher()(f"http://{host.decode()}/x")).audio == b"sound"
        assert b"\r\nhost: " + host + b"\r\n" in b"".join(seen).lower()
