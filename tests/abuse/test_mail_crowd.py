"""Half-open and slow connections to the mail server: mail of others is taken all the same, and HTTP is served."""

from __future__ import annotations

import smtplib
import socket
from contextlib import ExitStack

import pytest

from tests.abuse.clients import HOST, answers, connect, dripping, files_for, first_answer
from tests.abuse.victim import Opener
from tests.server.live import free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(280)]

CROWD, ADDRESSES, PLACES = 500, 10, 50
HONEST = "127.0.0.77"


def source(index: int) -> str:
    """One of the addresses from which the crowd comes: all of 127/8 is ours."""
    return f"127.0.0.{10 + index % ADDRESSES}"


async def test_five_hundred_half_open_mail_clients_do_not_stop_mail(open_victim: Opener) -> None:
    files_for(CROWD)
    port = free_port()
    async with open_victim(smtp_listen=f"{HOST}:{port}", smtp_idle_s=3, smtp_address_connections=PLACES) as bank:
        with ExitStack() as stack:
            crowd = []
            for index in range(CROWD):
                client = stack.enter_context(connect(port, source=source(index)))
                crowd.append(client)
                if index % 2:
                    client.sendall(b"EHLO slo")
            stack.enter_context(dripping(crowd[1::4], b"w"))
            for _ in range(5):
                with smtplib.SMTP(HOST, port, timeout=10, source_address=(HONEST, 0)) as honest:
                    assert honest.ehlo()[0] == 250
                    assert honest.mail("somebody@example.org")[0] == 250
                    # Nobody leases this address, and that is known at once.
                    assert honest.rcpt("nobody@nowhere.example")[0] == 550
                bank.serves()
            said = answers(crowd, within_s=60)
        assert all(one.startswith(b"220 ") for one in said)
        bank.serves()
        _one_address_cannot_take_all_the_places(port)
        bank.serves()


def _one_address_cannot_take_all_the_places(port: int) -> None:
    with ExitStack() as stack:
        greedy = [stack.enter_context(connect(port, source=source(0))) for _ in range(PLACES + 40)]
        assert [first_answer(one)[:3] for one in greedy] == [b"220"] * PLACES + [b"421"] * 40
        honest: socket.socket = stack.enter_context(connect(port, source=HONEST))
        assert first_answer(honest).startswith(b"220 ")
