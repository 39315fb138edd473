"""One try against a receiver that fails, hangs, redirects and lies; and the guard in front of it."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from time import monotonic
from typing import Any

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from numbank.errors import OperatorError
from numbank.hooks.egress import Guard, Refused, Resolver
from numbank.hooks.model import Failure, Outcome
from numbank.hooks.networks import parse_networks
from numbank.hooks.post import MOST_BODY, Poster, trust
from numbank.hooks.url import Rules, parse_ports
from tests.hooks.receiver import Behave, Receiver, hangs, pours, receiving, says, writes

pytestmark = pytest.mark.unit

OPEN = Rules(parse_ports("1-65535"), parse_networks("127.0.0.0/8"))
CLOSED = Rules(parse_ports("1-65535"))
BODY = b'{"a":1}'


def names(**known: str | list[str]) -> Guard:
    """A guard whose resolver knows these names, and none else."""

    async def lookup(host: str, port: int) -> list[str]:
        del port
        found = known.get(host.partition(".")[0])
        if found is None:
            raise Refused(Failure.NO_ADDRESS)
        return [found] if isinstance(found, str) else found

    return Guard(OPEN, lookup)


def poster(guard: Guard | None = None, timeout_s: float = 2.0, ca_file: str = "") -> Poster:
    return Poster(guard or names(here="127.0.0.1"), trust(ca_file), timeout_s)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as opened:
        yield opened


async def test_a_post_arrives_whole_with_the_name_as_its_host(receiver: Receiver) -> None:
    outcome = await poster().post(receiver.url("/a?b=c", "here.example"), BODY, {"webhook-id": "msg_1"})
    assert (outcome.status, outcome.error) == (200, None)
    (got,) = receiver.got
    assert got.line == "POST /a?b=c HTTP/1.1"
    assert got.body == BODY
    assert got.headers["host"] == f"here.example:{receiver.port}"
    assert got.headers["content-type"] == "application/json"
    assert got.headers["webhook-id"] == "msg_1"
    assert got.headers["user-agent"].startswith("numbank/")


@pytest.mark.parametrize("status", [201, 202, 204, 299, 301, 302, 307, 308, 400, 401, 404, 410, 429, 500, 503])
async def test_only_200_is_success(receiver: Receiver, status: int) -> None:
    receiver.otherwise = says(status, location=receiver.url("/elsewhere"))
    outcome = await poster().post(receiver.url(), BODY, {})
    assert (outcome.status, outcome.error) == (status, Failure.STATUS)
    assert len(receiver.got) == 1, "a redirect was followed"


@pytest.mark.parametrize(
    ("behave", "error"),
    [
        (hangs, Failure.TIMEOUT),
        (writes(b""), Failure.PROTOCOL),
        (writes(b"HTTP/1.1 200"), Failure.PROTOCOL),
        (writes(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n"), Failure.PROTOCOL),
        (writes(b"SSH-2.0-OpenSSH\r\n\r\n"), Failure.PROTOCOL),
        (writes(b"HTTP/1.1 2000 OK\r\n\r\n"), Failure.PROTOCOL),
        (writes(b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n"), Failure.PROTOCOL),
        (writes(b"HTTP/1.1 200 OK\r\n", then_s=60), Failure.TIMEOUT),
        (pours(b"HTTP/1.1 200 OK\r\n", b"x-more: and more\r\n"), Failure.PROTOCOL),
        (pours(b"HTTP/1.1 200 OK\r\nx-long: ", b"a" * 1_000), Failure.PROTOCOL),
        (pours(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), Failure.TIMEOUT),
    ],
    ids=["hangs", "closes", "half a line", "half a head", "not http", "odd status", "odd length", "half and hangs",
         "endless headers", "endless header", "endless 100"],
)  # fmt: skip
async def test_what_is_no_answer_is_a_failure_within_the_time(
    receiver: Receiver, behave: Behave, error: Failure
) -> None:
    receiver.otherwise = behave
    began = monotonic()
    # A busy machine needs more than half a second to read headers that have no end.
    outcome = await poster(timeout_s=0.5 if error is Failure.TIMEOUT else 4.0).post(receiver.url(), BODY, {})
    assert (outcome.status, outcome.error) == (None, error)
    assert monotonic() - began < 5


@pytest.mark.parametrize(
    "behave",
    [
        writes(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort"),
        writes(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nlonger than it said"),
        writes(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n", then_s=60),
        writes(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"),
        writes(b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * (MOST_BODY * 4)),
        pours(b"HTTP/1.1 200 OK\r\n\r\n", b"a" * 10_000),
        writes(b"HTTP/1.0 200 OK\r\n\r\n"),
        says(200, b"\xff\xfe", content_encoding="gzip"),
    ],
    ids=["short", "long", "hangs", "bad chunk", "large", "endless", "1.0", "not gzip"],
)
async def test_after_the_status_a_body_can_lie_as_it_likes(receiver: Receiver, behave: Behave) -> None:
    receiver.otherwise = behave
    began = monotonic()
    outcome = await poster(timeout_s=0.5).post(receiver.url(), BODY, {})
    assert (outcome.status, outcome.error) == (200, None)
    assert monotonic() - began < 5


async def test_a_port_where_nobody_listens() -> None:
    async with receiving() as receiver:
        url = receiver.url()
    outcome = await poster().post(url, BODY, {})
    assert (outcome.status, outcome.error) == (None, Failure.CONNECT)


async def test_a_name_that_is_not_known(receiver: Receiver) -> None:
    outcome = await poster().post(receiver.url(host="nowhere.example"), BODY, {})
    assert outcome.error is Failure.NO_ADDRESS


async def test_a_lookup_that_hangs_is_in_the_time_too(receiver: Receiver) -> None:
    async def never(host: str, port: int) -> list[str]:
        await asyncio.sleep(3_600)
        return []

    outcome = await poster(Guard(OPEN, never), 0.3).post(receiver.url(host="slow.example"), BODY, {})
    assert outcome.error is Failure.TIMEOUT
    assert 250 <= outcome.ms < 3_000


# the guard ------------------------------------------------------------------------------------------------------------


async def outcome_at(receiver: Receiver, addresses: list[str], rules: Rules = CLOSED) -> Outcome:
    async def lookup(host: str, port: int) -> list[str]:
        return addresses

    return await poster(Guard(rules, lookup)).post(receiver.url(host="name.example"), BODY, {})


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["::1"], ["10.0.0.1"], ["169.254.169.254"], ["::ffff:127.0.0.1"], ["fe80::1%lo"],
     ["93.184.216.34", "127.0.0.1"], ["127.0.0.1", "93.184.216.34"], ["2606:4700:4700::1111", "fd00:ec2::254"]],
)  # fmt: skip
async def test_a_name_with_an_address_that_is_not_public_is_never_connected_to(
    receiver: Receiver, addresses: list[str]
) -> None:
    assert (await outcome_at(receiver, addresses)).error is Failure.REFUSED_ADDRESS
    assert receiver.most_open == 0


async def test_a_literal_address_is_checked_too(receiver: Receiver) -> None:
    for host in ("127.0.0.1", "[::1]", "[::ffff:7f00:1]"):
        outcome = await poster(Guard(CLOSED, Resolver(1))).post(receiver.url(host=host), BODY, {})
        assert outcome.error is Failure.REFUSED_ADDRESS
    assert receiver.most_open == 0


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0"])
async def test_what_the_system_takes_for_this_machine_is_refused(receiver: Receiver, host: str) -> None:
    """The system's own lookup turns these into 127.0.0.1 or 0.0.0.0; the guard sees what comes out."""
    resolver = Resolver(1)
    outcome = await poster(Guard(CLOSED, resolver)).post(receiver.url(host=host), BODY, {})
    resolver.close()
    assert outcome.error in (Failure.REFUSED_ADDRESS, Failure.NO_ADDRESS, Failure.PROTOCOL)
    assert receiver.most_open == 0


async def test_a_name_that_changes_its_mind_gains_nothing(receiver: Receiver) -> None:
    """Rebinding: the first answer is public, the second would be this machine. There is no second question."""
    asked: list[str] = []

    async def fickle(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["192.0.2.1" if len(asked) == 1 else "127.0.0.1"]

    rules = Rules(parse_ports("1-65535"), parse_networks("192.0.2.0/24"))
    outcome = await poster(Guard(rules, fickle), 0.3).post(receiver.url(host="fickle.example"), BODY, {})
    assert outcome.error in (Failure.TIMEOUT, Failure.CONNECT)
    assert asked == ["fickle.example"]
    assert receiver.most_open == 0


async def test_of_several_addresses_the_next_is_tried_when_one_does_not_answer(receiver: Receiver) -> None:
    outcome = await outcome_at(receiver, ["127.0.0.2", "127.0.0.1"], OPEN)
    assert outcome.status == 200


async def test_an_address_that_swallows_everything_leaves_time_for_the_next(receiver: Receiver) -> None:
    """A name with IPv6 addresses that nobody routes: the try must not end before the IPv4 address had its turn."""

    class Swallowing(httpcore.AnyIOBackend):
        async def connect_tcp(
            self,
            host: str,
            port: int,
            timeout: float | None = None,  # noqa: ASYNC109
            *args: Any,
            **options: Any,
        ) -> httpcore.AsyncNetworkStream:
            if host == "127.0.0.2":
                await asyncio.sleep(3_600 if timeout is None else timeout)
                raise httpcore.ConnectTimeout
            return await super().connect_tcp(host, port, timeout, *args, **options)

    async def lookup(host: str, port: int) -> list[str]:
        return ["127.0.0.2", "127.0.0.1"]

    guard = Guard(OPEN, lookup, Swallowing(), patience_s=0.1)
    outcome = await poster(guard).post(receiver.url(host="name.example"), BODY, {})
    assert (outcome.status, outcome.error) == (200, None)


async def test_the_host_of_an_ipv6_address_stands_in_brackets() -> None:
    seen: list[bytes] = []

    class Noting(httpcore.AsyncMockStream):
        async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
            seen.append(buffer)

    class Backend(httpcore.AsyncMockBackend):
        async def connect_tcp(self, *_args: Any, **_options: Any) -> httpcore.AsyncNetworkStream:
            return Noting([b"HTTP/1.1 200 OK\r\n\r\n"])

    async def lookup(host: str, port: int) -> list[str]:
        return [host]

    posting = poster(Guard(CLOSED, lookup, Backend([])))
    for host in (b"[2606:4700:4700::1111]:8080", b"[2606:4700:4700::1111]", b"1.1.1.1"):
        seen.clear()
        assert (await posting.post(f"http://{host.decode()}/x", BODY, {})).status == 200
        assert b"\r\nhost: " + host + b"\r\n" in b"".join(seen).lower()


async def test_a_port_that_is_not_allowed_is_not_connected_to(receiver: Receiver) -> None:
    rules = Rules(parse_ports("443"), OPEN.allowed)
    assert (await outcome_at(receiver, ["127.0.0.1"], rules)).error is Failure.REFUSED_ADDRESS


async def test_proxies_of_the_environment_are_ignored(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert (await poster().post(receiver.url(host="here.example"), BODY, {})).status == 200


async def test_a_hanging_lookup_holds_up_no_other(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket
    import threading

    release = threading.Event()
    real = socket.getaddrinfo

    def slow(host: str, *args: object, **kwargs: object) -> object:
        if host == "slow.example":
            release.wait(20)
            raise OSError
        return real("127.0.0.1", *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    resolver = Resolver(2)
    posting = poster(Guard(OPEN, resolver), 0.4)
    # Many ask for the slow name at once: one thread is busy, the other serves everybody else.
    slow_ones = [asyncio.create_task(posting.post(receiver.url(host="slow.example"), BODY, {})) for _ in range(8)]
    assert (await posting.post(receiver.url(host="quick.example"), BODY, {})).status == 200
    assert {(await one).error for one in slow_ones} == {Failure.TIMEOUT}
    release.set()
    resolver.close()


# TLS ------------------------------------------------------------------------------------------------------------------


def certificate(folder: Path, *names: str) -> tuple[ssl.SSLContext, str]:
    """A server's TLS for these names, and the file that makes it trusted."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).sign(key, hashes.SHA256())
    )  # fmt: skip
    file = folder / "server.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ) + made.public_bytes(serialization.Encoding.PEM)
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    trusted = folder / "ca.pem"
    trusted.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return context, str(trusted)


async def test_the_certificate_is_that_of_the_name_although_the_address_is_connected_to(tmp_path: Path) -> None:
    context, trusted = certificate(tmp_path, "here.example")
    asked: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    async with receiving(context) as receiver:
        there = names(here="127.0.0.1", other="127.0.0.1")
        good = await poster(there, ca_file=trusted).post(receiver.url(host="here.example", scheme="https"), BODY, {})
        assert (good.status, good.error) == (200, None)
        assert asked == ["here.example"]
        wrong_name = receiver.url(host="other.example", scheme="https")
        assert (await poster(there, ca_file=trusted).post(wrong_name, BODY, {})).error is Failure.TLS
        assert (
            await poster(there).post(receiver.url(host="here.example", scheme="https"), BODY, {})
        ).error is Failure.TLS
        assert len(receiver.got) == 1


async def test_a_receiver_without_tls_behind_https(receiver: Receiver) -> None:
    outcome = await poster().post(receiver.url(host="here.example", scheme="https"), BODY, {})
    assert outcome.error in (Failure.TLS, Failure.CONNECT, Failure.TIMEOUT)
    assert receiver.got == []


def test_a_file_of_certificates_that_is_none_is_one_line(tmp_path: Path) -> None:
    for text in ("/nowhere.pem", str(tmp_path)):
        with pytest.raises(OperatorError, match="NUMBANK_HOOK_CA_FILE"):
            trust(text)
    assert ipaddress.ip_address("127.0.0.1") in OPEN.allowed[0]
