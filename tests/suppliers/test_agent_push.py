"""What agents' software sends is read leniently, and what cannot be read gets a clear reason (supply.md 1.4)."""

from __future__ import annotations

import gzip
import zlib

import pytest

from numbank.errors import BadRequest, TooLarge
from numbank.masking import masked
from numbank.suppliers.agent.body import MAX_MEMBERS, inflate
from numbank.suppliers.agent.push import BadPush, Message, read_push, sms_of

pytestmark = pytest.mark.unit

JSON = "application/json"
GOOD = Message("5", 79161234567, "Google", "code 1234")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"smsId":5,"phone":79161234567,"phoneFrom":"Google","text":"code 1234"}', JSON),
        (b'{"smsId":"5","phone":"79161234567","phoneFrom":"Google","text":"code 1234"}', JSON),
        (b'{"smsId":"5","phone":"+7 (916) 123-45-67","phoneFrom":"Google","text":"code 1234"}', JSON),
        (b'{"smsId":5.0,"phone":7.9161234567e10,"phoneFrom":"Google","text":"code 1234"}', JSON),
        (b'{"smsId":5,"phone":"0079161234567","phoneFrom":"Google","text":"code 1234"}', ""),
        (b'\xef\xbb\xbf {"smsId":5,"phone":79161234567,"phoneFrom":"Google","text":"code 1234"}\r\n', ""),
        (
            b'{"action":"PUSH_SMS","key":"k","smsId":5,"phone":79161234567,"phoneFrom":"Google","text":"code 1234","x":[1]}',
            JSON,
        ),
        (b"smsId=5&phone=79161234567&phoneFrom=Google&text=code+1234", "application/x-www-form-urlencoded"),
        (b"smsId=5&phone=%2B79161234567&phoneFrom=Google&text=code%201234", ""),
        # curl -d sends JSON under the type of forms
        (
            b'{"smsId":5,"phone":79161234567,"phoneFrom":"Google","text":"code 1234"}',
            "application/x-www-form-urlencoded",
        ),
        (
            b'--x\r\ncontent-disposition: form-data; name="smsId"\r\n\r\n5\r\n'
            b'--x\r\ncontent-disposition: form-data; name="phone"\r\n\r\n79161234567\r\n'
            b'--x\r\ncontent-disposition: form-data; name="phoneFrom"\r\n\r\nGoogle\r\n'
            b'--x\r\ncontent-disposition: form-data; name="text"\r\n\r\ncode 1234\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
    ],
)
def test_every_way_to_write_the_same_message(body: bytes, content_type: str) -> None:
    assert sms_of(read_push(body, content_type, 100)) == GOOD


def test_a_bare_code_as_a_number_is_a_text_and_a_sender_may_be_missing() -> None:
    sms = sms_of(read_push(b'{"smsId":"a7-uuid","phone":79161234567,"text":482913}', JSON, 100))
    assert sms == Message("a7-uuid", 79161234567, "", "482913")


def test_an_empty_text_is_a_message_too() -> None:
    assert sms_of(read_push(b'{"smsId":1,"phone":79161234567,"text":""}', JSON, 100)).text == ""


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "neither JSON nor a form"),
        (b"hello", "neither JSON nor a form"),
        (b"{", "neither JSON nor a form"),
        (b"null", "Expected `object`"),
        (b"[]", "Expected `object`"),
        (b"[" * 100_000, "Expected `object`"),
        (b'{"x":' * 100_000, "neither JSON nor a form"),
        (b'{"text":"a\0b"}', "neither JSON nor a form"),
        (b'{"text":"\xff"}', "not UTF-8"),
        (b'{"text":"\\ud800"}', "neither JSON nor a form"),
        (b'{"text":"\xed\xa0\x80"}', "not UTF-8"),
        (b"\xff\xfe=", "not UTF-8"),
        (b'{"text":["a"]}', "`$.text`"),
        (b'{"key":{"a":1}}', "`$.key`"),
        (b'{"smsId":true}', "`$.smsId`"),
        (b'{"smsId":' + b"9" * 9_999 + b"}", "out of range"),
        (b'{"smsId":1e999}', "out of range"),
        (b'{"action":1}', "`$.action`"),
        (b"&".join(b"a%d=1" % number for number in range(500)), "too many fields"),
    ],
)
def test_a_body_that_cannot_be_read(body: bytes, reason: str) -> None:
    with pytest.raises(BadPush) as caught:
        read_push(body, JSON, 100)
    assert reason in caught.value.reason


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=y",
        "MULTIPART/form-data;=;",
    ],
)
def test_a_multipart_body_that_cannot_be_read(content_type: str) -> None:
    with pytest.raises(BadPush):
        sms_of(read_push(b"--x\r\nbroken", content_type, 100))


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ('"phone":79161234567,"text":"a"', "smsId is missing"),
        ('"smsId":null,"phone":79161234567,"text":"a"', "smsId is missing"),
        ('"smsId":"  ","phone":79161234567,"text":"a"', "smsId is missing"),
        ('"smsId":1.5,"phone":79161234567,"text":"a"', "smsId is not a whole number"),
        ('"smsId":1e17,"phone":79161234567,"text":"a"', "smsId is not a whole number"),
        (f'"smsId":"{"9" * 256}","phone":79161234567,"text":"a"', "smsId is too long"),
        (f'"smsId":{"9" * 300},"phone":79161234567,"text":"a"', "smsId is too long"),
        ('"smsId":1,"phone":79161234567', "text is missing"),
        ('"smsId":1,"phone":79161234567,"text":null', "text is missing"),
        ('"smsId":1,"text":"a"', "phone is missing"),
        ('"smsId":1,"text":"a","phone":""', "phone is missing"),
        ('"smsId":1,"text":"a","phone":"+"', "country code"),
        ('"smsId":1,"text":"a","phone":0', "country code"),
        ('"smsId":1,"text":"a","phone":-79161234567', "phone"),
        ('"smsId":1,"text":"a","phone":1234', "country code"),
        ('"smsId":1,"text":"a","phone":"7916123456\\u0000"', "country code"),
        ('"smsId":1,"text":"a","phone":"٧٩١٦١٢٣٤٥٦٧"', "country code"),
        ('"smsId":1,"text":"a","phone":"abc"', "country code"),
        (f'"smsId":1,"text":"a","phone":{"9" * 16}', "phone is too long"),
        (f'"smsId":1,"text":"a","phone":{"9" * 400}', "phone is too long"),
        (f'"smsId":1,"phone":79161234567,"text":"a","phoneFrom":"{"s" * 256}"', "phoneFrom is too long"),
        (f'"smsId":1,"phone":79161234567,"text":"{"t" * 65_537}"', "text is too long"),
    ],
)
def test_a_message_that_lacks_something(members: str, reason: str) -> None:
    with pytest.raises(BadPush) as caught:
        sms_of(read_push(f"{{{members}}}".encode(), JSON, 100))
    assert reason in caught.value.reason


def test_gzip_of_several_members_and_with_padding() -> None:
    assert inflate(gzip.compress(b"one", mtime=0) + gzip.compress(b" two", mtime=0) + b"\0\0", 7) == b"one two"


def test_gzip_is_read_to_its_limit_and_not_further() -> None:
    assert inflate(gzip.compress(b"a" * 1000, mtime=0), 1000) == b"a" * 1000
    for bomb in (
        gzip.compress(b"a" * 1001, mtime=0),
        gzip.compress(b"a" * 600, mtime=0) + gzip.compress(b"a" * 600, mtime=0),
        gzip.compress(b"\0" * 50_000_000, mtime=0),
        gzip.compress(b"", mtime=0) * (MAX_MEMBERS + 1),
        gzip.compress(b"", mtime=0) * 50_000,
    ):
        with pytest.raises(TooLarge):
            inflate(bomb, 1000)


def test_damaged_gzip_is_refused() -> None:
    whole = gzip.compress(b"message " * 50, mtime=0)
    broken = bytearray(whole)
    broken[-6] ^= 1
    for body in (whole[:-1], whole[:5], whole + b"rubbish", bytes(broken), b"\x1f\x8b", zlib.compress(b"a")):
        with pytest.raises(BadRequest):
            inflate(body, 10_000)


def test_a_masked_number_shows_neither_its_middle_nor_all_of_a_short_one() -> None:
    assert masked(79161234567) == "7916*****67"
    assert masked(12345) == "***45"
