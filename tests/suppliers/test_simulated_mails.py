"""The sandbox's mailboxes get mails by themselves, which the bank reads right."""

from __future__ import annotations

from datetime import UTC, datetime
from email.parser import BytesParser
from email.policy import default

import asyncpg
import pytest

from numbank.clock import Chance
from numbank.codes.mail import read_mail
from numbank.mailbox.model import Mailbox, MailRequest
from numbank.mailbox.states import State
from numbank.suppliers.simulator import mails, stock
from numbank.suppliers.simulator.plan import Fault, Faults, chance_for
from numbank.suppliers.smtp.parse import parse
from tests.support import open_bank, settings_for, until

AT = datetime(2026, 11, 22, tzinfo=UTC)
SITES = ("telegram.com", "example.com", "accounts.shop.example", "vk.com", "xn--80ak6aa92e.com")


@pytest.mark.unit
@pytest.mark.parametrize("site", SITES)
def test_every_mail_is_read_right(site: str) -> None:
    values = set()
    for lease_id in range(100):
        written = mails.write(lease_id, "abc@sandbox-box.test", site, AT, None, Chance(lease_id))
        parsed = parse(written.content)
        found = read_mail(parsed.subject, parsed.text, parsed.html, parsed.author)
        assert found.value == written.value
        assert (found.code is None) == (written.value or "").startswith("https://")
        values.add(written.value)
    assert len(values) == 100
    assert any(str(value).startswith("https://") for value in values)


@pytest.mark.unit
def test_the_same_lease_gets_the_same_bytes() -> None:
    one, two = (mails.write(7, "a@sandbox-box.test", "x.example", AT, None, Chance(7)) for _ in range(2))
    assert one == two
    message = BytesParser(policy=default).parsebytes(one.content)
    assert message["Date"].datetime == AT
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.unit
def test_a_mail_without_a_code_has_none() -> None:
    written = mails.write(7, "a@sandbox-box.test", "x.example", AT, Fault.NOCODE, Chance(7))
    parsed = parse(written.content)
    assert written.value is None
    assert read_mail(parsed.subject, parsed.text, parsed.html, parsed.author).value is None


async def test_leased_mailboxes_of_a_sandbox_get_their_mails(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    settings = settings_for(dsn, sandbox=True, sandbox_countries="0", sandbox_numbers=1)
    await stock.open_sandbox(connection, settings)
    assert await mails.open_domains(connection) == 3
    assert await mails.open_domains(connection) == 0
    await connection.close()
    faults = "never=0.3,twice=0.3"
    async with open_bank(
        dsn, sandbox=True, sandbox_delay_s=0.1, sandbox_faults=faults, batch_deliver=2, sandbox_countries="0"
    ) as (app, shop):
        customer_id, _ = await shop.customer()
        desk = app.bank.desks.mail
        assert desk is not None
        leases: list[Mailbox] = []
        for name in ("sandbox-mail.example", "test", "example"):
            answer = await desk.buy(MailRequest(customer_id, "telegram.com", name, count=10))
            assert isinstance(answer, list), answer
            leases += answer
        expected = {}
        for lease in leases:
            chance = chance_for(settings.sandbox_seed, lease.id)
            fault = Faults.parse(faults).draw(chance)
            if fault is not Fault.NEVER:
                expected[lease.id] = mails.write(
                    lease.id, lease.email, lease.site, lease.created_at, fault, chance
                ).value
        assert 0 < len(expected) < len(leases)

        async def all_came() -> bool:
            rows = await shop.connection.fetch("select id, value from mailbox where value is not null")
            return dict(map(tuple, rows)) == expected

        await until(all_came)
        kept = await shop.connection.fetch("select mailbox_id, count(*) from mail group by 1")
        assert {row[0]: row[1] for row in kept} == dict.fromkeys(expected, 1)  # those that came twice too
        seen = await desk.one(customer_id, next(iter(expected)))
        assert isinstance(seen, Mailbox)
        assert seen.state is State.RECEIVED


async def test_outside_of_a_sandbox_its_domains_are_not_sold(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    async with connection.transaction():
        await mails.set_active(connection, False)
    counted = "select count(*) from mail_domain where active"
    assert await connection.fetchval(counted) == 0
    async with connection.transaction():
        await mails.set_active(connection, True)
    assert await connection.fetchval(counted) == 3
    await connection.close()
