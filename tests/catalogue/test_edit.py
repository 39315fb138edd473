"""The reference tables are the operator's to edit: what is changed shows on the wire, and nothing else moves."""

from __future__ import annotations

import pytest

from numbank.catalogue import edit
from numbank.errors import OperatorError
from tests.support import Caller, open_bank, until


async def test_a_service_of_the_operators_own_is_sold_and_recognised(dsn: str) -> None:
    async with open_bank(dsn) as (app, shop):
        async with shop.connection.transaction():
            await edit.add_service(shop.connection, "acme", "Acme Rockets", "ACMERKT")
        await shop.numbers(1)
        await shop.offer("acme")
        caller = Caller(app, (await shop.customer())[1])

        async def listed() -> bool:
            services = (await caller.json("getServicesList"))["services"]
            return {"code": "acme", "name": "Acme Rockets"} in services

        await until(listed)
        await caller.lease("acme")


async def test_flags_of_a_country_and_a_service_change_alone(dsn: str) -> None:
    async with open_bank(dsn) as (app, shop):
        tx = shop.connection
        before = await tx.fetchrow("select * from country where id = 0")
        assert before is not None
        async with tx.transaction():
            line = await edit.country(tx, 0, visible=None, retry=None, multi_service=not before["multi_service"])
            service = await edit.service(tx, "tg", forward_capable=True, name=None, aliases=None)
        assert line.multi_service is not before["multi_service"]
        assert (line.visible, line.retry) == (before["visible"], before["retry"])
        assert service.forward_capable
        caller = Caller(app, (await shop.customer())[1])

        async def shown() -> bool:
            return bool((await caller.json("getCountries"))["0"]["multiService"] == int(line.multi_service))

        await until(shown)


async def test_a_supplier_that_is_off_sells_nothing(dsn: str) -> None:
    async with open_bank(dsn) as (app, shop):
        await shop.numbers(1)
        await shop.offer("wa")
        caller = Caller(app, (await shop.customer())[1])
        async with shop.connection.transaction():
            await edit.switch_supplier(shop.connection, "pool", active=False)
        assert await caller.get("getNumber", service="wa") == "NO_NUMBERS"
        async with shop.connection.transaction():
            await edit.switch_supplier(shop.connection, "pool", active=True)
        await caller.lease("wa")
        assert [one.name for one in await edit.suppliers(app.bank.pool)] == ["pool"]


@pytest.mark.parametrize("code", ["", "x", "UPPER", "toolongcode", "a b"])
async def test_a_code_that_is_none_is_refused(dsn: str, code: str) -> None:
    async with open_bank(dsn) as (_, shop):
        with pytest.raises(OperatorError, match="no service code"):
            await edit.add_service(shop.connection, code, "Name", "")


async def test_what_is_not_there_cannot_be_changed(dsn: str) -> None:
    async with open_bank(dsn) as (_, shop):
        with pytest.raises(OperatorError, match="no country"):
            await edit.country(shop.connection, 9999, visible=True, retry=None, multi_service=None)
        with pytest.raises(OperatorError, match="no service"):
            await edit.service(shop.connection, "nope", forward_capable=True, name=None, aliases=None)
        with pytest.raises(OperatorError, match="no supplier"):
            await edit.switch_supplier(shop.connection, "nobody", active=True)
        with pytest.raises(OperatorError, match="already"):
            await edit.add_service(shop.connection, "tg", "Telegram", "")
        with pytest.raises(OperatorError, match="printable"):
            await edit.service(shop.connection, "tg", forward_capable=None, name="a\nb", aliases=None)
