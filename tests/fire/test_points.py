"""The list of places where a node can be killed names every place of the code that commits, and none that is gone."""

from __future__ import annotations

import ast
import re

import pytest

from tests.fire import points
from tests.fire.fleet import SETTINGS
from tests.support import open_bank


def test_every_place_that_commits_is_in_the_list() -> None:
    assert points.found_places() == set(points.PLACES)


async def test_every_counter_that_writes_is_in_the_list(own_dsn: str) -> None:
    async with open_bank(own_dsn) as (app, _):
        assert {clerk.name for clerk in app.bank._clerks if clerk._writes} == set(points.CLERKS)


def test_every_worker_that_commits_in_the_common_transaction_is_in_the_list() -> None:
    source = (points.ROOT / "server" / "background.py").read_text("utf-8")
    steps = {
        node.name: ast.unparse(node) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.AsyncFunctionDef)
    }
    workers = dict(re.findall(r'Periodic\(\s*"([\w-]+)", (\w+)', source))
    assert {name for name, step in workers.items() if "_in_transaction" in steps.get(step, "")} == set(points.WORKERS)


@pytest.mark.parametrize("place", points.NOT_PASSED)
def test_what_the_load_does_not_pass_is_a_place_and_has_its_reason(place: str) -> None:
    assert place in points.ALL
    assert points.NOT_PASSED[place]


def test_the_settings_of_the_nodes_exist() -> None:
    from numbank.settings import Settings

    assert {name.lower() for name in SETTINGS} <= set(Settings.__struct_fields__)
