"""Where a node can be killed by name: every place that commits, and the three moments of a commit.

A counter's place is `clerk-NAME`; a background worker's that works in `_in_transaction` is `worker-NAME`; every other
transaction and every single statement that writes is named by the function it stands in. `test_points.py` finds the
places in the code again and fails when one is missing here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import numbank
from numbank.db.queries import Queries

# before: nothing was sent yet. sent: COMMIT is on its way, nobody reads the answer. after: committed, nobody was told.
STAGES = ("before", "sent", "after")

CLERKS = (
    "lease", "advance", "deliver", "settle", "multi", "additional", "reactivation", "rent", "rent-extend", "rent-change",
    "software", "mailbox", "mailbox_reorder", "mailbox_change", "mail",
)  # fmt: skip
# Background work whose transaction is begun by `numbank.server.background._in_transaction`.
WORKERS = (
    "wake", "fold", "sales", "turnover", "lease-marks", "judge", "habits", "grow", "lease-ids", "batch-marks", "analyze",
)  # fmt: skip
PLACES = (
    "hooks.sender.Sender._take", "hooks.sender.Sender._save", "hooks.sender.Sender.try_now", "hooks.sender.Sender.finish",
    "hooks.desk.HookDesk._transaction", "server.asking.give_up", "server.hooks.forget", "server.keeping.forget_texts",
    "server.mailboxes.wake", "supply.releasing.release_due", "voice.desk.Calls.parse", "voice.writing.keep_recording",
    "voice.writing.write_due", "voice.writing._write", "voice.writing._save", "messages.recordings.take_due",
    "messages.recordings.give_up", "supply.errands.open_call", "supply.errands.run_due",
)  # fmt: skip
# Places that the load of this suite does not pass, each with the reason; they are tested where they are at home.
NOT_PASSED = {
    "worker-judge": "runs only with ban rules: tests/activation/test_judge.py",
    "hooks.sender.Sender.try_now": "`numbank hook test` only: tests/hooks",
    "hooks.sender.Sender.finish": "at a stop, not at a crash: tests/hooks/test_nodes.py",
    "server.hooks.forget": "writes only what is days old: tests/hooks/test_delivery.py",
    "voice.desk.Calls.parse": "needs a recogniser: tests/voice",
    "voice.writing.keep_recording": "needs recordings: tests/voice",
    "voice.writing._write": "needs calls: tests/voice",
    "voice.writing._save": "needs calls: tests/voice",
    "messages.recordings.give_up": "needs recordings: tests/voice",
    "supply.errands.run_due": "needs a supplier that calls: tests/supply/test_errands.py",
    "supply.errands.open_call": "needs a supplier that calls: tests/supply/test_errands.py",
}
# These pass once at a node's start and then seldom.
AT_START = frozenset({
    "worker-lease-marks", "worker-grow", "worker-lease-ids", "worker-habits", "worker-batch-marks", "worker-sales",
    "worker-turnover", "worker-analyze", "server.keeping.forget_texts",
})  # fmt: skip

ALL = (*(f"clerk-{name}" for name in CLERKS), *(f"worker-{name}" for name in WORKERS), *PLACES)
# Most kills go where money and numbers are.
PASSED = tuple(place for place in ALL if place not in NOT_PASSED)

ROOT = Path(numbank.__file__).parent
# Not a node that serves: commands, what the supervisor does before it serves, and a sandbox's own stock.
ELSEWHERE = ("cli/", "backup/", "server/serve.py", "db/migrate.py", "db/archive.py", "suppliers/simulator/")
# Transactions that only read, the one in which all the workers above work, and one that is named by who asks for it.
NO_PLACES = frozenset({
    "catalogue.prices.PriceLists._read", "catalogue.prices.PriceLists._read_service", "server.background._in_transaction",
    "db.confirmed.confirmed",
})  # fmt: skip
WRITES = re.compile(r"\b(insert into|update \w+( as)?( \w+)? set|delete from|add_partition)\b")
ASKS = frozenset({"execute", "fetch", "fetchrow", "fetchval"})


class Finder(ast.NodeVisitor):
    """The committing places of one module."""

    def __init__(self, module: str, source: str) -> None:
        self.module = module
        self.within: list[str] = []
        self.found: set[str] = set()
        self.queries = _queries(source)

    def _scope(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        self.within.append(node.name)
        self.generic_visit(node)
        self.within.pop()

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _scope  # noqa: N815  the names of ast

    def visit_Call(self, node: ast.Call) -> None:
        """A transaction, or a statement of its own on the pool."""
        called = node.func
        if isinstance(called, ast.Name) and called.id == "confirmed":
            self.found.add(self._name())
        if isinstance(called, ast.Attribute):
            on_pool = ast.unparse(called.value).endswith("pool")
            if (called.attr == "transaction" and not node.args) or (
                on_pool and called.attr in ASKS and self._writes(node)
            ):
                self.found.add(self._name())
        self.generic_visit(node)

    def _writes(self, node: ast.Call) -> bool:
        said = node.args[0]
        if isinstance(said, ast.Attribute) and isinstance(said.value, ast.Name) and said.value.id in self.queries:
            return bool(WRITES.search(self.queries[said.value.id][said.attr].lower()))
        return bool(WRITES.search(ast.unparse(said).lower()))

    def _name(self) -> str:
        # Functions in functions are named by the innermost one, as the interpreter's frames know only that.
        classes = [name for name in self.within[:-1] if name[:1].isupper()]
        return ".".join((self.module, *classes, self.within[-1]))


def _queries(source: str) -> dict[str, dict[str, str]]:
    """The texts of the named queries that a module knows. Not asked by attribute: that would count as a use of them."""
    known = re.findall(r'^(Q\w*) = Queries\("([\w.]+)"(?:, "([\w.]+)")?\)', source, re.MULTILINE)
    return {
        name: {query.name: query.sql for query in Queries(package, *filter(None, [file]))}
        for name, package, file in known
    }


def served() -> Iterator[Path]:
    """The modules of a node that serves."""
    for path in sorted(ROOT.rglob("*.py")):
        if not str(path.relative_to(ROOT)).startswith(ELSEWHERE):
            yield path


def found_places() -> set[str]:
    """Every place of the code that commits beside the counters."""
    found: set[str] = set()
    for path in served():
        source = path.read_text("utf-8")
        finder = Finder(".".join(path.relative_to(ROOT).with_suffix("").parts), source)
        finder.visit(ast.parse(source))
        found |= finder.found
    return found - NO_PLACES
