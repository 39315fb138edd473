"""Bodies of requests, read from the messages of an ASGI server."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from numbank.asgi import Gone, TooSlow
from numbank.bodies import DRAIN_FACTOR, Bodies
from numbank.errors import TooLarge

pytestmark = pytest.mark.unit

END = {"type": "http.request", "body": b"", "more_body": False}
LEFT = {"type": "http.disconnect"}


def part(body: bytes) -> dict[str, Any]:
    """What granian says of every part, the last one too: its end is a message of its own."""
    return {"type": "http.request", "body": body, "more_body": True}


class Client:
    """Hands out messages; whoever wants more than there are waits for ever."""

    def __init__(self, *messages: dict[str, Any]) -> None:
        self.messages = list(messages)

    async def receive(self) -> dict[str, Any]:
        return self.messages.pop(0) if self.messages else await asyncio.get_running_loop().create_future()


async def read(client: Client, *headers: tuple[bytes, bytes], limit: int = 10, within_s: float = 5.0) -> bytes:
    return await Bodies(limit, within_s).read({"headers": list(headers)}, client.receive)


def sized(length: int) -> tuple[bytes, bytes]:
    return b"content-length", b"%d" % length


async def test_a_body_of_known_length_is_whole_with_its_last_byte() -> None:
    client = Client(part(b"abc"), part(b"de"), END)
    assert await read(client, (b"host", b"bank"), sized(5)) == b"abcde"
    assert client.messages == [END]


async def test_a_request_whose_head_names_no_body_is_not_waited_for() -> None:
    client = Client(END)
    assert await read(client) == b""
    assert await read(client, sized(0)) == b""
    assert client.messages == [END]


async def test_of_a_body_in_chunks_only_its_end_tells() -> None:
    chunked = (b"transfer-encoding", b"chunked")
    assert await read(Client(part(b"ab"), part(b"c"), END), chunked) == b"abc"
    assert await read(Client(part(b"ab"), part(b"c"), END), sized(2), chunked) == b"abc"


async def test_half_a_body_is_none() -> None:
    with pytest.raises(Gone):
        await read(Client(part(b"abc"), LEFT), sized(5))


async def test_a_body_that_does_not_come_is_too_slow() -> None:
    with pytest.raises(TooSlow):
        await read(Client(part(b"abc")), sized(5), within_s=0.01)


async def test_each_body_has_its_own_time_from_when_it_began() -> None:
    bodies, loop = Bodies(10, 0.2), asyncio.get_running_loop()
    began: list[float] = []
    ended: list[float] = []

    async def late(client: Client) -> None:
        began.append(loop.time())
        with pytest.raises(TooSlow):
            await bodies.read({"headers": [sized(5)]}, client.receive)
        ended.append(loop.time())
        assert asyncio.current_task().cancelling() == 0  # type: ignore[union-attr]  # it goes on with its answer

    first = asyncio.create_task(late(Client()))
    await asyncio.sleep(0.05)
    in_time = asyncio.create_task(bodies.read({"headers": [sized(2)]}, Client(part(b"ok")).receive))
    second = asyncio.create_task(late(Client(part(b"ab"))))
    await asyncio.sleep(0.05)
    third = asyncio.create_task(late(Client()))
    await asyncio.gather(first, second, third)
    assert await in_time == b"ok"
    assert began == sorted(began)
    assert ended == sorted(ended)
    assert all(end - start >= 0.199 for start, end in zip(began, ended, strict=True))


async def test_who_has_read_its_body_is_left_alone() -> None:
    assert await read(Client(part(b"ab")), sized(2), within_s=0.02) == b"ab"
    await asyncio.sleep(0.06)


async def test_after_a_while_without_bodies_the_next_one_has_its_time_too() -> None:
    bodies = Bodies(10, 0.02)
    assert await bodies.read({"headers": [sized(2)]}, Client(part(b"ab")).receive) == b"ab"
    await asyncio.sleep(0.06)
    with pytest.raises(TooSlow):
        await bodies.read({"headers": [sized(2)]}, Client().receive)


async def test_who_is_late_and_is_ended_by_others_too_ends() -> None:
    bodies = Bodies(10, 5.0)
    reading = asyncio.create_task(bodies.read({"headers": [sized(2)]}, Client().receive))
    await asyncio.sleep(0)
    bodies._ends[reading] = 0.0
    bodies._stop_the_late()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading


async def test_a_task_that_others_end_while_it_reads_is_not_called_slow() -> None:
    reading = asyncio.create_task(read(Client(part(b"abc")), sized(5)))
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading


@pytest.mark.parametrize("named", [True, False])
async def test_too_long_a_body_is_read_to_its_end_or_to_a_bound(named: bool) -> None:
    few, many = Client(part(b"a" * 11), END), Client(*[part(b"a" * 10)] * (DRAIN_FACTOR + 9), END)
    for client, left in ((few, int(named)), (many, 9)):
        whole = sum(len(message["body"]) for message in client.messages)
        with pytest.raises(TooLarge):
            await read(client, sized(whole) if named else (b"transfer-encoding", b"chunked"))
        assert len(client.messages) == left
