"""explain: the way of an action through the house, with file and line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from numbank.cli import screen
from numbank.cli.access import Json
from numbank.cli.docs import actions_page
from numbank.cli.way import way_of
from numbank.errors import OperatorError
from numbank.wire import handler  # noqa: F401  importing it registers the actions
from numbank.wire.dialects import DIALECTS

WriteDocs = Annotated[
    Path | None, typer.Option("--write-docs", help="Write the generated page of all actions to this file.")
]


def explain(
    action: Annotated[str, typer.Argument(help="An action such as getNumber; nothing lists them all.")] = "",
    dialect: Annotated[str, typer.Option("--dialect", help="The dialect in which it is asked for.")] = DIALECTS[0].name,
    write_docs: WriteDocs = None,
    json: Json = False,
) -> None:
    """Show where an action is parsed, where its rule lives and where its SQL is."""
    if write_docs is not None:
        write_docs.parent.mkdir(parents=True, exist_ok=True)
        write_docs.write_text(actions_page(), encoding="utf-8")
        screen.say(f"wrote {write_docs}")
        return
    asked = next((one for one in DIALECTS if one.name == dialect), None)
    if asked is None:
        raise OperatorError(f"there is no dialect {dialect!r}; there are {', '.join(one.name for one in DIALECTS)}")
    if not action:
        rows = [(one.name, one.sentence) for one in sorted(asked.actions.values(), key=lambda one: one.name)]
        if json:
            screen.print_json([{"action": name, "sentence": sentence} for name, sentence in rows])
        else:
            screen.table(("action", "what it does"), rows)
        return
    known = asked.actions.get(action)
    if known is None:
        raise OperatorError(f"there is no action {action!r} in {dialect}; `numbank explain` lists them")
    stops = list(way_of(known))
    if json:
        screen.print_json(stops)
    else:
        screen.table(
            ("stop", "name", "where", "what"),
            ((stop.kind, stop.name, f"{stop.file}:{stop.line}", stop.sentence) for stop in stops),
        )
        for other in DIALECTS:
            if other.parent is asked and other.actions[action] is not known:
                screen.say(f"{other.name} answers it in its own way: numbank explain {action} --dialect {other.name}")
