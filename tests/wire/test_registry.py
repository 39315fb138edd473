"""The registry, the dialects' tables and the generated page agree."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from numbank import errors
from numbank.cli.docs import actions_page
from numbank.cli.way import way_of
from numbank.errors import Refusal
from numbank.wire import handler  # noqa: F401  importing it registers the actions
from numbank.wire.dialects import DIALECTS, Dialect
from numbank.wire.registry import ACTIONS, Action

pytestmark = pytest.mark.unit

GROUPS = {
    errors.BadRequest, errors.NotFound, errors.AccountRefused, errors.AdditionalRefused, errors.ReactivationRefused,
    errors.CallRefused, errors.RentRefused,
}  # fmt: skip


def tree(kind: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    for child in kind.__subclasses__():
        yield child
        yield from tree(child)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_every_refusal_has_a_word_in_every_dialect(dialect: Dialect) -> None:
    assert {kind for kind in tree() if kind not in GROUPS} == set(dialect.words)


def test_the_tree_in_the_docstring_is_the_tree_of_classes() -> None:
    drawn = errors.__doc__ or ""
    assert all(kind.__name__ in drawn for kind in tree())


def test_the_generated_page_is_not_stale() -> None:
    page = Path(__file__).parents[2] / "docs" / "actions.md"
    assert page.read_text(encoding="utf-8") == actions_page(), "run `make docs`"


@pytest.mark.parametrize(
    "action",
    [action for dialect in DIALECTS for action in dialect.actions.values()],
    ids=[f"{dialect.name}-{name}" for dialect in DIALECTS for name in dialect.actions],
)
def test_every_action_explains_itself(action: Action) -> None:
    assert action.sentence
    assert action.replies
    stops = list(way_of(action))
    assert stops[0].kind == "wire"
    assert all(stop.line > 0 and stop.file.startswith("numbank/") for stop in stops)


def test_a_dialect_is_one_file() -> None:
    """Beside its own file and the list of dialects, no code knows the name of one that is not the base."""
    package = Path(errors.__file__).parent
    for dialect in DIALECTS[1:]:
        own = {package / "wire" / "dialects" / f"{dialect.name}.py", package / "wire" / "dialects" / "__init__.py"}
        for file in set(package.rglob("*.py")) - own:
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                named = getattr(node, "id", None) or getattr(node, "attr", None) or getattr(node, "value", None)
                assert not (isinstance(named, str) and named.lower() == dialect.name), f"{file}:{node.lineno}"  # type: ignore[attr-defined]


def picks(tree: ast.AST) -> Iterator[int]:
    """Lines where code decides by what dialect it is: it compares or matches one, or its name, or takes one of the list."""
    ours = {"DIALECTS", *(dialect.name.upper() for dialect in DIALECTS)}

    def is_one(node: ast.AST) -> bool:
        name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        owner = getattr(node, "value", None)
        of_one = name == "name" and "dialect" in (getattr(owner, "id", ""), getattr(owner, "attr", ""))
        return name in ours or of_one

    for node in ast.walk(tree):
        asked: ast.AST | None = None
        if isinstance(node, ast.Compare):
            asked = node
        elif isinstance(node, ast.Match):
            asked = node.subject
        elif isinstance(node, ast.Subscript) and not (isinstance(node.slice, ast.Constant) and node.slice.value == 0):
            asked = node.slice if is_one(node.slice) else node.value  # but the first is the base, which all may know
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            asked = node.func.value  # dialect.name.startswith(..)
        if asked is not None and any(is_one(part) for part in ast.walk(asked)):
            yield getattr(node, "lineno", 0)


def test_no_code_beside_the_dialects_decides_by_the_dialect() -> None:
    package = Path(errors.__file__).parent
    for file in set(package.rglob("*.py")) - set((package / "wire" / "dialects").rglob("*.py")):
        assert list(picks(ast.parse(file.read_text(encoding="utf-8")))) == [], file


@pytest.mark.parametrize(
    "code",
    [
        "if dialect is KOALA: pass", "x = 1 if self.dialect == dialects.KOALA else 2", "dialect in DIALECTS[1:]",
        "if dialect.name != base: pass", "call.dialect.name in known", "other = DIALECTS[-1]", "DIALECTS.index(dialect)",
        "match dialect.name:\n  case _: pass", "dialect.name.startswith('k')", "{SMS_ACTIVATE.name: 1}[name]",
        "table[dialect.name]",
    ],
)  # fmt: skip
def test_what_decides_by_the_dialect_is_seen(code: str) -> None:
    assert list(picks(ast.parse(code)))


def test_what_a_dialect_does_not_change_is_the_same_action() -> None:
    for dialect in DIALECTS[1:]:
        assert dialect.parent is DIALECTS[0]
        assert dialect.actions.keys() >= ACTIONS.keys()
        assert any(dialect.actions[name] is not action for name, action in ACTIONS.items())
        assert any(dialect.actions[name] is action for name, action in ACTIONS.items())


def test_the_way_of_get_number_names_its_rule_and_its_sql() -> None:
    stops = {(stop.kind, stop.name) for stop in way_of(ACTIONS["getNumber"])}
    assert {("rule", "choose"), ("sql", "offers"), ("sql", "lock_candidates"), ("desk", "LeaseDesk")} <= stops
