"""Honest mails to the real port of a bank: what they are, and what its customers read."""

from __future__ import annotations

import asyncio
import base64
import shutil
import smtplib
import subprocess
from collections.abc import AsyncIterator
from email import policy
from email.message import EmailMessage

import msgspec
import pytest

from numbank.mailbox.states import State
from numbank.suppliers.smtp import letters, parse
from tests.suppliers.smtp.post import HOST, Post, apart, by_hand, mail, open_post
from tests.support import until

LIMIT = 100_000
HTML = "<html><body><p>Your code is <b>246810</b></p></body></html>"


@pytest.fixture(scope="module")
async def post(dsn: str) -> AsyncIterator[Post]:
    async with open_post(dsn, smtp_bytes=LIMIT) as opened:
        yield opened


async def value_of(post: Post, content: bytes) -> str | None:
    """What the customer of a fresh mailbox gets of a mail."""
    (box,) = await post.lease()
    assert await post.send(content, box.email) == {}
    seen = await post.seen(box)
    assert seen.state is State.RECEIVED
    return seen.value


async def test_a_plain_mail_brings_its_code(post: Post) -> None:
    assert await value_of(post, mail("Your verification code is 246810.")) == "246810"


async def test_a_mail_in_html_only_brings_its_code(post: Post) -> None:
    content = by_hand("From: x@sender.example", "Subject: Hello", "Content-Type: text/html; charset=utf-8", "", HTML)
    assert await value_of(post, content) == "246810"


async def test_soft_breaks_of_quoted_printable_inside_the_code_are_no_breaks(post: Post) -> None:
    head = ("From: x@sender.example", "Subject: Hello", "Content-Type: text/plain; charset=utf-8")
    content = by_hand(
        *head, "Content-Transfer-Encoding: quoted-printable", "", "Your code is 24=", "68=", "10. Caf=C3=A9"
    )
    assert await value_of(post, content) == "246810"


async def test_base64_is_undone(post: Post) -> None:
    body = base64.encodebytes("Ваш код подтверждения: 246810".encode("koi8-r")).decode().strip()
    head = ("Subject: Hello", "Content-Type: text/plain; charset=koi8-r", "Content-Transfer-Encoding: base64")
    (box,) = await post.lease()
    await post.send(by_hand(*head, "", body), box.email)
    seen = await post.seen(box)
    assert (seen.value, seen.full_message) == ("246810", "Ваш код подтверждения: 246810")


@pytest.mark.parametrize("charset", ["utf-8", "windows-1251", "x-unknown", None])
async def test_eight_bit_text_is_read(post: Post, charset: str | None) -> None:
    body = "Ваш код: 246810".encode("cp1251" if charset == "windows-1251" else "utf-8")
    kind = [f"Content-Type: text/plain; charset={charset}", "Content-Transfer-Encoding: 8bit"] if charset else []
    (box,) = await post.lease()
    await post.send(by_hand("Subject: Привет", *kind, "", body), box.email, mail_options=["BODY=8BITMIME"])
    (kept,) = await post.kept(box.email)
    assert (kept["subject"], kept["text"].strip(), kept["code"]) == ("Привет", "Ваш код: 246810", "246810")


async def test_a_broken_charset_costs_only_its_broken_letters(post: Post) -> None:
    content = by_hand("Subject: x", "Content-Type: text/plain; charset=utf-8", "", b"Your code \xff\xfe is 246810")
    (box,) = await post.lease()
    await post.send(content, box.email)
    (kept,) = await post.kept(box.email)
    assert kept["code"] == "246810"
    assert kept["text"].startswith("Your code \ufffd")


async def test_text_and_html_are_both_kept_and_attachments_noted(post: Post) -> None:
    message = EmailMessage()
    message["From"] = "Ünï <no-reply@sender.example>"
    message["Subject"] = "Dein Bestätigungscode — läuft"
    message.set_content("Your code is 246810")
    message.add_alternative(HTML, subtype="html")
    message.add_attachment(b"%PDF-1.7 ...", maintype="application", subtype="pdf", filename="Gebühr.pdf")
    (box,) = await post.lease()
    await post.send(message.as_bytes(policy=policy.SMTP), box.email, sender="bounce+x@sender.example")
    (kept,) = await post.kept(box.email)
    assert kept["text"].strip() == "Your code is 246810"
    assert kept["html"].strip() == HTML
    assert kept["subject"] == "Dein Bestätigungscode — läuft"
    assert (kept["author"], kept["sender"]) == ("Ünï <no-reply@sender.example>", "bounce+x@sender.example")
    noted = msgspec.json.decode(kept["attachments"])
    assert noted == [{"name": "Gebühr.pdf", "content_type": "application/pdf", "bytes": 12}]


async def test_a_bounce_has_no_sender(post: Post) -> None:
    (box,) = await post.lease()
    assert await post.send(mail(), box.email, sender="") == {}
    assert [one["sender"] for one in await post.kept(box.email)] == [""]


async def test_case_and_plus_addresses_find_the_mailbox(post: Post) -> None:
    (box,) = await post.lease()
    local, domain = box.email.split("@")
    assert await post.send(mail(), f"{local.upper()}+News@{domain.upper()}") == {}
    assert (await post.seen(box)).value == "246810"


async def test_just_under_the_size_limit_is_kept_and_just_over_is_not(post: Post) -> None:
    (box,) = await post.lease()
    head = b"Subject: big\r\n\r\nYour code is 246810\r\n"
    rest = LIMIT - len(head) - 2
    under = head + b"x" * rest + b"\r\n"
    assert len(under) == LIMIT
    assert await post.send(under, box.email) == {}
    with pytest.raises(smtplib.SMTPSenderRefused) as declared:
        await post.send(b"y" + under, box.email)
    assert declared.value.smtp_code == 552
    (kept,) = await post.kept(box.email)
    assert (kept["bytes"], kept["code"]) == (LIMIT, "246810")


async def test_one_that_hides_its_size_is_refused_after_data(post: Post) -> None:
    (box,) = await post.lease()

    def talk() -> tuple[str, str]:
        line = post.raw()
        line.begin(box.email)
        line.send(b"x" * LIMIT + b"\r\n.\r\n")
        return line.reply(), line.ask("NOOP")

    refused, after = await apart(talk)
    assert refused.startswith("552 ")
    assert after.startswith("250 ")  # its end was found: the connection goes on
    assert await post.kept(box.email) == []


async def test_one_that_never_ends_is_cut_off(post: Post) -> None:
    (box,) = await post.lease()

    def talk() -> list[str]:
        line = post.raw()
        line.begin(box.email)
        try:
            for _ in range(100):
                line.send(b"y" * LIMIT)
        except ConnectionError:
            return ["reset"]
        return line.rest()

    said = await apart(talk)
    assert said[0][:4] in ("552 ", "rese")
    assert await post.kept(box.email) == []


async def test_leading_dots_are_unstuffed(post: Post) -> None:
    (box,) = await post.lease()
    await post.send(by_hand("Subject: x", "", ".", "..", ".hidden", "Your code is 246810"), box.email)
    (kept,) = await post.kept(box.email)
    assert kept["text"].splitlines() == [".", "..", ".hidden", "Your code is 246810"]


async def test_one_mail_to_several_recipients_is_kept_for_each(post: Post) -> None:
    boxes = await post.lease(3)
    assert await post.send(mail(), *(box.email for box in boxes)) == {}
    assert [(await post.seen(box)).value for box in boxes] == ["246810"] * 3


async def test_a_hundred_recipients_and_no_more(post: Post) -> None:
    boxes = [box for _ in range(11) for box in await post.lease(10)][:101]
    refused = await post.send(mail(), *(box.email for box in boxes))
    assert {email: code for email, (code, _) in refused.items()} == {boxes[100].email: 452}
    assert len([box for box in boxes if (await post.seen(box)).value]) == 100


async def test_a_mail_that_is_sent_again_is_kept_once(post: Post) -> None:
    (box,) = await post.lease()
    content = mail()
    await post.send(b"Received: from a by b\r\n\tfor c; today\r\n" + content, box.email)
    await post.send(b"Received: from d by e; tomorrow\r\nX-Hop: 2\r\n" + content, box.email)
    assert len(await post.kept(box.email)) == 1


async def test_the_same_text_in_another_mail_is_another_mail(post: Post) -> None:
    (box,) = await post.lease()
    await post.send(mail(), box.email)
    await post.send(mail(), box.email)
    assert len(await post.kept(box.email)) == 2


async def test_unknown_addresses_and_foreign_domains_are_refused(post: Post) -> None:
    def talk() -> list[str]:
        line = post.raw()
        line.ask("EHLO client.example")
        line.ask("MAIL FROM:<a@sender.example>")
        wanted = ("nobody@box.test", "somebody@elsewhere.example", "x@[127.0.0.1]", "root", "a@b@box.test")
        return [line.ask(f"RCPT TO:<{address}>") for address in wanted]

    said = await apart(talk)
    assert said[0].startswith("550 5.1.1 ")
    assert said[1].startswith("550 5.7.1 ")
    assert all(one.startswith("55") for one in said[2:])


async def test_a_resting_address_takes_mail_for_nobody(post: Post) -> None:
    (box,) = await post.lease()
    await post.shop.connection.execute("update mailbox set due_at = now() where id = $1", box.id)

    async def over() -> bool:
        return (await post.seen(box)).state is State.CANCELLED

    await until(over)
    assert await post.send(mail(), box.email) == {}
    (kept,) = await post.kept(box.email)
    assert kept["mailbox_id"] is None
    assert (await post.seen(box)).value is None


async def test_sixty_four_clients_at_once(post: Post) -> None:
    boxes = [box for _ in range(7) for box in await post.lease(10)][:64]

    async def one(email: str) -> object:
        return await post.send(mail(), email)

    # 50 connections of one address are allowed; the others are told to come again, as mail servers do.
    answers = await asyncio.gather(*(one(box.email) for box in boxes[:50]))
    assert answers == [{}] * 50


@pytest.mark.skipif(shutil.which("swaks") is None, reason="swaks is not installed on this machine")
async def test_swaks_delivers(post: Post) -> None:
    (box,) = await post.lease()
    done = await apart(
        lambda: subprocess.run(
            ["swaks", "--server", f"{HOST}:{post.port}", "--from", "a@sender.example", "--to", box.email,
             "--h-Subject", "Your code", "--body", "Your code is 246810"],
            capture_output=True, text=True, timeout=60, check=False,
        )
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert (await post.seen(box)).value == "246810"


async def test_what_is_kept_of_a_huge_text_is_bounded(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parse, "MAX_TEXT", 1_000)
    (box,) = await post.lease()
    await post.send(mail("Your code is 246810\n" + "word " * 5_000), box.email)
    (kept,) = await post.kept(box.email)
    assert (len(kept["text"]), kept["code"]) == (999, "246810")  # of 1,000 characters the last is a blank


async def test_a_mail_that_trips_the_reader_is_kept_without_a_code(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    crashed: list[Exception] = []
    monkeypatch.setattr(letters, "read_mail_and_text", broken)
    monkeypatch.setattr(post.app.bank.mail.letters, "_crashed", crashed.append)
    (box,) = await post.lease()
    assert await post.send(mail("Your code is 246810"), box.email) == {}
    seen = await post.seen(box)
    assert (seen.value, seen.full_message) == (None, "Your code is 246810")
    assert [str(error) for error in crashed] == ["a bug"]
