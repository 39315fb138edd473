"""Where a mail ends, however its bytes are cut; and that reading one costs what its size costs."""

from __future__ import annotations

import asyncio
import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from numbank.suppliers.smtp.receive import Fault, Received, receive
from numbank.suppliers.smtp.rules import Gate, Limits

pytestmark = pytest.mark.unit

PIECES = [b"\r\n", b"\r", b"\n", b".", b"\0", b"x", b"\r\n.\r\n", b"\r\n..\r\n", b"\r\n.", b".\r\n", b"\n.\n"]
MOST = 40


def take(blocks: list[bytes], most_bytes: int = 10**8) -> tuple[Received, bytes]:
    """What is received of a stream that comes in these blocks, and what is left of them in it."""

    async def read() -> tuple[Received, bytes]:
        reader = asyncio.StreamReader(limit=32_768)
        received = Received()
        reading = asyncio.create_task(receive(reader, most_bytes, Gate(Limits("x")), received))
        for block in blocks:
            reader.feed_data(block)
            for _ in range(3):
                await asyncio.sleep(0)
        assert reading.done()
        await reading
        reader.feed_eof()
        return received, await reader.read()

    return asyncio.run(read())


def plainly(stream: bytes, most_bytes: int) -> tuple[Fault | None, bytes, bytes]:
    """The same by the words of the standard: fault, mail, rest."""
    end = 0 if stream.startswith(b".\r\n") else stream.index(b"\r\n.\r\n") + 2
    mail, rest = stream[:end], stream[end + 3 :]
    if b"\0" in mail or re.search(rb"\r(?!\n)|(?<!\r)\n", mail):
        return Fault.BARE, b"", rest
    lines = mail.split(b"\r\n")
    mail = b"\r\n".join(line[1:] if line.startswith(b".") else line for line in lines)
    return (Fault.TOO_LARGE, b"", rest) if len(mail) > most_bytes else (None, mail, rest)


@given(st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join), st.lists(st.integers(1, 7), max_size=30))
@example(b"", [1])
@example(b"\r\n", [2])
@example(b"a\r\n.\r", [1, 1, 1, 1, 1, 1])
def test_however_a_mail_is_cut_it_ends_where_the_standard_says(begin: bytes, sizes: list[int]) -> None:
    stream = begin + b"\r\n.\r\nQUIT\r\n"
    fault, mail, rest = plainly(stream, MOST)
    blocks, at = [], 0
    for size in sizes:
        blocks.append(stream[at : at + size])
        at += size
    blocks = [block for block in [*blocks, stream[at:]] if block]
    received, left = take(blocks, MOST)
    if fault is Fault.BARE:
        assert received.fault is Fault.BARE
        return
    if received.fault is Fault.ENDLESS:
        assert len(begin) > MOST
        return
    assert (received.fault, received.content) == (fault, mail)
    assert left == rest


def test_a_mail_in_single_bytes_is_the_same_mail() -> None:
    mail = b"Subject: x\r\n\r\n.dot\r\n..\r\nend\r\n"
    stream = b"Subject: x\r\n\r\n..dot\r\n...\r\nend\r\n.\r\n"
    for size in range(1, len(stream) + 1):
        received, _ = take([stream[at : at + size] for at in range(0, len(stream), size)])
        assert received.content == mail


def test_a_mail_of_nothing_but_short_lines_is_read_at_once() -> None:
    stream = b"\r\n" * 2_000_000 + b".\r\n"
    before = time.process_time()
    received, _ = take([stream[at : at + 65_536] for at in range(0, len(stream), 65_536)])
    assert len(received.content) == 4_000_000
    assert time.process_time() - before < 3  # 13 s when it is read line by line


def test_small_mails_come_in_while_large_ones_fill_the_memory() -> None:
    async def read() -> tuple[Received, Received, int]:
        gate = Gate(Limits("x"))
        gate.hold(10**12)
        small, large = Received(), Received()
        for received, size in ((small, 60_000), (large, 70_000)):
            reader = asyncio.StreamReader()
            reader.feed_data(b"x" * size + b"\r\n.\r\n")
            await receive(reader, 10**8, gate, received)
        return small, large, small.held

    small, large, held = asyncio.run(read())
    assert (small.fault, held, len(small.content)) == (None, 0, 60_002)
    assert large.fault is Fault.FULL
