"""What every command of the operator has: a helpful --help, --json for programs, and its place in docs/commands.md."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer

from numbank.cli.main import app

pytestmark = pytest.mark.unit

# What prints no result of its own: servers, what says line by line how it goes on, and what is JSON lines anyhow.
WITHOUT_JSON = {("serve",), ("demo",), ("migrate",), ("audit", "export")}


def leaves(known: typer.Typer = app, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command as the words that an operator types."""
    for command in known.registered_commands:
        name = command.name or command.callback.__name__.replace("_", "-")  # type: ignore[union-attr]
        yield (*words, name)
    for group in known.registered_groups:
        assert group.typer_instance is not None
        assert group.name
        yield from leaves(group.typer_instance, (*words, group.name))


@pytest.fixture(scope="module")
def numbank() -> Callable[..., object]:
    """`numbank` itself. It is built once: for one --help that costs more than all else."""
    return typer.main.get_command(app)


@pytest.mark.parametrize("words", list(leaves()), ids=" ".join)
def test_every_command_helps_and_prints_json(
    words: tuple[str, ...],
    numbank: Callable[..., object],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit) as ended:
        numbank([*words, "--help"], prog_name="numbank")
    shown = capsys.readouterr().out
    assert ended.value.code == 0, shown
    assert f"Usage: numbank {' '.join(words)}" in " ".join(shown.split())
    assert "--help" in shown
    assert ("--json" in shown) == (words not in WITHOUT_JSON)


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
