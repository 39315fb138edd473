"""mail unmatched, show: the mails that nobody got, and one mail."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from numbank.cli import screen
from numbank.cli.access import MAX_ID, Data, DatabaseUrl, Json, Office, run
from numbank.errors import OperatorError
from numbank.mailbox import views

app = typer.Typer(no_args_is_help=True)

# What is a customer's own: the operator sees that a mail came, not what it says.
PRIVATE = ("subject", "text", "html", "code", "link", "attachments")


@app.callback()
def group() -> None:
    """Mails."""


@app.command()
def unmatched(
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=views.MOST_UNMATCHED, help="How many, newest first.")
    ] = 50,
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Show the newest mails that no customer got, and why."""

    async def act(office: Office) -> list[views.UnmatchedMail]:
        return await views.unmatched(office.pool, limit)

    rows = [
        {"id": one.id, "received_at": one.received_at.isoformat(timespec="seconds"), "to": one.recipient,
         "from": one.author or one.sender, "why": one.fate.name.lower(), "bytes": one.bytes, "subject": one.subject}
        for one in run(data, database_url, act)
    ]  # fmt: skip
    if json:
        screen.print_json(rows)
    else:
        columns = ("id", "received_at", "to", "from", "why", "bytes", "subject")
        screen.table(columns, ([row[column] for column in columns] for row in rows))


@app.command()
def show(
    mail_id: Annotated[
        int, typer.Argument(metavar="ID", min=1, max=MAX_ID, help="Id of the mail, see mail unmatched.")
    ],
    json: Json = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Show a mail that nobody got; of a customer's only where it came from and when."""

    async def act(office: Office) -> views.Mail | None:
        return await views.mail(office.pool, mail_id)

    found = run(data, database_url, act)
    if found is None:
        raise OperatorError(f"there is no mail {mail_id}")
    row: dict[str, object] = msgspec.structs.asdict(found) | {
        "fate": found.fate.name.lower(), "received_at": found.received_at.isoformat(timespec="seconds"),
        "attachments": [f"{one.name} ({one.content_type}, {one.bytes} bytes)" for one in found.attachments],
    }  # fmt: skip
    if found.mailbox_id is not None:
        row = {name: value for name, value in row.items() if name not in PRIVATE}
    if json:
        screen.print_json(row)
        return
    for name, value in row.items():
        if value not in (None, "", []):
            lines = str(value).splitlines() if name in ("text", "html") else [str(value)]
            screen.out.print(f"{name}: " + "\n  ".join(screen.plain(line) for line in lines), markup=False)
