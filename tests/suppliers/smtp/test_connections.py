"""Clients that are slow, many, silent, gone or too eager; TLS; a database that is away; a server that stops."""

from __future__ import annotations

import asyncio
import logging
import logging.config
import resource
import smtplib
import socket
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import asyncpg
import pytest
import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from numbank.errors import BadRequest, OperatorError, Overloaded
from numbank.server import logs
from numbank.server.mail_ports import mail_reserved
from numbank.suppliers.smtp import rules, session
from numbank.suppliers.smtp.replies import Reply, one_reply, reply_for
from numbank.suppliers.smtp.rules import tls_context
from numbank.suppliers.smtp.session import client_address
from tests.server.live import free_port
from tests.suppliers.smtp.post import HOST, Post, apart, mail, open_post
from tests.support import settings_for, until


def certificate(folder: Path) -> tuple[str, str]:
    """A self-made certificate for `mx.box.test`; the files of certificate and key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mx.box.test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("mx.box.test")]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return str(cert_file), str(key_file)


def trusting(cert_file: str) -> ssl.SSLContext:
    """A client's context that trusts that certificate."""
    return ssl.create_default_context(cafile=cert_file)


def send_by_tls(port: int, cert_file: str, content: bytes, *recipients: str, timeout_s: float = 30) -> object:
    """Send by smtplib after STARTTLS, the certificate's name checked."""
    with smtplib.SMTP(HOST, port, timeout=timeout_s) as client:
        client._host = "mx.box.test"  # type: ignore[attr-defined]
        client.starttls(context=trusting(cert_file))
        return client.sendmail("a@sender.example", recipients, content)


@pytest.fixture(scope="module")
async def secure(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Post, str]]:
    cert_file, key_file = certificate(tmp_path_factory.mktemp("tls"))
    async with open_post(dsn, smtp_cert_file=cert_file, smtp_key_file=key_file, smtp_require_tls=True) as opened:
        yield opened, cert_file


async def test_mail_comes_by_tls(secure: tuple[Post, str]) -> None:
    post, cert_file = secure
    (box,) = await post.lease()
    assert await apart(lambda: send_by_tls(post.port, cert_file, mail(), box.email)) == {}
    assert (await post.seen(box)).value == "246810"


async def test_a_handshake_that_begins_at_once_is_not_read_as_commands(
    secure: tuple[Post, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where other connections have their turn after a reply, the first bytes of the handshake may be there before it goes on.
    post, cert_file = secure
    (box,) = await post.lease()
    turn = asyncio.sleep

    async def long_turn(_delay: float) -> None:
        await turn(0.2)

    monkeypatch.setattr(session, "sleep", long_turn)
    assert await apart(lambda: send_by_tls(post.port, cert_file, mail(), box.email, timeout_s=5)) == {}


async def test_where_tls_is_required_nothing_comes_without(secure: tuple[Post, str]) -> None:
    post, _ = secure
    (box,) = await post.lease()
    with pytest.raises(smtplib.SMTPException) as refused:
        await post.send(mail(), box.email)
    assert "530" in str(refused.value)
    assert await post.kept(box.email) == []


async def test_what_was_pipelined_behind_starttls_is_dropped(secure: tuple[Post, str]) -> None:
    post, cert_file = secure
    (box,) = await post.lease()

    def inject() -> list[str]:
        line = post.raw()
        line.ask("EHLO x")
        # The second half would be answered inside TLS if the server kept it.
        line.send(
            b"STARTTLS\r\nEHLO injected\r\nMAIL FROM:<evil@x.example>\r\nRCPT TO:<" + box.email.encode() + b">\r\n"
        )
        assert line.reply().startswith("220 ")
        context = trusting(cert_file)
        with context.wrap_socket(line.socket, server_hostname="mx.box.test") as safe:
            from tests.suppliers.smtp.post import Line

            inside = Line(safe)
            said = [
                inside.ask("DATA"),
                inside.ask("EHLO x"),
                inside.ask("RCPT TO:<a@box.test>"),
                inside.ask("STARTTLS"),
            ]
            said.append(inside.ask("AUTH PLAIN AGEAYg=="))
            return said

    said = await apart(inject)
    assert [one[:3] for one in said] == ["503", "250", "503", "503", "502"]


async def test_a_handshake_that_fails_ends_the_connection_only(
    secure: tuple[Post, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    post, cert_file = secure
    crashed: list[Exception] = []
    monkeypatch.setattr(post.app.bank.mail.house.watch, "crashed", crashed.append)
    (box,) = await post.lease()

    def garbage() -> list[str]:
        line = post.raw()
        line.ask("EHLO x")
        assert line.ask("STARTTLS").startswith("220 ")
        line.send(b"this is no handshake\r\n" * 10)
        try:
            line.socket.settimeout(10)
            while line.socket.recv(1_000):
                pass
        except ConnectionError:
            return []
        return []

    await apart(garbage)
    assert await apart(lambda: send_by_tls(post.port, cert_file, mail(), box.email)) == {}
    assert crashed == []  # a stranger's garbage is no bug of ours


@pytest.mark.unit
def test_a_certificate_that_does_not_serve_is_refused_with_one_line(tmp_path: Path) -> None:
    cert_file, key_file = certificate(tmp_path)
    assert tls_context(cert_file, key_file) is not None
    broken = tmp_path / "broken.pem"
    broken.write_text("nonsense")
    for given in ((str(broken), key_file), (cert_file, str(tmp_path / "none.pem")), (cert_file, ""), ("", key_file)):
        with pytest.raises(OperatorError) as refused:
            tls_context(*given)
        assert "\n" not in str(refused.value)


@pytest.mark.unit
def test_an_address_of_somebody_else_is_refused_with_one_line(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as taken:
        settings = settings_for("postgresql://x", smtp_listen=f"{HOST}:{taken.getsockname()[1]}")
        with pytest.raises(OperatorError, match="another program serves there"), mail_reserved(settings):
            raise AssertionError("the port was taken")
    path = tmp_path / "lmtp"
    settings = settings_for("postgresql://x", lmtp_listen=f"unix:{path}")
    with mail_reserved(settings):
        assert path.is_socket()
        with pytest.raises(OperatorError, match="another program serves there"), mail_reserved(settings):
            raise AssertionError("the socket was taken")
    assert not path.exists()
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(path))
    with mail_reserved(settings):  # a socket that nobody listens on is what a killed server left
        assert path.is_socket()
    path.write_text("precious")
    with pytest.raises(OperatorError, match="no socket"), mail_reserved(settings):
        raise AssertionError("a file was replaced")
    assert path.read_text() == "precious"


@pytest.mark.unit
def test_a_server_may_open_as_many_files_as_it_takes_connections() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1_024, before[1]))  # what most systems give
    try:
        with mail_reserved(settings_for("postgresql://x")):
            assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 1_024
        with mail_reserved(settings_for("postgresql://x", smtp_listen=f"{HOST}:{free_port()}")):
            assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= 2_000
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.unit
def test_an_address_may_send_so_many_mails_in_a_minute() -> None:
    gate = rules.Gate(rules.Limits("x", mails_per_min=2))
    assert [gate.may_send("1", 0.0), gate.may_send("1", 1.0), gate.may_send("1", 2.0)] == [True, True, False]
    assert gate.may_send("2", 2.0)
    assert gate.may_send("1", 60.0)


@pytest.mark.unit
def test_connections_are_limited_by_address_and_in_all() -> None:
    gate = rules.Gate(rules.Limits("x", connections=3, per_address=2))
    assert [gate.enter(address) for address in ("1", "1", "1", "2", "3")] == [True, True, False, True, False]
    gate.leave("1")
    assert gate.enter("3")
    assert not gate.enter("")
    gate.leave("2")
    assert gate.enter("")  # by a unix socket: only the total counts


@pytest.mark.unit
def test_clients_are_told_apart_by_their_addresses() -> None:
    assert client_address(("192.0.2.1", 1)) == client_address(("::ffff:192.0.2.1", 1, 0, 0)) == "192.0.2.1"
    assert client_address(("2001:db8::1", 1, 0, 0)) == client_address(("2001:db8::ffff:2", 1, 0, 0)) == "2001:db8::/64"
    assert client_address(("fe80::1%eth0", 1, 0, 2)) == "fe80::/64"
    assert client_address("") == client_address(None) == ""


@pytest.mark.unit
def test_one_reply_stands_for_all_copies() -> None:
    taken, later, unknown = Reply.TAKEN, Reply.LATER, Reply.UNKNOWN
    assert one_reply([taken, taken]) is taken
    assert one_reply([taken, unknown, later]) is later
    assert one_reply([taken, unknown]) is unknown
    assert reply_for(BadRequest()) is Reply.UNFIT
    assert reply_for(Overloaded()) is later


async def test_too_many_mails_in_a_minute_are_told_to_come_later(dsn: str) -> None:
    async with open_post(dsn, smtp_mails_per_min=2) as post:
        (box,) = await post.lease()
        for _ in range(2):
            await post.send(mail(), box.email)
        with pytest.raises(smtplib.SMTPSenderRefused) as refused:
            await post.send(mail(), box.email)
        assert refused.value.smtp_code == 451


async def test_too_many_connections_are_told_to_come_later(dsn: str) -> None:
    async with open_post(dsn, smtp_address_connections=20) as post:
        (box,) = await post.lease()

        def crowd() -> tuple[list[str], str]:
            lines = [post.raw() for _ in range(20)]
            with socket.create_connection((HOST, post.port), timeout=10) as further:
                refused = further.recv(1_000).decode()
                ended = further.recv(1_000)
            assert ended == b""
            said = [line.ask("EHLO x")[:3] for line in lines]
            for line in lines:
                line.close()
            return said, refused

        said, refused = await apart(crowd)
        assert said == ["250"] * 20
        assert refused.startswith("421 ")

        async def all_gone() -> bool:
            return post.app.bank.mail.house.gate.connections == 0

        await until(all_gone)
        assert await post.send(mail(), box.email) == {}


async def test_a_silent_client_is_sent_away_and_a_slow_one_is_not(dsn: str) -> None:
    async with open_post(dsn, smtp_idle_s=1.0, smtp_data_s=30.0) as post:
        (box,) = await post.lease()

        def silent() -> list[str]:
            line = post.raw()
            line.ask("EHLO x")
            return line.rest()

        def slow() -> str:
            line = post.raw()
            line.begin(box.email)
            for letter in (b"Subject: x\r\n\r\n", b"Your code\r\n", b"is 246810\r\n", b".\r\n"):
                time.sleep(0.6)  # together longer than a client may be silent
                line.send(letter)
            return line.reply()

        said, answer = await asyncio.gather(apart(silent), apart(slow))
        assert said == ["421 4.4.2 silent for too long"]
        assert answer.startswith("250 ")
        assert len(await post.kept(box.email)) == 1


async def test_a_client_that_reads_no_answers_does_not_stay_for_ever(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "LINGER_S", 0.1)
    async with open_post(dsn, smtp_idle_s=1.0) as post:

        def pester(deaf: socket.socket) -> None:
            """Ask on and on; the server soon does not read, for nobody takes its answers, and then gives up."""
            while True:
                with suppress(TimeoutError):
                    deaf.send(b"HELP\r\n" * 10_000)

        def shout() -> None:
            with socket.create_connection((HOST, post.port), timeout=0.1) as deaf, pytest.raises(ConnectionError):
                pester(deaf)

        await asyncio.wait_for(apart(shout), 60)

        async def all_gone() -> bool:
            return post.app.bank.mail.house.gate.connections == 0

        await until(all_gone)


async def test_a_mail_that_never_ends_is_ended(dsn: str) -> None:
    async with open_post(dsn, smtp_data_s=1.0) as post:
        (box,) = await post.lease()

        def drip() -> list[str]:
            line = post.raw()
            line.begin(box.email)
            try:
                for _ in range(100):
                    line.send(b"x\r\n")
                    time.sleep(0.05)
            except ConnectionError:
                pass
            return line.rest()

        said = await apart(drip)
        assert said[0] in ("421 4.4.2 the mail took too long", "reset")
        assert await post.kept(box.email) == []
        assert post.app.bank.mail.house.gate._held == 0


async def test_a_client_that_vanishes_in_its_mail_leaves_nothing(dsn: str) -> None:
    async with open_post(dsn) as post:
        (box,) = await post.lease()

        def vanish(how: int) -> None:
            line = post.raw()
            line.begin(box.email)
            line.send(b"Subject: half a mail\r\n\r\nYour code is 246810\r\n")
            if how == 1:
                line.socket.shutdown(socket.SHUT_WR)
            elif how == 2:
                line.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            line.close()

        for how in range(3):
            await apart(partial(vanish, how))

        async def all_gone() -> bool:
            return post.app.bank.mail.house.gate.connections == 0

        await until(all_gone)
        assert await post.kept(box.email) == []
        assert post.app.bank.mail.house.gate._held == 0


async def test_memory_for_mails_is_bounded(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_HELD", 1_000_000)
    async with open_post(dsn) as post:
        (box,) = await post.lease()

        def large() -> list[str]:
            line = post.raw()
            line.begin(box.email)
            try:
                line.send(b"x" * 2_000_000 + b"\r\n.\r\n")
            except ConnectionError:
                return ["reset"]
            return line.rest()

        assert (await apart(large))[0].startswith("452 ")
        assert await post.send(mail(), box.email) == {}


async def test_while_the_database_is_away_mails_are_told_to_come_later_and_then_kept_once(
    dsn: str, tmp_path: Path
) -> None:
    # The bank reaches the database by a link, which can be taken away; its connections are ended.
    folder = dsn.partition("host=")[2].partition("&")[0]
    link = tmp_path / "way"
    link.symlink_to(folder)
    async with open_post(dsn.replace(folder, str(link))) as post:
        first, second = await post.lease(2)
        content = mail()
        admin = await asyncpg.connect(dsn)

        def at_the_end() -> str:
            line.send(content + b".\r\n")
            return line.reply()

        line = await apart(post.raw)
        await apart(lambda: line.begin(first.email, second.email))
        link.unlink()
        await admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
            " and pid not in (pg_backend_pid(), $1)",
            post.shop.connection.get_server_pid(),
        )
        assert (await apart(at_the_end)).startswith("451 ")
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            await post.send(content, first.email, second.email)
        assert [code for code, _ in refused.value.recipients.values()] == [451, 451]
        link.symlink_to(folder)
        await admin.close()

        async def taken() -> bool:
            try:
                return bool(await post.send(content, first.email, second.email) == {})
            except smtplib.SMTPException:
                return False

        await until(taken)
        assert await taken()
        for box in (first, second):
            assert len(await post.kept(box.email)) == 1
            assert (await post.seen(box)).value == "246810"


async def test_one_copy_that_fails_fails_all_and_the_retry_doubles_nothing(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from numbank.errors import Unavailable

    async with open_post(dsn) as post:
        first, second = await post.lease(2)
        content = mail()
        door = post.app.bank.mail.letters._door
        take = door.take

        async def half(incoming: object) -> object:
            late = incoming.recipient == second.email  # type: ignore[attr-defined]
            return Unavailable() if late else await take(incoming)  # type: ignore[arg-type]

        monkeypatch.setattr(door, "take", half)
        with pytest.raises(smtplib.SMTPDataError) as refused:
            await post.send(content, first.email, second.email)
        assert refused.value.smtp_code == 451
        monkeypatch.setattr(door, "take", take)
        assert await post.send(content, first.email, second.email) == {}
        assert [len(await post.kept(box.email)) for box in (first, second)] == [1, 1]


async def test_a_server_that_stops_finishes_the_mail_that_is_being_sent(dsn: str) -> None:
    async with open_post(dsn) as post:
        (box,) = await post.lease()
        idle, busy = await apart(post.raw), await apart(post.raw)
        await apart(lambda: busy.begin(box.email))
        await apart(lambda: busy.send(b"Subject: x\r\n\r\nYour code "))
        stopping = asyncio.create_task(post.app.bank.mail.stop())
        assert await apart(idle.rest) == ["421 4.3.2 the server is stopping"]
        assert not stopping.done()
        await apart(lambda: busy.send(b"is 246810\r\n.\r\n"))
        said = await apart(busy.rest)
        assert [one[:3] for one in said] == ["250", "421"]
        await stopping
        assert (await post.seen(box)).value == "246810"
        with pytest.raises(ConnectionRefusedError):
            await post.send(mail(), box.email)


async def test_a_mail_that_takes_too_long_to_stop_is_answered_421(dsn: str) -> None:
    async with open_post(dsn, stop_timeout_s=0.4) as post:
        (box,) = await post.lease()
        busy = await apart(post.raw)
        await apart(lambda: busy.begin(box.email))
        await post.app.bank.mail.stop()
        assert await apart(busy.rest) == ["421 4.3.2 the server is stopping"]
        assert await post.kept(box.email) == []


async def test_nothing_of_a_mail_is_logged_at_any_level(
    dsn: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    level = logging.getLogger().level
    try:
        async with open_post(dsn, log_level="debug", access_log="all") as post:
            logs.configure("debug")
            logging.config.dictConfig({"version": 1, "disable_existing_loggers": False})  # as the HTTP server does
            logging.getLogger().setLevel(logging.DEBUG)
            (box,) = await post.lease()
            content = mail("Your secret code is 975319", subject="Geheimnis")
            assert await post.send(content, box.email) == {}
            with pytest.raises(smtplib.SMTPException):
                await post.send(content, "nobody@box.test")

            def broken(_incoming: object) -> object:
                raise ValueError(content)

            monkeypatch.setattr(post.app.bank.mail.letters._door, "take", broken)
            with pytest.raises(smtplib.SMTPException) as refused:
                await post.send(content, box.email)
            assert "975319" not in str(refused.value)
    finally:
        logging.getLogger().setLevel(level)
        structlog.reset_defaults()  # other tests look at their own logs
    told = capfd.readouterr()
    assert "mail_bug" in told.err
    for secret in ("975319", "Geheimnis", box.email, "nobody@", "a@sender.example"):
        assert secret not in told.err + told.out


async def test_metrics_count_mails_and_refusals(dsn: str) -> None:
    from numbank.server.metrics import exposition

    async with open_post(dsn) as post:
        (box,) = await post.lease()
        content = mail()
        before = _count('numbank_mails_total{outcome="duplicate"}', exposition())
        for _ in range(2):
            await post.send(content, box.email)
        with pytest.raises(smtplib.SMTPException):
            await post.send(content, "nobody@box.test")
        text = exposition()
        assert _count('numbank_mails_total{outcome="duplicate"}', text) == before + 1
        assert _count('numbank_mails_total{outcome="stored"}', text) >= 1
        assert _count('numbank_mail_refusals_total{reason="unknown"}', text) >= 1
        assert b"numbank_mail_connections " in text


def _count(name: str, text: bytes) -> float:
    found = [line.rpartition(" ")[2] for line in text.decode().splitlines() if line.startswith(name)]
    return float(found[0]) if found else 0.0
