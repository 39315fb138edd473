"""A real server under load that is stopped, or killed: what was acknowledged is kept, exactly once."""

from __future__ import annotations

import asyncio
import smtplib
import threading
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.suppliers.smtp.post import HOST, Post, apart, mail, open_post
from tests.suppliers.smtp.test_live_mail import Node
from tests.support import until

pytestmark = pytest.mark.slow

CLIENTS = 12
ENOUGH = 150


class Storm:
    """Clients that send mail after mail, and the same again until it is acknowledged."""

    def __init__(self, port: int, emails: list[str]) -> None:
        self.taken: list[str] = []
        self.failures = 0
        self._port = port
        self._over = threading.Event()
        self._clients = [threading.Thread(target=self._send, args=(email, turn)) for turn, email in enumerate(emails)]
        for client in self._clients:
            client.start()

    def _send(self, email: str, turn: int) -> None:
        number = 0
        while not self._over.is_set():
            subject = f"mail {turn} {number}"
            content = mail("x", subject=subject, html="<p>y</p>" * (1_000 if number % 3 == 0 else 1))
            while not self._deliver(email, content):
                self.failures += 1
                if self._over.wait(0.1):
                    return
            self.taken.append(subject)
            number += 1

    def _deliver(self, email: str, content: bytes) -> bool:
        try:
            with smtplib.SMTP(HOST, self._port, "client.example", timeout=30) as client:
                client.ehlo_or_helo_if_needed()
                client.sendmail("a@sender.example", [email], content)
                client.close()
        except (smtplib.SMTPException, OSError):
            return False
        return True

    def end(self) -> None:
        """No mail more."""
        self._over.set()
        for client in self._clients:
            client.join()


@pytest.fixture(scope="module")
async def post(dsn: str) -> AsyncIterator[Post]:
    async with open_post(dsn, smtp_listen="", lmtp_listen="") as opened:
        yield opened


@pytest.mark.parametrize("how", ["stop", "kill"])
async def test_what_was_acknowledged_is_kept_exactly_once(post: Post, dsn: str, tmp_path: Path, how: str) -> None:
    node = Node(dsn, tmp_path)
    emails = [box.email for box in [*await post.lease(10), *await post.lease(CLIENTS - 10)]]
    await apart(node.live.start)
    storm = Storm(node.port, emails)
    try:
        for turn in range(1, 4):

            async def enough(least: int = turn * ENOUGH) -> bool:
                return len(storm.taken) >= least

            await until(enough)
            if how == "stop":
                assert await apart(node.live.stop) == 0
            else:
                await apart(node.live.kill)
            await apart(node.live.start)
        await asyncio.to_thread(storm.end)
    finally:
        await asyncio.to_thread(storm.end)
        assert await apart(node.live.stop) == 0
    rows = await post.shop.connection.fetch("select subject from mail where recipient = any($1)", emails)
    kept = Counter(row["subject"] for row in rows)
    assert set(kept) >= set(storm.taken)
    assert set(kept.values()) == {1}
    assert len(kept) <= len(storm.taken) + CLIENTS  # beside them at most the last mail of each client
    assert storm.failures > 0
