"""What every command of the operator has: a helpful --help, --json for programs, and its place in docs/commands.md."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from numbank.cli.main import app

pytestmark = pytest.mark.unit

# What prints no result of its own: servers, what says line by line how it goes on, and what is JSON lines anyhow.
WITHOUT_JSON = {("serve",), ("demo",), ("migrate",), ("audit", "export")}
RUNNER = CliRunner()


def leaves(known: typer.Typer = app, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command as the words that an operator types."""
    for command in known.registered_commands:
        name = command.name or command.callback.__name__.replace("_", "-")  # type: ignore[union-attr]
        yield (*words, name)
    for group in known.registered_groups:
        assert group.typer_instance is not None
        assert group.name
        yield from leaves(group.typer_instance, (*words, group.name))


@pytest.mark.parametrize("words", list(leaves()), ids=" ".join)
def test_every_command_helps_and_prints_json(words: tuple[str, ...]) -> None:
    done = RUNNER.invoke(app, [*words, "--help"], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    assert f"Usage: numbank {' '.join(words)}" in " ".join(done.output.split()).replace("root", "numbank")
    assert "--help" in done.output
    assert ("--json" in done.output) == (words not in WITHOUT_JSON)


def test_the_generated_page_of_commands_is_not_stale() -> None:
    page = Path(__file__).parents[2] / "docs" / "commands.md"
    typer_command = Path(sys.executable).parent / "typer"
    made = subprocess.run(
        [typer_command, "numbank.cli.main", "utils", "docs", "--name", "numbank", "--title", "Commands"],
        capture_output=True,
        text=True,
        check=True,
        env={"COLUMNS": "100", "TERM": "dumb"},
    )
    assert page.read_text(encoding="utf-8").strip() == made.stdout.strip(), "run `make docs`"
