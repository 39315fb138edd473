"""What /metrics counts is what happened: messages by their fates, numbers that can be leased, bugs."""

from __future__ import annotations

import pytest
from prometheus_client.registry import REGISTRY

from numbank.messages.model import Fate
from numbank.server.gauges import Gauges
from numbank.server.logs import AccessLog
from numbank.server.mail import MailMetrics
from numbank.server.metrics import RestMetrics, WireMetrics
from tests.support import Caller, open_bank, push


def value(name: str, **labels: str) -> float:
    found = REGISTRY.get_sample_value(name, labels)
    assert found is not None, (name, labels)
    return found


def fates() -> dict[str, float]:
    return {fate.name.lower(): value("numbank_messages_total", fate=fate.name.lower()) for fate in Fate}


async def test_a_message_is_counted_once_by_its_fate_and_a_repeat_is_not(dsn: str) -> None:
    async with open_bank(dsn) as (app, shop):
        _, key = await shop.customer()
        await shop.numbers(1)
        await shop.offer("tg")
        before = fates()
        _, e164 = await Caller(app, key).lease()
        await push(app, e164, "Telegram code 48210")
        for _ in range(2):
            await push(app, 79_999_000_111, "hello", message_id="stray")
        await Gauges(app.bank).look()
        await Gauges(app.bank).look()  # another worker of this node
        risen = {fate: count - before[fate] for fate, count in fates().items()}
    assert {fate: count for fate, count in risen.items() if count} == {"attached": 1, "no_number": 1}


async def test_the_numbers_of_a_supplier_that_is_off_are_not_free(dsn: str) -> None:
    async with open_bank(dsn) as (app, shop):
        numbers = await shop.numbers(3)
        await shop.counted()
        name = await shop.connection.fetchval(
            "select s.name from supplier s join pool p on p.supplier_id = s.id join number n on n.pool_id = p.id"
            " where n.e164 = $1", numbers[0],
        )  # fmt: skip
        seen = []
        for active in (True, False, True):
            await shop.connection.execute("update supplier set active = $2 where name = $1", name, active)
            await Gauges(app.bank).look()
            seen.append((value("numbank_supplier_active", supplier=name), value("numbank_numbers_free", supplier=name)))
    assert seen[0][0] == seen[2][0] == 1
    assert seen[0][1] == seen[2][1] >= 3
    assert seen[1] == (0, 0)


@pytest.mark.unit
def test_bugs_of_every_edge_are_counted() -> None:
    access = AccessLog("none")
    wire, rest, mail = WireMetrics(access), RestMetrics(access), MailMetrics()
    before = {edge: value("numbank_bugs_total", edge=edge) for edge in ("wire", "rest", "mail")}
    wire.crashed("getStatus", ValueError())
    rest.crashed("buy", ValueError())
    mail.crashed(ValueError())
    assert {edge: value("numbank_bugs_total", edge=edge) - was for edge, was in before.items()} == {
        "wire": 1, "rest": 1, "mail": 1,
    }  # fmt: skip
