"""`numbank`: the operator's commands. Every failure is one clear line and a non-zero exit."""

from __future__ import annotations

import sys

import typer

from numbank.cli import agent, customer, explain, key, message, number, offer, serving, settings, verify
from numbank.cli.screen import fail
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
app.command("explain")(explain.explain)
app.command("settings")(settings.show)
app.add_typer(customer.app, name="customer", help="Add customers, give them money, list them.")
app.add_typer(key.app, name="key", help="Revoke API keys.")
app.add_typer(number.app, name="number", help="Add the operator's own numbers.")
app.add_typer(offer.app, name="offer", help="Set prices.")
app.add_typer(agent.app, name="agent", help="Agents: software that pushes messages from SIM banks.")
app.add_typer(message.app, name="message", help="Deliver a message by hand, look at the unmatched ones.")


def main() -> None:
    """Run a command; what is expected to go wrong is said in one line."""
    try:
        app()
    except OperatorError as error:
        fail(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(141)
