"""Codes of mails that are only likely, from the port to the customer; and mails that name another site."""

from __future__ import annotations

import pytest

from numbank.codes.decide import POSSIBLE, THRESHOLD
from numbank.codes.mail import read_mail
from numbank.mailbox.states import State
from tests.suppliers.smtp.post import mail, open_post

GUESS = "Hello Ann 59204"


@pytest.mark.parametrize(("setting", "value"), [("withhold", None), ("deliver", "59204")])
async def test_a_guess_is_withheld_or_handed_out_and_its_text_can_be_read(
    dsn: str, setting: str, value: str | None
) -> None:
    if read_mail("Hello", GUESS, None, "a@sender.example").uncertain != "59204":
        pytest.fail("this mail has no uncertain code any more: write one")
    async with open_post(dsn, uncertain_codes=setting) as post:
        (box,) = await post.lease()
        assert await post.send(mail(GUESS), box.email) == {}
        seen = await post.seen(box)
        assert (seen.state, seen.value, (seen.full_message or "").strip()) == (State.RECEIVED, value, GUESS)
        (kept,) = await post.kept(box.email)
        assert kept["code"] == value
        assert POSSIBLE <= kept["confidence"] < THRESHOLD


async def test_a_mail_that_names_another_service_is_for_whoever_leases_its_address(dsn: str) -> None:
    async with open_post(dsn) as post:
        (box,) = await post.lease()
        assert await post.send(mail("Your WhatsApp code is 246810"), box.email, sender="code@whatsapp.com") == {}
        assert (await post.seen(box)).value == "246810"
