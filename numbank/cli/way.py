"""The way of an action through the house, found in the code: where it is parsed, its desk, its rules, its SQL."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from numbank.db.queries import Queries
from numbank.wire.registry import Action

_USE = re.compile(r"\bQ\.(\w+)")


class Stop(msgspec.Struct, frozen=True):
    """One stop on the way: what it is, its name, where it stands, its sentence."""

    kind: str
    name: str
    file: str
    line: int
    sentence: str


def way_of(action: Action) -> Iterator[Stop]:
    """Every stop of an action, in order; queries follow the function that uses them."""
    yield from _stops("wire", action.function)
    for part in action.way:
        yield from _stops(_kind(part.__module__), part)


def _kind(module: str) -> str:
    if module.startswith("numbank.wire."):
        return "wire"
    return "rule" if module.endswith((".rules", ".match")) else "desk"


def _stops(kind: str, part: object) -> Iterator[Stop]:
    owner = part if inspect.isclass(part) else inspect.unwrap(part)  # type: ignore[arg-type]
    file = inspect.getsourcefile(owner) or "?"
    source, line = inspect.getsourcelines(owner)
    sentence = (inspect.getdoc(part) or "").partition("\n")[0]
    yield Stop(kind, owner.__qualname__, shorten(file), line, sentence)
    module = sys.modules[owner.__module__]
    queries = getattr(module, "Q", None)
    if isinstance(queries, Queries):
        known = {query.name: query for query in queries}
        for name in dict.fromkeys(_USE.findall("".join(source))):
            query = known[name]
            folder = query.package.replace(".", "/")
            yield Stop("sql", name, f"{folder}/queries.sql", query.line, query.sentence)


def shorten(file: str) -> str:
    """The path from the package on: the same on every machine."""
    parts = Path(file).parts
    return "/".join(parts[len(parts) - 1 - parts[::-1].index("numbank") :]) if "numbank" in parts else file
