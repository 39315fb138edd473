"""One target per parser: bytes in; an AssertionError, or any exception that is not a documented refusal, is a finding."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from operator import methodcaller
from typing import Any
from urllib.parse import quote_from_bytes, quote_plus, unquote_to_bytes, urlencode

import msgspec

from numbank.asgi import Gone
from numbank.customers.keys import Customer
from numbank.errors import BadRequest, Refusal, TooLarge
from numbank.mailbox.address import normalise
from numbank.rest import hooks
from numbank.rest.call import FORM, Call
from numbank.rest.problem import Refused
from numbank.rest.v2 import emails
from numbank.suppliers.agent.body import inflate
from numbank.suppliers.agent.push import BadPush, call_of, read_push, sms_of
from numbank.suppliers.smtp.parse import MAX_TEXT, digest_of, parse
from numbank.suppliers.smtp.receive import Received, receive
from numbank.suppliers.smtp.rules import Gate, Limits
from numbank.wire.fields import parse_multipart, parse_urlencoded
from numbank.wire.handler import understand

MOST_FIELDS = 1_000
LONGEST = 65_536
# Processor time of one input of at most LONGEST bytes; honest ones take a thousandth. Far enough for a busy machine, and
# what grows with the square of its length is beyond it.
MOST_S = 2.0
JSON = "application/json"
NOBODY = Customer(1, active=True)
# A mail that has a head at all; what a hop writes above it must not make it another mail.
HEADED = re.compile(rb"[!-9;-~]+:[^\r\n]*\r\n")


@contextmanager
def in_time() -> Iterator[None]:
    """The input costs no more than its length."""
    began = time.process_time()
    yield
    took = time.process_time() - began
    assert took < MOST_S, f"{took:.1f} s of processor time"


def query(data: bytes) -> None:
    """A query string or an urlencoded form of the wire."""
    try:
        fields = parse_urlencoded(data, MOST_FIELDS)
    except TooLarge:
        assert data.count(b"&") >= MOST_FIELDS
        return
    _are_texts(fields)
    understood = understand(fields)
    assert (understood.digest is None) == (not fields.get("api_key", "").strip())
    # However it is written, it says the same: all escaped, or written anew from what was understood.
    escaped = b"&".join(
        b"=".join(quote_from_bytes(_unescaped(part), safe="").encode() for part in pair.split(b"=", 1))
        for pair in data.split(b"&")
    )
    assert parse_urlencoded(escaped, MOST_FIELDS) == fields or not data
    assert parse_urlencoded(urlencode(fields, quote_via=quote_plus).encode(), MOST_FIELDS) == fields


def form(data: bytes) -> None:
    """Forms of the other doors: an agent's push, a request of the JSON APIs and their query strings."""
    _push(data, "application/x-www-form-urlencoded")
    for kind in (emails.NewEmail, emails.NewEmails, emails.Filter):
        text = data.decode("utf-8", "replace")
        _call(methodcaller("sent", kind), body=data, content_type=FORM)
        _call(methodcaller("asked", kind), query=text)
    _call(methodcaller("query", hooks.Page), query=data.decode("utf-8", "replace"))


def json(data: bytes) -> None:
    """JSON of agents and of the APIs, plain and packed."""
    _push(data, JSON)
    for kind in (hooks.NewHook, hooks.HookChange, hooks.Rotation):
        found = _call(methodcaller("body", kind), body=data, content_type=JSON)
        if found is not None:
            assert _call(methodcaller("body", kind), body=msgspec.json.encode(found)) == found
    for other in (emails.NewEmail, emails.NewEmails):
        found = _call(methodcaller("sent", other), body=data, content_type=JSON)
        if found is not None:
            assert _call(methodcaller("sent", other), body=msgspec.json.encode(found)) == found
    try:
        inflated = inflate(data, LONGEST)
    except (BadRequest, TooLarge):
        return
    assert len(inflated) <= LONGEST


def multipart(data: bytes) -> None:
    """A multipart form; the first line is the boundary, the rest the body."""
    boundary, _, body = data.partition(b"\n")
    content_type = f"multipart/form-data; boundary={boundary.decode('latin-1')}"
    try:
        fields = parse_multipart(body, content_type, MOST_FIELDS)
    except TooLarge:
        assert body.count(boundary) >= MOST_FIELDS
    else:
        _are_texts(fields)
        assert len(fields) <= MOST_FIELDS
        # Names with quotes or line ends cannot be written again; all others say the same once more.
        if all(name.isprintable() and '"' not in name and "\\" not in name for name in fields):
            assert (
                parse_multipart(_written(fields), "multipart/form-data; boundary=again77again", MOST_FIELDS) == fields
            )
    _push(body, content_type)


def mail(data: bytes) -> None:
    """A mail as it comes over the line, and its texts."""
    parsed = parse(data)
    for text in (parsed.message_id, parsed.author, parsed.subject, parsed.text, parsed.html):
        assert "\0" not in text
        text.encode()
    assert len(parsed.text) <= MAX_TEXT
    assert len(parsed.html) <= MAX_TEXT
    if HEADED.match(data):
        assert digest_of(b"Received: by another way\r\n" + data) == digest_of(data) == parsed.digest
    normalise(data[:400].decode("utf-8", "replace"))
    line = data.replace(b"\0", b"").replace(b"\r", b"").replace(b"\n", b"\r\n") + b"\r\n"
    stuffed = line.replace(b"\r\n.", b"\r\n..")
    stuffed = b"." + stuffed if stuffed.startswith(b".") else stuffed
    whole, rest = _received(stuffed + b".\r\nQUIT\r\n")
    assert (whole.fault, whole.content, rest) == (None, line, b"QUIT\r\n")
    _received(data)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "query": query, "form": form, "json": json, "multipart": multipart, "mail": mail,
}  # fmt: skip


def one(name: str, data: bytes) -> None:
    """Give one input to a target."""
    with in_time():
        TARGETS[name](data[:LONGEST])


def _are_texts(fields: dict[str, str]) -> None:
    for name, value in fields.items():
        assert name == name.strip(" ")
        (name + value).encode()  # no half of a surrogate pair


def _unescaped(part: bytes) -> bytes:
    return unquote_to_bytes(part.replace(b"+", b" "))


def _push(data: bytes, content_type: str) -> None:
    try:
        push = read_push(data, content_type, MOST_FIELDS)
    except (BadPush, TooLarge):
        return
    for read in (sms_of, call_of):
        try:
            message = read(push)
        except BadPush as error:
            error.reason.encode()
        else:
            assert 10_000 <= message.e164 < 10**15
            assert message.foreign_id


def _call(ask: Callable[[Call], Any], *, body: bytes = b"", query: str = "", content_type: str = "") -> Any:
    nothing: Any = None
    try:
        return ask(Call(NOBODY, nothing, 0, body, query, content_type))
    except (Refused, Refusal, Gone):
        return None


def _written(fields: dict[str, str]) -> bytes:
    parts = [
        f'--again77again\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    return ("".join(parts) + "--again77again--\r\n").encode()


_loop = asyncio.new_event_loop()


def _received(stream: bytes) -> tuple[Received, bytes]:
    async def read() -> tuple[Received, bytes]:
        reader = asyncio.StreamReader(limit=32_768)
        received = Received()
        middle = len(stream) // 2
        reading = asyncio.ensure_future(receive(reader, LONGEST * 2, Gate(Limits("x")), received))
        reader.feed_data(stream[:middle])
        await asyncio.sleep(0)
        reader.feed_data(stream[middle:])
        await asyncio.sleep(0)
        reader.feed_eof()
        try:
            await reading
        except ConnectionResetError:
            return received, b""
        return received, await reader.read()

    return _loop.run_until_complete(read())
