"""Loads the named queries of a package: `queries.sql` or another file, each with a name and a sentence above its text.

    -- name: live_of_account
    -- The live activations of one account, oldest first.
    select ...

Parameters are PostgreSQL's own ($1, $2). Why not aiosql: docs/decisions/0003-named-queries.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources

import msgspec

QUERIES = "queries.sql"


class Query(msgspec.Struct, frozen=True):
    """One named query: `package`, `file` and `line` say where it stands."""

    name: str
    sentence: str
    sql: str
    package: str
    line: int
    file: str = QUERIES


class Queries:
    """The queries of one file by name: `Q.live_of_account` is the SQL text. Every use is remembered for the tests.

    Names are unique within a package, not only within a file.
    """

    used: set[tuple[str, str]] = set()  # noqa: RUF012  deliberately one set for the whole process

    def __init__(self, package: str, file: str = QUERIES) -> None:
        self._package = package
        self._queries = {query.name: query for query in parse(package, file)}

    def __getattr__(self, name: str) -> str:
        if name.startswith("_"):
            raise AttributeError(name)
        query = self._queries.get(name)
        if query is None:
            raise AttributeError(f"{self._package} has no query named {name}")
        Queries.used.add((self._package, name))
        return query.sql

    def __iter__(self) -> Iterator[Query]:
        return iter(self._queries.values())


def parse(package: str, file: str = QUERIES) -> list[Query]:
    """All queries in a file of `package`; raises ValueError on one without a sentence or with a name twice."""
    text = resources.files(package).joinpath(file).read_text("utf-8")
    found: list[Query] = []
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("-- name:")]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        name = lines[start].removeprefix("-- name:").strip()
        body = lines[start + 1 : end]
        sentence = " ".join(line.removeprefix("--").strip() for line in body if line.startswith("--"))
        sql = "\n".join(line for line in body if not line.startswith("--")).strip().rstrip(";")
        if not sentence or not sql or any(query.name == name for query in found):
            raise ValueError(f"{package}/{file}:{start + 1}: {name}: needs a sentence, a text and a name of its own")
        found.append(Query(name, sentence, sql, package, start + 1, file))
    return found
