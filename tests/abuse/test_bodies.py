"""Bodies that trickle, never end or are huge, at every door that reads one."""

from __future__ import annotations

import socket
from contextlib import ExitStack

import pytest

from tests.abuse.clients import answers, connect, crowd, dripping, until
from tests.abuse.victim import Opener, Victim

pytestmark = [pytest.mark.slow, pytest.mark.timeout(280)]

BODY_S = 2
EACH = 40
HUGE = 10_000_000_000
# Sent of a huge body before the bank must have hung up: it reads 32 times its limit of 1 MB at most, kernels hold some more.
MOST_TAKEN = 64_000_000
MOST_MB = 150
CHUNK = b"10000\r\n" + b"a" * 65_536 + b"\r\n"


def doors(bank: Victim) -> dict[str, str]:
    """A request line and headers for every door that reads a body."""
    key = f"X-API-Key: {bank.key}\r\n"
    form = "Content-Type: application/x-www-form-urlencoded\r\n"
    return {
        "wire": f"POST /stubs/handler_api.php HTTP/1.1\r\n{form}",
        "wire with its key": f"POST /stubs/handler_api.php?api_key={bank.key}&action=getBalance HTTP/1.1\r\n{form}",
        "multipart": "POST /stubs/handler_api.php HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x\r\n",
        "agent": "POST /agent/api/sms HTTP/1.1\r\n",
        "hooks": f"POST /v1/hooks HTTP/1.1\r\n{key}",
        "emails": f"POST /api/v2/emails HTTP/1.1\r\n{key}",
    }


async def test_bodies_that_trickle_are_answered_408_in_time_and_stop_nobody(open_victim: Opener) -> None:
    async with open_victim(http_body_s=BODY_S) as bank:
        with ExitStack() as stack:
            slow: dict[str, list[socket.socket]] = {}
            for name, head in doors(bank).items():
                sized = f"{head}Host: bank\r\nContent-Length: 100000\r\n\r\na".encode()
                chunked = f"{head}Host: bank\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
                slow[name] = stack.enter_context(crowd(bank.port, EACH, sized))
                slow[f"{name}, in chunks"] = stack.enter_context(crowd(bank.port, EACH, chunked))
            stack.enter_context(
                dripping([one for name, some in slow.items() if "chunks" not in name for one in some], b"a")
            )
            stack.enter_context(
                dripping([one for name, some in slow.items() if "chunks" in name for one in some], b"1\r\na\r\n")
            )
            for _ in range(20):
                bank.serves()
            assert bank.lease().startswith("ACCESS_NUMBER:")
            for name, clients in slow.items():
                said = answers(clients, within_s=30)
                assert {one[:12] for one in said} <= {b"HTTP/1.1 408", b""}, name
                # Who still sends when we hang up may see a reset in place of the answer, but never all of them.
                assert any(said), name
        bank.serves()


async def test_huge_bodies_take_no_memory_and_who_leaves_in_the_middle_leaves_nothing_behind(
    open_victim: Opener,
) -> None:
    async with open_victim() as bank:
        worker = bank.worker()
        bank.serves()
        before, files = worker.memory_info().rss, worker.num_fds()
        for name, head in doors(bank).items():
            for length in (f"Content-Length: {HUGE}", "Transfer-Encoding: chunked"):
                with connect(bank.port) as client:
                    client.sendall(f"{head}Host: bank\r\n{length}\r\n\r\n".encode())
                    assert _poured(client) < MOST_TAKEN, name
            bank.serves()
        assert worker.memory_info().rss - before < MOST_MB * 2**20
        for head in doors(bank).values():
            with crowd(bank.port, EACH, f"{head}Host: b\r\nContent-Length: 9999\r\n\r\nabc".encode()):
                bank.serves()
        until(lambda: worker.num_fds() < files + 20, "connections stay")
        bank.serves()


def _poured(client: socket.socket) -> int:
    """How many bytes the bank took before it hung up."""
    sent = 0
    try:
        while sent < HUGE:
            client.sendall(CHUNK)
            sent += len(CHUNK)
    except ConnectionError:
        return sent
    raise AssertionError("the bank reads for ever")
