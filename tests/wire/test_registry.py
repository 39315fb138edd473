"""The registry, the dialects' tables and the generated page agree."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from numbank import errors
from numbank.cli.docs import actions_page
from numbank.cli.way import way_of
from numbank.errors import Refusal
from numbank.wire import handler  # noqa: F401  importing it registers the actions
from numbank.wire.dialects import DIALECTS, Dialect
from numbank.wire.registry import ACTIONS

pytestmark = pytest.mark.unit

GROUPS = {
    errors.BadRequest, errors.NotFound, errors.AccountRefused, errors.AdditionalRefused, errors.ReactivationRefused,
    errors.CallRefused,
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


@pytest.mark.parametrize("action", ACTIONS.values(), ids=lambda action: action.name)
def test_every_action_explains_itself(action: object) -> None:
    known = ACTIONS[action.name]  # type: ignore[attr-defined]
    assert known.sentence
    assert known.replies
    stops = list(way_of(known))
    assert stops[0].kind == "wire"
    assert all(stop.line > 0 and stop.file.startswith("numbank/") for stop in stops)


def test_the_way_of_get_number_names_its_rule_and_its_sql() -> None:
    stops = {(stop.kind, stop.name) for stop in way_of(ACTIONS["getNumber"])}
    assert {("rule", "choose"), ("sql", "offers"), ("sql", "lock_candidates"), ("desk", "LeaseDesk")} <= stops
