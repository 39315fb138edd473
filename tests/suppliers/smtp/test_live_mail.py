"""The mail server of a real `numbank serve`: workers on one port, TLS under its event loop, a unix socket, kill -9."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import smtplib
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.server.live import NUMBANK, QUICK, Live, free_port, get
from tests.suppliers.smtp.post import HOST, Line, Post, apart, by_hand, mail, open_post
from tests.suppliers.smtp.test_connections import certificate, send_by_tls
from tests.support import until

pytestmark = pytest.mark.slow


class Node:
    """A server process with two workers, and how its mail comes in."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self.port = free_port()
        self.path = str(folder / "lmtp.sock")
        self.cert_file, key_file = certificate(folder)
        self.live = Live(
            ["--database-url", dsn, "--workers", "2"],
            NUMBANK_SMTP_LISTEN=f"{HOST}:{self.port}",
            NUMBANK_LMTP_LISTEN=f"unix:{self.path}",
            NUMBANK_SMTP_CERT_FILE=self.cert_file,
            NUMBANK_SMTP_KEY_FILE=key_file,
            NUMBANK_SMTP_HOSTNAME="mx.box.test",
        )

    def connect(self) -> Line:
        """A raw connection, greeting read."""
        line = Line(socket.create_connection((HOST, self.port), timeout=20))
        assert line.reply().startswith("220 mx.box.test ")
        return line


@pytest.fixture(scope="module")
async def post(dsn: str) -> AsyncIterator[Post]:
    """Another node, by which mailboxes are leased and read."""
    async with open_post(dsn, smtp_listen="", lmtp_listen="") as opened:
        yield opened


@pytest.fixture(scope="module")
async def node(dsn: str, post: Post) -> AsyncIterator[Node]:
    with tempfile.TemporaryDirectory(prefix="numbank-mail-") as folder:
        served = Node(dsn, Path(folder))
        served.live.start()
        try:
            yield served
        finally:
            if served.live.process is not None and served.live.process.poll() is None:
                served.live.stop()


async def test_every_worker_takes_mail(node: Node, post: Post) -> None:
    boxes = [box for _ in range(4) for box in await post.lease(10)]

    def one(email: str) -> object:
        with smtplib.SMTP(HOST, node.port, timeout=30) as client:
            return client.sendmail("a@sender.example", [email], mail())

    answers = await asyncio.gather(*(apart(partial(one, box.email)) for box in boxes))
    assert answers == [{}] * 40
    assert [(await post.seen(box)).value for box in boxes] == ["246810"] * 40


async def test_tls_works_under_the_event_loop_of_a_server(node: Node, post: Post) -> None:
    (box,) = await post.lease()
    content = by_hand("Subject: x", "", "Your code is 246810", *["z" * 900] * 1_000)
    assert await apart(lambda: send_by_tls(node.port, node.cert_file, content, box.email)) == {}
    assert (await post.seen(box)).value == "246810"


async def test_lmtp_comes_by_a_unix_socket(node: Node, post: Post) -> None:
    boxes = await post.lease(2)

    def talk() -> list[str]:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(20)
        connection.connect(node.path)
        line = Line(connection)
        assert line.reply().startswith("220 ")
        line.begin(*(box.email for box in boxes), hello="LHLO")
        line.send(mail() + b".\r\n")
        return [line.reply(), line.reply(), line.ask("QUIT")]

    assert [one[:3] for one in await apart(talk)] == ["250", "250", "221"]
    assert [(await post.seen(box)).value for box in boxes] == ["246810"] * 2


async def test_a_second_server_is_refused_the_port_with_one_line(node: Node, dsn: str) -> None:
    done = await apart(
        lambda: subprocess.run(
            [NUMBANK, "serve", "--listen", f"{HOST}:{free_port()}", "--database-url", dsn],
            env=os.environ | {"NUMBANK_SMTP_LISTEN": f"{HOST}:{node.port}"},
            capture_output=True, text=True, timeout=60, check=False,
        )
    )  # fmt: skip
    assert done.returncode != 0
    assert f"cannot listen on {HOST}:{node.port}: another program serves there" in done.stderr
    assert "NUMBANK_SMTP_LISTEN" in done.stderr


async def test_after_kill_9_between_commit_and_answer_the_retry_is_kept_once(node: Node, post: Post) -> None:
    (box,) = await post.lease()
    content = mail()
    line = await apart(node.connect)
    await apart(lambda: line.begin(box.email))
    await apart(lambda: line.send(content + b".\r\n"))

    async def committed() -> bool:
        return bool(await post.kept(box.email))

    await until(committed)
    await apart(node.live.kill)  # the sender never read an answer
    await apart(node.live.start)

    def again() -> object:
        with smtplib.SMTP(HOST, node.port, timeout=30) as client:
            return client.sendmail("a@sender.example", [box.email], content)

    assert await apart(again) == {}
    assert len(await post.kept(box.email)) == 1
    assert (await post.seen(box)).value == "246810"


async def stopped_within_a_mail(node: Node, post: Post) -> None:
    """The server is told to stop while a mail is being sent: it is taken, acknowledged and kept."""
    (box,) = await post.lease()
    line = await apart(node.connect)
    await apart(lambda: line.begin(box.email))
    await apart(lambda: line.send(b"Subject: x\r\n\r\nYour code "))
    assert node.live.process is not None
    node.live.process.send_signal(signal.SIGTERM)

    def refuses() -> bool:
        try:
            socket.create_connection((HOST, node.port), timeout=1).close()
        except OSError:
            return True
        return False

    async def closed() -> bool:
        return await apart(refuses)

    await until(closed)
    await apart(lambda: line.send(b"is 246810\r\n.\r\n"))
    assert (await apart(line.reply)).startswith("250 ")
    assert await apart(lambda: node.live.process and node.live.process.wait(60)) == 0
    assert (await post.seen(box)).value == "246810"
    assert not await apart(partial(os.path.exists, node.path))


async def test_a_stop_lets_no_acknowledged_mail_go_and_ends_in_good_order(node: Node, post: Post) -> None:
    await stopped_within_a_mail(node, post)


async def test_a_stop_just_after_the_start_does_not_cut_a_mail_off(post: Post, dsn: str) -> None:
    with tempfile.TemporaryDirectory(prefix="numbank-mail-") as folder:
        node = Node(dsn, Path(folder))
        node.live.arguments = [sys.executable, "-m", "tests.server.just_open", *node.live.arguments[1:]]
        node.live.start()
        await stopped_within_a_mail(node, post)


async def test_a_demo_takes_mail_and_its_mailboxes_get_some_by_themselves(empty_dsn: str) -> None:
    small = {"NUMBANK_SANDBOX_COUNTRIES": "0", "NUMBANK_SANDBOX_NUMBERS": "1", "NUMBANK_SANDBOX_DELAY_S": "0.2"}
    arguments = [NUMBANK, "demo", "--database-url", empty_dsn, "--listen", f"{HOST}:{free_port()}"]
    environment = os.environ | QUICK | small
    demo = await apart(lambda: subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, text=True))
    try:
        shown = await apart(partial(_banner, demo))
        url, smtp, key = (re.search(rf"{name} +(\S+)", shown) for name in ("URL", "SMTP", "API key"))
        assert url
        assert smtp
        assert key
        host, _, port = smtp[1].partition(":")

        async def ask(action: str, **params: str) -> dict[str, Any]:
            answer = await apart(lambda: get(url[1], params={"api_key": key[1], "action": action, **params}))
            told: dict[str, Any] = answer.json()
            return told

        async def opened() -> bool:
            try:
                return bool(await ask("getMailHistory"))
            except httpx.TransportError:
                return False

        await until(opened)
        bought = await ask("buyMailActivation", site="telegram.com", mail_type="1", mail_domain="example")
        email, mailbox_id = bought["response"]["email"], str(bought["response"]["id"])

        async def came() -> bool:
            return "response" in await ask("checkMailActivation", id=mailbox_id)

        await until(came)

        def send() -> object:
            with smtplib.SMTP(host, int(port), timeout=30) as client:
                return client.sendmail("a@sender.example", [email], mail("Your code is 135790"))

        assert await apart(send) == {}
        assert "135790" in (await ask("checkMailActivation", id=mailbox_id))["response"]["full_message"]
    finally:
        demo.terminate()
        assert demo.wait(60) == 0


def _banner(demo: subprocess.Popen[str]) -> str:
    assert demo.stdout is not None
    shown = ""
    while "Stop it with" not in shown:
        line = demo.stdout.readline()
        assert line, "the demo ended"
        shown += line
    return shown
