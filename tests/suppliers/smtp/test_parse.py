"""Reading mails: what is kept of honest ones, and that no garbage fails or takes long."""

from __future__ import annotations

import base64
import encodings
import time
from email import policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numbank.mailbox.model import Attachment
from numbank.suppliers.smtp.parse import MAX_HEADER, MAX_NOTED, digest_of, header, parse
from tests.suppliers.smtp.post import by_hand

pytestmark = pytest.mark.unit

PIECES = [
    b"Subject: ", b"From: ", b"Message-ID: ", b"\r\n", b"\r\n\r\n", b" ", b"\t", b":", b";", b"=?utf-8?b?",
    b"=?x?q?", b"?=", b"Content-Type: ", b"multipart/mixed; boundary=", b"multipart/alternative",
    b"message/rfc822", b"text/html", b"text/plain", b"; charset=", b"utf-8", b"utf-16", b"idna", b"punycode",
    b"base64", b'"', b"x", b"--x\r\n", b"--x--\r\n", b"=\r\n", b"=3D", b"Content-Transfer-Encoding: ",
    b"quoted-printable", b"uuencode", b"x-uuencode", b"8bit", b"begin 644 a\r\n", b"end\r\n",
    b"Content-Disposition: attachment; filename*0*=", b"utf-8''%ff", b"filename=", b"\xff\xfe", b"\0",
    "ключ".encode(), b"<b>", b"name*=", b"message/delivery-status", b"message/external-body", b"message/partial",
    b"*", b"'", b"(", b")", b"@", b"<", b">",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=60).map(b"".join))
def test_nothing_that_strangers_make_up_fails(content: bytes) -> None:
    parsed = parse(content)
    for text in (parsed.message_id, parsed.author, parsed.subject, parsed.text, parsed.html):
        assert "\0" not in text
        text.encode()  # no half of a surrogate pair
    for note in parsed.attachments:
        assert "\0" not in note.name + note.content_type
        (note.name + note.content_type).encode()


@given(st.binary(max_size=500))
def test_no_bytes_fail(content: bytes) -> None:
    parse(content).text.encode()
    parse(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + content).text.encode()


def test_nested_parts_are_all_read() -> None:
    inner = EmailMessage()
    inner["Subject"] = "the first mail"
    inner.set_content("inside: 222222")
    outer = EmailMessage()
    outer["Subject"] = "Fwd"
    outer["Message-ID"] = "<1@sender.example>"
    outer.set_content("above: 111111")
    outer.add_alternative("<p>above</p>", subtype="html")
    outer.make_mixed()
    outer.attach(_forwarded(inner))
    parsed = parse(outer.as_bytes(policy=policy.SMTP))
    assert parsed.text.split() == ["above:", "111111", "inside:", "222222"]
    assert parsed.html.strip() == "<p>above</p>"
    assert parsed.message_id == "<1@sender.example>"


def _forwarded(inner: EmailMessage) -> EmailMessage:
    part = EmailMessage()
    part.set_content(inner, disposition="inline")
    return part


def test_an_attached_mail_is_noted_and_not_read() -> None:
    inner = EmailMessage()
    inner.set_content("not yours: 999999")
    outer = EmailMessage()
    outer.set_content("yours: 111111")
    outer.add_attachment(inner, filename="old.eml")
    parsed = parse(outer.as_bytes(policy=policy.SMTP))
    assert "999999" not in parsed.text
    assert [(note.name, note.content_type) for note in parsed.attachments] == [("old.eml", "message/rfc822")]


def test_a_text_file_is_an_attachment() -> None:
    outer = EmailMessage()
    outer.set_content("yours: 111111")
    outer.add_attachment("terms: 222222", filename="terms.txt")
    parsed = parse(outer.as_bytes(policy=policy.SMTP))
    assert parsed.text.strip() == "yours: 111111"
    assert parsed.attachments == (Attachment("terms.txt", "text/plain", 15),)


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("=?utf-8?b?0JrQvtC0?= =?utf-8?q?_246810?=", "Код 246810"),
        ("=?koi8-r?B?68/E?=", "Код"),
        ("=?utf-8?b?not base64!?=", "=?utf-8?b?not base64!?="),
        ("=?x-unknown?q?Code_=31?=", "Code 1"),
        ("folded\r\n\tand  folded\n again", "folded and  folded again"),
        ("", ""),
    ],
)
def test_headers_are_read_as_people_read_them(raw: str, read: str) -> None:
    assert header(raw) == read


def test_raw_eight_bit_headers_are_read() -> None:
    assert parse("Subject: Ваш код\r\n\r\nx".encode()).subject == "Ваш код"
    assert parse("Subject: naïve\r\n\r\nx".encode("latin-1")).subject == "naïve"


def test_broken_base64_keeps_what_can_be_read() -> None:
    body = base64.b64encode(b"Your code is 246810").decode()
    content = by_hand("Content-Type: text/plain", "Content-Transfer-Encoding: base64", "", body[:12] + "!!" + body[12:])
    assert parse(content).text.startswith("Your code")


def test_a_multipart_without_its_boundary_is_text() -> None:
    content = by_hand("Content-Type: multipart/mixed", "", "Your code is 246810")
    assert parse(content).text.strip() == "Your code is 246810"


def test_a_mail_without_headers_is_text() -> None:
    assert "246810" in parse(b"Your code is 246810\r\n").text + parse(b"Your code is 246810\r\n").subject


def test_hops_do_not_change_the_digest_but_the_content_does() -> None:
    mail = by_hand("From: a@b.example", "Subject: x", "", "Your code is 246810")
    hops = by_hand(
        "Return-Path: <a@b.example>", "Received: from x", "\tby y", "X-Spam: no", "ARC-Seal: i=1", "Delivered-To: z"
    )
    assert digest_of(hops + mail) == digest_of(mail)
    assert digest_of(mail) != digest_of(mail.replace(b"246810", b"246811"))
    assert digest_of(mail) != digest_of(mail.replace(b"Subject: x", b"Subject: y"))
    # What only looks like a hop's header is content when it stands in the body.
    assert digest_of(mail) != digest_of(mail + b"Received: from x\r\n")


def _nested(depth: int) -> bytes:
    opened = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level) for level in range(depth)
    )
    return opened + b"Content-Type: text/plain\r\n\r\nYour code is 246810\r\n"


def test_deep_parts_are_read_as_text_and_shallow_ones_as_parts() -> None:
    assert parse(_nested(30)).text.strip() == "Your code is 246810"
    assert "246810" in parse(_nested(5_000)).text


HEADERS = b"".join(b"X-%d: y\r\n" % number for number in range(300_000))
SLOW = {
    "depth": _nested(20_000) + b"x\r\n" * 500_000,
    "parts": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 300_000,
    "headers": HEADERS + b"Subject: x\r\n\r\ny",
    "subject": b"Subject: " + b"=?a?q?" * 400_000 + b"\r\n\r\nx",
    "folds": b"Subject: x\r\n" + b" y\r\n" * 500_000 + b"\r\nx",
    "dashes": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n" + b"-" * 3_000_000,
    "type": b"Content-Type: text/plain" + b'; a="b\\"' * 300_000 + b"\r\n\r\nx",
    "names": b'Content-Disposition: attachment; filename*0="x"' + b'; filename*1="y"' * 100_000 + b"\r\n\r\nx",
    "soft breaks": b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"=\r\n" * 900_000,
    "punycode": b"Content-Type: text/plain; charset=punycode\r\n\r\n" + b"a-" * 900_000,
    "punycode in disguise": b'Content-Type: text/plain; charset="!punycode"\r\n\r\n' + b"a-" + b"9" * 3_000_000,
    "lines in depth": _nested(38) + b"-\r\n" * 1_000_000,
    "parts with parameters": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    + (b"--b\r\nContent-Type: text/plain; " + b"a=b;" * 990 + b"\r\n\r\nx\r\n") * 750,
    "one line": b"Subject: x\r\n\r\n" + b"a" * 3_000_000,
    "uuencode": b"Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 a\r\n" + b"M" * 3_000_000,
    "many files": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    + b"--b\r\nContent-Disposition: attachment; filename=a\r\n\r\nx\r\n" * 490,
}  # fmt: skip


@pytest.mark.parametrize("name", list(SLOW))
def test_nothing_that_is_made_to_be_slow_is_slow(name: str) -> None:
    began = time.process_time()
    parsed = parse(SLOW[name])
    assert time.process_time() - began < 4.0  # three million bytes each; a quadratic reading takes minutes
    assert len(parsed.subject) <= MAX_HEADER
    assert len(parsed.attachments) <= MAX_NOTED


def test_names_of_charsets_that_nobody_knows_are_not_remembered_for_ever() -> None:
    part = "--b\r\nContent-Type: text/plain; charset=q{0}\r\nContent-Disposition: attachment; filename*=x{0}''a\r\n\r\nx\r\n"
    for turn in range(20):
        parts = "".join(part.format(turn * 400 + number) for number in range(400))
        parse(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + parts.encode())
    assert len(encodings._cache) < 2_000
    assert parse(b"Content-Type: text/plain; charset=koi8-r\r\n\r\n" + "код".encode("koi8-r")).text == "код"


def test_a_head_without_end_is_cut_and_its_mail_is_kept() -> None:
    parsed = parse(b"Subject: x\r\nFrom: y@z.example\r\n" + b"X-A: b\r\n" * 100_000 + b"\r\nYour code is 246810")
    assert (parsed.subject, parsed.author) == ("x", "y@z.example")
    assert "Your code is 246810" in parsed.text
