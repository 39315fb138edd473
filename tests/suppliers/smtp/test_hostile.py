"""Clients that mean harm: floods, lies about sizes, odd options, mails made to be read often."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from numbank.codes.mail import html_text
from tests.suppliers.smtp.post import Post, apart, by_hand, mail, open_post


@pytest.fixture(scope="module")
async def post(dsn: str) -> AsyncIterator[Post]:
    async with open_post(dsn) as opened:
        yield opened


@pytest.fixture
def crashed(post: Post, monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    """The bugs that the server tells of."""
    found: list[Exception] = []
    monkeypatch.setattr(post.app.bank.mail.house.watch, "crashed", found.append)
    return found


async def test_options_that_are_made_up_are_refused_and_are_no_bug(post: Post, crashed: list[Exception]) -> None:
    options = (
        "SIZE=²", "SIZE=٣", "SIZE=" + "9" * 400, "SIZE", "SIZE=-1", "SIZE=1e3", "BODY=BINARYMIME", "É=1", "=", "AUTH=<>",
    )  # fmt: skip

    def talk() -> list[str]:
        line = post.raw()
        line.ask("EHLO x")
        return [line.ask(f"MAIL FROM:<a@b.example> {option}") for option in options]

    said = await apart(talk)
    assert [one[:1] for one in said] == ["5"] * len(options), said
    assert crashed == []


async def test_greeting_again_and_again_makes_no_longer_commands_possible(post: Post) -> None:
    def talk() -> str:
        line = post.raw()
        for _ in range(100):
            line.ask("EHLO x")
        return line.ask(f"MAIL FROM:<{'a' * 600}@b.example>")

    assert (await apart(talk)).startswith("500 ")


async def test_a_flood_of_commands_holds_nobody_up(post: Post) -> None:
    async def longest_wait() -> float:
        longest = 0.0
        while not flooded.done():
            before = time.perf_counter()
            await asyncio.sleep(0)
            longest = max(longest, time.perf_counter() - before)
        return longest

    def flood() -> str:
        line = post.raw()
        line.ask("EHLO x")
        line.send(b"\r\n" * 20_000 + b"RSET\r\n" * 5_000 + b"QUIT\r\n")
        return line.rest()[-1]

    flooded = asyncio.create_task(apart(flood))
    longest = await longest_wait()
    assert (await flooded).startswith("221 ")
    assert longest < 0.15  # the whole flood is half a second's work


async def test_a_bug_is_told_to_every_recipient_of_lmtp(
    post: Post, crashed: list[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    boxes = await post.lease(3)

    async def broken(_incoming: object) -> object:
        raise ValueError("secret")

    def talk() -> list[str]:
        line = post.raw(lmtp=True)
        line.begin(*(box.email for box in boxes), hello="LHLO")
        line.send(mail() + b".\r\n")
        return [*(line.reply() for _ in boxes), line.ask("NOOP"), line.ask("DATA")]

    monkeypatch.setattr(post.app.bank.mail.letters._door, "take", broken)
    said = await apart(talk)
    assert [one[:3] for one in said] == ["451", "451", "451", "250", "503"]
    assert [type(error) for error in crashed] == [ValueError]


async def test_a_mail_without_visible_text_is_read_once_for_all_its_recipients(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    boxes = await post.lease(10)
    read: list[int] = []
    plainly = html_text.LexborHTMLParser  # type: ignore[attr-defined]

    def counted(html: str) -> object:
        read.append(len(html))
        return plainly(html)

    monkeypatch.setattr(html_text, "LexborHTMLParser", counted)
    content = by_hand("Content-Type: text/html", "", "<img src=x>" * 3_000)
    assert await post.send(content, *(box.email for box in boxes)) == {}
    assert len(read) == 1


async def test_odd_recipients_find_their_mailbox_or_nothing(post: Post, crashed: list[Exception]) -> None:
    (box,) = await post.lease()
    local = box.email.partition("@")[0]
    takes = (
        f"<@a.example,@b.example:{local}@box.test>", f'<"{local}"@box.test>', f"<{local}+x@BOX.TEST>",
        f"<{local.upper()}@box.test>",
    )  # fmt: skip
    refuses = (
        f"<{local}%box.test@relay.example>", f"<relay.example!{local}@box.test>", f'<"{local}@box.test"@relay.example>',
        f'<"{local}@box.test">', f"<{local}@[127.0.0.1]>", f"<{local}@[IPv6:::1]>", f"<{local}@box.test@relay.example>",
        f"<{local}>", "<>", "<postmaster>", f"<{local}@box.test\0>", f"<{local}@box.test\rx>", f"<{local}@bоx.test>",
        f"<{local}%relay.example@box.test>", f"<{local}@>", "<@box.test>", f"<{local}@box.test>x",
        f"<{local}@box.test> NOTIFY=NEVER",
    )  # fmt: skip

    def talk() -> tuple[list[str], list[str]]:
        line = post.raw()
        line.ask("EHLO x")
        line.ask("MAIL FROM:<>")
        return [line.ask(f"RCPT TO:{one}")[:3] for one in takes], [line.ask(f"RCPT TO:{one}")[:1] for one in refuses]

    taken, refused = await apart(talk)
    assert taken == ["250"] * len(takes)
    assert refused == ["5"] * len(refuses)
    assert crashed == []


async def test_nothing_after_too_many_made_up_commands_is_looked_at(post: Post) -> None:
    (box,) = await post.lease()
    session = f"EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<{box.email}>\r\nDATA\r\nSubject: x\r\n\r\nhi\r\n.\r\n"

    def talk() -> list[str]:
        line = post.raw()
        line.send(b"EHLO x\r\n" + b"BDAT 1\r\n" * 40 + session.encode() + b"QUIT\r\n")
        return line.rest()

    said = await apart(talk)
    assert not [one for one in said if one.startswith(("250 2", "354"))], said
    assert await post.kept(box.email) == []


async def test_a_whole_session_in_one_piece_is_served_in_order(post: Post) -> None:
    (box,) = await post.lease()
    one = f"MAIL FROM:<a@b.example>\r\nRCPT TO:<{box.email}>\r\nRCPT TO:<nobody@box.test>\r\nDATA\r\n".encode()

    def talk() -> list[str]:
        line = post.raw()
        mails = b"".join(one + mail(subject=f"mail {turn}") + b".\r\n" for turn in range(3))
        twice = b"MAIL FROM:<a@b.example>\r\nMAIL FROM:<c@d.example>\r\nRSET\r\nRCPT TO:<a@box.test>\r\nDATA\r\n"
        line.send(b"EHLO x\r\n" + mails + b"RCPT TO:<a@box.test>\r\n" + twice + b"QUIT\r\nMAIL FROM:<a@b.example>\r\n")
        return line.rest()

    said = [one[:3] for one in await apart(talk) if one != "reset"]
    assert said == ["250", *["250", "250", "550", "354", "250"] * 3, "503", "250", "503", "250", "503", "503", "221"]
    assert [kept["subject"] for kept in await post.kept(box.email)] == ["mail 0", "mail 1", "mail 2"]


async def test_commands_end_with_cr_lf_and_hold_neither_cr_nor_nul(post: Post) -> None:
    (box,) = await post.lease()

    def talk(command: bytes) -> str:
        line = post.raw()
        line.ask("EHLO x")
        line.send(command)
        said = line.reply()
        line.close()
        return said

    for command in (b"MAIL FROM:<a@b.example>\n", b"MAIL FROM:<a@b.example>\r\r\n", b"MAIL FROM:<a\0b@c.example>\r\n",
                    b"NOOP\rNOOP\r\n", b"\0NOOP\r\n", b"MAIL FROM:<a@b.example>\nRCPT TO:<x@box.test>\r\n"):  # fmt: skip
        assert (await apart(lambda command=command: talk(command))).startswith("500 "), command  # type: ignore[misc]
    assert await post.kept(box.email) == []
