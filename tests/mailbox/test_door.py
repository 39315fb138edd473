"""The door for mails: what is cut off, what is refused, and how much passes at once."""

from __future__ import annotations

import asyncio

import pytest

from numbank.errors import BadRequest, Refusal
from numbank.mailbox import deliver
from numbank.mailbox.deliver import MailDoor, Taken
from numbank.mailbox.model import Attachment, IncomingMail
from tests.mailbox.world import mail

pytestmark = pytest.mark.unit


class Desk:
    """A counter that serves when it is told to."""

    def __init__(self) -> None:
        self.came: list[IncomingMail] = []
        self.open = asyncio.Event()
        self.somebody = asyncio.Event()

    async def ask(self, one: IncomingMail) -> Taken | Refusal:
        self.came.append(one)
        self.somebody.set()
        await self.open.wait()
        return Taken.STORED

    async def accepting(self, recipient: tuple[str, str]) -> bool | Refusal:
        return recipient == ("abc", "mail.example")


def door(desk: Desk, most_chars: int = 1_000_000_000) -> MailDoor:
    return MailDoor(desk.ask, desk.accepting, most_chars)


async def test_what_is_too_long_for_a_line_is_cut_and_a_link_is_whole_or_none() -> None:
    desk = Desk()
    desk.open.set()
    long = "x" * 5_000
    attachments = tuple(Attachment(str(number), "text/plain", 1) for number in range(150))
    sent = mail(
        " <ABC+x@Mail.Example>", sender=long, author=long, subject=long, link=f"https://{long}", code=long,
        attachments=attachments,
    )  # fmt: skip
    assert await door(desk).take(sent) is Taken.STORED
    (kept,) = desk.came
    assert kept.recipient == "abc@mail.example"
    assert [len(one) for one in (kept.sender, kept.author, kept.subject)] == [deliver.MAX_LINE] * 3
    assert (kept.link, kept.code, len(kept.attachments)) == (None, None, deliver.MOST_ATTACHMENTS)


async def test_what_cannot_be_kept_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    desk.open.set()
    monkeypatch.setattr(deliver, "MAX_TEXT", 100)
    good = "abc@mail.example"
    for wrong in (
        mail("abc"),
        mail(good, text="x" * 101),
        mail(good, html="x" * 101),
        mail(good, bytes=-1),
        mail(good, bytes=2**31),
    ):
        assert isinstance(await door(desk).take(wrong), BadRequest)
    assert desk.came == []
    assert await door(desk).take(mail(good, text="x" * 100)) is Taken.STORED


async def test_recipients_are_asked_for_as_they_are_kept() -> None:
    desk = Desk()
    assert await door(desk).accepts("ABC+tag@MAIL.example") is True
    assert await door(desk).accepts("abd@mail.example") is False
    assert await door(desk).accepts("no address") is False


async def test_large_mails_wait_for_each_other_and_the_largest_passes_alone() -> None:
    desk = Desk()
    mails = door(desk, most_chars=100)
    texts = ["a" * 60, "b" * 60, "c" * 30, "d" * 500]
    tasks = []
    for text in texts:
        tasks.append(asyncio.create_task(mails.take(mail("abc@mail.example", text=text))))
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert sorted(one.text[0] for one in desk.came) == ["a", "c"]
    desk.open.set()
    assert await asyncio.gather(*tasks) == [Taken.STORED] * 4
    assert sorted(one.text[0] for one in desk.came) == ["a", "b", "c", "d"]
    assert await mails.take(mail("abc@mail.example", text="e" * 100)) is Taken.STORED


async def test_who_goes_away_gives_the_room_back() -> None:
    desk = Desk()
    mails = door(desk, most_chars=100)
    first = asyncio.create_task(mails.take(mail("abc@mail.example", text="a" * 100)))
    await desk.somebody.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    desk.open.set()
    assert await mails.take(mail("abc@mail.example", text="b" * 100)) is Taken.STORED


@pytest.mark.parametrize(
    ("deliver_uncertain", "code", "link", "kept_code"),
    [
        (False, None, None, None),
        (True, None, None, "59204"),
        (True, "48213", None, "48213"),
        (True, None, "https://site.example/verify", None),
    ],
)
async def test_a_guess_is_handed_out_only_if_the_bank_does_so_and_nothing_certain_is_there(
    deliver_uncertain: bool, code: str | None, link: str | None, kept_code: str | None
) -> None:
    desk = Desk()
    desk.open.set()
    handing = MailDoor(desk.ask, desk.accepting, 1_000_000_000, deliver_uncertain=deliver_uncertain)
    sent = mail("abc@mail.example", text="59204", code=code, link=link, uncertain="59204", confidence=0.5)
    assert await handing.take(sent) is Taken.STORED
    (kept,) = desk.came
    assert (kept.code, kept.link, kept.confidence) == (kept_code, link, 0.5)
