"""serve, demo, migrate: opening the bank."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from numbank.cli import screen
from numbank.cli.access import Data, DatabaseUrl
from numbank.clock import new_uuid
from numbank.customers import keys, register
from numbank.db import ending
from numbank.db.opening import opened
from numbank.db.pool import connect
from numbank.money import MINOR_PER_UNIT, format_minor
from numbank.settings import Settings, load, unknown

Listen = Annotated[str | None, typer.Option("--listen", help="HOST:PORT (NUMBANK_LISTEN).")]
Workers = Annotated[int | None, typer.Option("--workers", min=1, max=64, help="Worker processes (NUMBANK_WORKERS).")]
Sandbox = Annotated[bool, typer.Option("--sandbox", help="The simulator supplies numbers and messages.")]


DEMO_NAME = "demo"
DEMO_HOST = "127.0.0.1"
DEMO_SMTP_PORT = 2525
DEMO_BALANCE_MINOR = 100 * MINOR_PER_UNIT


def serve(
    data: Data = None,
    listen: Listen = None,
    database_url: DatabaseUrl = None,
    workers: Workers = None,
    sandbox: Sandbox = False,
) -> None:
    """Open the bank: database, migrations, workers. Stops on Ctrl-C or SIGTERM after serving what was accepted."""
    from numbank.server import serve as supervisor  # noqa: PLC0415  granian is only loaded where it is needed

    settings = load(data=data, listen=listen, database_url=database_url, workers=workers, sandbox=sandbox or None)
    _warn_of_slips()

    def ready(running: Settings) -> None:
        screen.say(f"numbank serves http://{running.listen}/stubs/handler_api.php")
        for protocol, address in (("SMTP", running.smtp_listen), ("LMTP", running.lmtp_listen)):
            if address:
                screen.say(f"numbank takes mail by {protocol} on {address}")

    supervisor.serve(settings, screen.say, ready)


def demo(data: Data = None, listen: Listen = None, database_url: DatabaseUrl = None) -> None:
    """Open the bank in sandbox mode with a customer who has money; prints the key and a line to try."""
    from numbank.server import serve as supervisor  # noqa: PLC0415  granian is only loaded where it is needed
    from numbank.server.listening import free_address  # noqa: PLC0415

    settings = load(data=data, listen=listen, database_url=database_url, sandbox=True)
    if not settings.smtp_listen:
        settings = msgspec.structs.replace(settings, smtp_listen=free_address(DEMO_HOST, DEMO_SMTP_PORT))
    _warn_of_slips()

    def ready(running: Settings) -> None:
        customer_id, key, cash = ending.run(_demo_customer(running))
        url = f"http://{running.listen}/stubs/handler_api.php"
        screen.out.print(f"""
numbank is open in sandbox mode: numbers, messages and mails are made up, money is play money.

  URL       {url}
  SMTP      {running.smtp_listen}
  API key   {key}
  customer  {customer_id}, with {format_minor(cash)}

  curl '{url}?api_key={key}&action=getBalance'
  curl '{url}?api_key={key}&action=getNumber&service=tg&country=0'
  curl '{url}?api_key={key}&action=getRentNumber&service=full&country=0&rent_time=24'
  curl '{url}?api_key={key}&action=buyMailActivation&site=telegram.com&mail_type=1&mail_domain=example'

Stop it with Ctrl-C.""", markup=False)  # fmt: skip

    supervisor.serve(settings, screen.say, ready)


def _warn_of_slips() -> None:
    for line in unknown():
        screen.warn(line)


async def _demo_customer(settings: Settings) -> tuple[int, str, int]:
    """Id, fresh key and money of the demo's customer: made once, later given a new key and what was spent."""
    url = settings.database_url
    connection = await opened(url, connect(url, hot=False, command_timeout_s=60))
    try:
        async with connection.transaction():
            found = await register.named(connection, DEMO_NAME)
            if found is None:
                made = await register.add(connection, DEMO_NAME, currency=settings.currency, balance=DEMO_BALANCE_MINOR)
                return *made, DEMO_BALANCE_MINOR
            customer_id, cash = found
            if cash < DEMO_BALANCE_MINOR:
                cash = await register.topup(connection, customer_id, DEMO_BALANCE_MINOR - cash, new_uuid())
            await keys.revoke_all(connection, customer_id)
            return customer_id, await keys.issue(connection, customer_id), cash
    finally:
        await connection.close()


def migrate(data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Bring the database to the schema of this version."""
    from numbank.cli.access import located  # noqa: PLC0415
    from numbank.server import serve as supervisor  # noqa: PLC0415  granian is only loaded where it is needed

    with located(data, database_url) as settings:
        ending.run(supervisor.upgrade(settings, screen.say))
    screen.out.print("the database is up to date")
