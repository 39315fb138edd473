"""What fuzzing begins with: the requests behind our golden files, mails as services write them, what was found before."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlencode

import msgspec

from tests.codes.mail import cases_mail
from tests.wire.golden_cases import ALL

FINDINGS = Path(__file__).parent / "findings"
PUSHES = (
    b'{"smsId":5,"phone":79161234567,"phoneFrom":"Google","text":"code 1234"}',
    b'{"action":"PUSH_SMS","key":"k","smsId":"5","phone":"+7 (916) 123-45-67","phoneFrom":"Google","text":"code","x":[1]}',
    b'{"action":"PUSH_CALL","key":"k","callId":5.0,"phone":7.9161234567e10,"phoneFrom":"1","transcript":"4 8",'
    b'"language":"en","recordingUrl":"https://a.example/1"}',
    b'{"url":"https://a.example/hook","enabled":true}', b'{"overlapS":60}',
    b'{"site":"a.example","mailDomain":"mail.example","currency":840,"count":2}',
)  # fmt: skip
FORMS = (
    b"smsId=5&phone=%2B79161234567&phoneFrom=Google&text=code+1234&key=k&action=PUSH_SMS",
    b"site=a.example&mailDomain=mail.example&currency=840&count=2",
    b"search=a&size=10&page=1&sort[id]=asc&status[id][]=3,4&from=2026-11-22&to=2026-11-23T00:00:00Z&currency=840",
    b"limit=10&before=100",
)
MAILS = 40


def seeds(target: str) -> list[bytes]:
    """Where to begin."""
    makers = {"query": _queries, "form": _forms, "json": _jsons, "multipart": _multiparts, "mail": _mails}
    return sorted(set(makers[target]()))


def findings(target: str) -> dict[str, bytes]:
    """What was found before, by its file's name."""
    return {path.name: path.read_bytes() for path in sorted((FINDINGS / target).glob("*"))}


def _fields() -> Iterator[dict[str, str]]:
    for (_, action), cases in ALL.items():
        for case in cases.values():
            if case is not None:
                yield {"api_key": "0" * 32, "action": action} | case.params


def _queries() -> Iterator[bytes]:
    for fields in _fields():
        yield urlencode(fields).encode()
    yield from (
        b"&&&==&=&a&action=getStatus&id=%zz",
        b"action=x&action%20=getBalance",
        b"id[]=1&id=%FF%FE%00",
        b"\xff\xfe\0",
    )


def _forms() -> Iterator[bytes]:
    yield from FORMS


def _jsons() -> Iterator[bytes]:
    yield from PUSHES
    for fields in _fields():
        yield msgspec.json.encode(fields)


def _multiparts() -> Iterator[bytes]:
    part = '--x\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    for fields in _fields():
        yield ("x\n" + "".join(part.format(*field) for field in fields.items()) + "--x--\r\n").encode()
    head = 'Content-Disposition: form-data; name="text"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\n'
    yield f"x\n--x\r\n{head}1\r\n--x--\r\n".encode()


def _mails() -> Iterator[bytes]:
    cases = [mail for mail in vars(cases_mail).values() if isinstance(mail, (list, tuple))]
    mails = [mail for group in cases for mail in group if isinstance(mail, cases_mail.Mail)]
    for mail in mails[:MAILS]:
        message = EmailMessage()
        message["Subject"], message["From"], message["Message-ID"] = mail.subject, mail.sender, "<1@sender.example>"
        message.set_content(mail.text or "")
        if mail.html:
            message.add_alternative(mail.html, subtype="html")
        yield message.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    yield b"Subject: =?utf-8?b?0LrQu9GO0Yc=?=\r\nContent-Type: text/plain; charset=koi8-r\r\n\r\n\xcb\xcc"
