"""`numbank`: the operator's commands. Every failure is one clear line and a non-zero exit."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Annotated

import asyncpg
import typer
from typer import rich_utils

from numbank.cli import (
    activation,
    agent,
    archive,
    audit,
    backup,
    ban,
    cashback,
    code,
    customer,
    domain,
    explain,
    health,
    hook,
    key,
    limit,
    mail,
    message,
    number,
    offer,
    partner,
    policy,
    product,
    rank,
    rate,
    reference,
    rent,
    retention,
    secrets,
    serving,
    settings,
    site,
    standing,  # noqa: F401  it adds to the commands of `customer`
    supplier,
    tier,
    verify,
)
from numbank.cli.screen import fail, hang_up, out
from numbank.db.opening import one_line
from numbank.errors import OperatorError

app = typer.Typer(
    name="numbank",
    help="A bank that lends phone numbers: it speaks the SMS-Activate protocol, keeps a ledger and proves it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    add_completion=False,
)
app.command("serve")(serving.serve)
app.command("demo")(serving.demo)
app.command("migrate")(serving.migrate)
app.command("verify")(verify.verify)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("health")(health.health)
app.command("explain")(explain.explain)
app.command("settings")(settings.show)
app.add_typer(customer.app, name="customer", help="Add customers, give them money, look at them, switch them.")
app.add_typer(ban.app, name="ban", help="Ban customers or their end users, look at bans, lift them.")
app.add_typer(limit.app, name="limit", help="Limits of a customer's own.")
app.add_typer(cashback.app, name="cashback", help="Cashback of a customer: its rate, and whether it is spent.")
app.add_typer(rank.app, name="rank", help="Loyalty ranks: discounts by turnover.")
app.add_typer(partner.app, name="partner", help="What partners brought.")
app.add_typer(activation.app, name="activation", help="Refund activations.")
app.add_typer(key.app, name="key", help="Revoke API keys.")
app.add_typer(number.app, name="number", help="Add the operator's own numbers.")
app.add_typer(offer.app, name="offer", help="Set prices, what forwarding and reactivation cost.")
app.add_typer(tier.app, name="tier", help="Several prices of one offer, each with a count.")
app.add_typer(supplier.app, name="supplier", help="List suppliers, switch them on and off.")
app.add_typer(reference.country, name="country", help="Edit countries.")
app.add_typer(reference.service, name="service", help="Add and edit services.")
app.add_typer(rent.app, name="rent", help="Rentals: prices of terms, a preview, a look at what is rented.")
app.add_typer(rate.app, name="rate", help="Rates of currencies, to show prices of rentals in.")
app.add_typer(domain.app, name="domain", help="Mail domains: zones, room, what their addresses cost.")
app.add_typer(site.app, name="site", help="Sites for which no mailbox is leased.")
app.add_typer(mail.app, name="mail", help="Mails that nobody got.")
app.add_typer(hook.app, name="hook", help="Webhooks to customers: addresses, secrets, log, replay.")
app.add_typer(secrets.app, name="secrets", help="The key file that seals secrets in the database.")
app.add_typer(agent.app, name="agent", help="Agents: software that pushes messages from SIM banks.")
app.add_typer(product.app, name="product", help="The partner software shop: products and their licence keys.")
app.add_typer(policy.app, name="policy", help="What is not sold, and to whom nothing is sold.")
app.add_typer(audit.app, name="audit", help="The log of operators' acts.")
app.add_typer(archive.app, name="archive", help="Old parts of the growing tables: what they weigh, onto another disk.")
app.add_typer(retention.app, name="retention", help="Erasing of texts, codes and targets that are too old.")
app.add_typer(
    code.app, name="code", help="Codes and services in messages: why they are recognised, what you know better."
)
app.add_typer(message.app, name="message", help="Deliver a message by hand, look at the unmatched ones.")


def _print_version(wanted: bool) -> None:
    if wanted:
        out.print(f"numbank {version('numbank')}")
        raise typer.Exit


@app.callback()
def group(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Take the options of numbank itself."""


def main() -> None:
    """Run a command; what is expected to go wrong is said in one line, what is not shows where."""
    # Typer colours its help because of a variable (CI systems set some); ours is coloured on a terminal only.
    rich_utils.FORCE_TERMINAL = None if out.is_terminal else False
    try:
        for argument in sys.argv[1:]:
            argument.encode()
        app()
    except UnicodeEncodeError:
        fail("the command line is not valid UTF-8")
    except OperatorError as error:
        fail(str(error))
    except asyncpg.PostgresError as error:
        fail(f"the database refuses: {one_line(error)}")
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        hang_up()
    except OSError as error:
        fail(f"{error.filename or 'the system refuses'}: {error.strerror or one_line(error)}")
