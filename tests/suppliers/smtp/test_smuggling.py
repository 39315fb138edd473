"""Whatever is sent as one mail is at most one mail: every variant of a second one inside it is refused as a whole."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.suppliers.smtp.post import Line, Post, apart, mail, open_post

# What some server somewhere takes for the end of a mail; only CR LF . CR LF is one.
ENDS = {
    "LF . LF": b"\n.\n",
    "LF . CR LF": b"\n.\r\n",
    "CR LF . LF": b"\r\n.\n",
    "CR . CR": b"\r.\r",
    "CR . CR LF": b"\r.\r\n",
    "CR LF . CR": b"\r\n.\r",
    "CR . LF": b"\r.\n",
    "CR LF . CR CR LF": b"\r\n.\r\r\n",
    "CR CR LF . CR LF": b"\r\r\n.\r\n",
    "LF CR . CR LF": b"\n\r.\r\n",
    "CR LF NUL . CR LF": b"\r\n\0.\r\n",
    "CR LF . NUL CR LF": b"\r\n.\0\r\n",
}
FIRST = b"Subject: the first\r\n\r\nharmless"


@pytest.fixture(scope="module")
async def post(dsn: str) -> AsyncIterator[Post]:
    async with open_post(dsn) as opened:
        yield opened


def second(email: str) -> bytes:
    """The mail that somebody wants to bring in, with its envelope."""
    return (
        b"MAIL FROM:<boss@bank.example>\r\nRCPT TO:<" + email.encode() + b">\r\nDATA\r\n"
        b"Subject: smuggled\r\n\r\nYour code is 666999\r\n.\r\nQUIT\r\n"
    )  # fmt: skip


@pytest.mark.parametrize("name", list(ENDS))
@pytest.mark.parametrize("lmtp", [False, True], ids=["smtp", "lmtp"])
async def test_no_second_mail_comes_in(post: Post, name: str, lmtp: bool) -> None:
    (box,) = await post.lease()
    before = await post.everything()

    def attack() -> list[str]:
        line = post.raw(lmtp=lmtp)
        line.begin(box.email, hello="LHLO" if lmtp else "EHLO")
        line.send(FIRST + ENDS[name] + second(box.email))
        return line.rest()

    said = await apart(attack)
    assert said == ["554 5.6.0 a line ends with CR LF only, and holds no NUL; goodbye"]
    assert await post.everything() == before


async def test_the_true_end_ends_a_mail_also_when_more_commands_follow_at_once(post: Post) -> None:
    (box,) = await post.lease()

    def pipelined() -> list[str]:
        line = post.raw()
        line.begin(box.email)
        line.send(FIRST + b"\r\n.\r\n" + second(box.email))
        return line.rest()

    said = await apart(pipelined)
    assert [one[:3] for one in said] == ["250", "250", "250", "354", "250", "221"]
    assert [one["subject"] for one in await post.kept(box.email)] == ["the first", "smuggled"]


async def test_an_end_in_pieces_is_an_end(post: Post) -> None:
    (box,) = await post.lease()

    def in_pieces() -> str:
        line = post.raw()
        line.begin(box.email)
        for byte in FIRST + b"\r\n.\r\n":
            line.send(bytes([byte]))
        return line.reply()

    assert (await apart(in_pieces)).startswith("250 ")
    assert len(await post.kept(box.email)) == 1


async def test_a_dot_in_a_long_line_is_no_end(post: Post) -> None:
    (box,) = await post.lease()

    def long_lines() -> str:
        line = post.raw()
        line.begin(box.email)
        # However the stream is cut, `.` is not at the beginning of a line.
        line.send(b"Subject: x\r\n\r\n" + b"".join(b"y" * size + b".\r\n" for size in range(32_760, 32_775)) + b".\r\n")
        return line.reply()

    assert (await apart(long_lines)).startswith("250 ")
    (kept,) = await post.kept(box.email)
    assert [len(one) for one in kept["text"].splitlines()] == [size + 1 for size in range(32_760, 32_775)]


async def test_an_empty_mail_is_a_mail(post: Post) -> None:
    (box,) = await post.lease()

    def empty() -> str:
        line = post.raw()
        line.begin(box.email)
        line.send(b".\r\n")
        return line.reply()

    assert (await apart(empty)).startswith("250 ")
    assert [one["text"] for one in await post.kept(box.email)] == [""]


async def test_nothing_after_quit_is_looked_at(post: Post) -> None:
    (box,) = await post.lease()

    def after_quit() -> list[str]:
        line = post.raw()
        line.ask("EHLO x")
        line.send(b"QUIT\r\n" + second(box.email))
        return line.rest()

    assert [one[:3] for one in await apart(after_quit) if one != "reset"] == ["221"]
    assert await post.kept(box.email) == []


async def test_commands_out_of_order_are_refused(post: Post) -> None:
    (box,) = await post.lease()

    def talk() -> list[str]:
        line = post.raw()
        return [
            line.ask(command)
            for command in (
                "MAIL FROM:<a@b.example>", "DATA", "EHLO x", "RCPT TO:<a@box.test>", "DATA", "MAIL FROM:<a@b.example>",
                "DATA",
                "MAIL FROM:<c@d.example>", "BDAT 10 LAST", "AUTH PLAIN AGEAYg==", "VRFY root", f"VRFY {box.email}",
                "EXPN staff", "HELP", "x" * 2_000, "EHLO " + "y" * 40_000,
            )
        ]  # fmt: skip

    said = [one[:3] for one in await apart(talk)]
    assert said == [
        "503",
        "503",
        "250",
        "503",
        "503",
        "250",
        "503",
        "503",
        "500",
        "502",
        "252",
        "252",
        "502",
        "214",
        "500",
        "500",
    ]


async def test_addresses_that_cannot_be_are_refused_and_are_no_bug(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    crashed: list[Exception] = []
    monkeypatch.setattr(post.app.bank.mail.house.watch, "crashed", crashed.append)
    odd = (
        "<",
        "<>>",
        '<"',
        "<@",
        "<a@[",
        "(",
        "<a@b.example",
        "\\",
        "<;:@,>",
        "<(((((((((",
        "a b",
        "<\udcff@b.example>",
        "é@ü",
    )

    def talk() -> list[str]:
        line = post.raw()
        line.ask("EHLO x")
        said = []
        for address in odd:
            for command in ("MAIL FROM", "RCPT TO"):
                line.send(f"{command}:{address}\r\n".encode("utf-8", "surrogateescape"))
                said.append(line.reply())
                if command == "MAIL FROM" and said[-1].startswith("250"):
                    line.ask("RSET")
        return said

    said = await apart(talk)
    assert all(one[:1] == "5" or one.startswith("250 2.1.0") for one in said), said
    assert crashed == []


async def test_what_is_offered(post: Post) -> None:
    def talk() -> tuple[list[str], list[str], str]:
        line = post.raw()
        line.send(b"EHLO x\r\n")
        smtp = [line._file.readline().decode().strip() for _ in range(6)]
        local = post.raw(lmtp=True)
        refused = local.ask("EHLO x")
        local.send(b"LHLO x\r\n")
        return smtp, [local._file.readline().decode().strip() for _ in range(6)], refused

    smtp, lmtp, refused = await apart(talk)
    offered = [
        "250-mx.box.test", "250-SIZE 10485760", "250-8BITMIME", "250-SMTPUTF8", "250-PIPELINING", "250 ENHANCEDSTATUSCODES",
    ]  # fmt: skip
    assert smtp == offered
    assert lmtp == offered
    assert refused.startswith("500 ")


async def test_lmtp_answers_for_every_recipient(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    boxes = await post.lease(3)
    emails = [box.email for box in boxes]
    # One address is gone between RCPT and the end of the mail: only its own reply says so.
    local = emails[1].partition("@")[0]

    def talk() -> list[str]:
        line = post.raw(lmtp=True)
        line.begin(emails[0], emails[1], emails[2], emails[0], hello="LHLO")
        line.send(mail())
        return _after(line)

    def _after(line: Line) -> list[str]:
        line.send(b".\r\n")
        said = [line.reply() for _ in range(4)]
        return [*said, line.ask("NOOP")]

    take = post.app.bank.mail.letters._door.take

    async def lost(incoming: object) -> object:
        from numbank.errors import NotFound, Unavailable

        recipient = incoming.recipient  # type: ignore[attr-defined]
        if recipient.startswith(local):
            return NotFound()
        return Unavailable() if recipient == emails[2] else await take(incoming)  # type: ignore[arg-type]

    monkeypatch.setattr(post.app.bank.mail.letters._door, "take", lost)
    said = await apart(talk)
    assert [one[:9] for one in said] == ["250 2.0.0", "550 5.1.1", "451 4.3.0", "250 2.0.0", "250 OK"]
    assert [len(await post.kept(email)) for email in emails] == [1, 0, 0]


async def test_lmtp_without_a_good_recipient_takes_no_data(post: Post) -> None:
    def talk() -> list[str]:
        line = post.raw(lmtp=True)
        return [line.ask(one) for one in ("LHLO x", "MAIL FROM:<>", "RCPT TO:<nobody@box.test>", "DATA")]

    assert [one[:3] for one in await apart(talk)] == ["250", "250", "550", "503"]
