"""settings: every setting with its value and where that came from."""

from __future__ import annotations

from numbank.cli import screen
from numbank.cli.access import Json
from numbank.settings import describe, load, unknown


def show(json: Json = False) -> None:
    """Print every setting with its value, its source and what it means."""
    for line in unknown():
        screen.warn(line)
    lines = describe(load())
    if json:
        screen.print_json(lines)
    else:
        screen.table(("setting", "value", "source", "meaning"), ((x.name, x.value, x.source, x.doc) for x in lines))
