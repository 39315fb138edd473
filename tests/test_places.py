"""Where root's bank keeps what a service user has to reach."""

from __future__ import annotations

from pathlib import Path

import pytest

from numbank import places
from numbank.settings import load

pytestmark = pytest.mark.unit


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o700)
    return folder / "below"


def test_a_path_is_open_only_if_every_folder_above_it_is(closed: Path) -> None:
    assert places.open_to_others(Path("/usr/bin/env"))
    assert not places.open_to_others(closed)


def test_an_ordinary_user_keeps_everything_where_it_is(closed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert places.reachable(closed, "data") == closed


def test_root_moves_only_what_others_cannot_reach(closed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert places.reachable(Path("/usr/lib/x"), "data") == Path("/usr/lib/x")
    moved = places.reachable(closed, "data")
    assert moved.parent == places.SHARED
    assert moved == places.reachable(closed, "data") != places.reachable(closed / "other", "data")


def test_a_data_folder_that_was_named_stays_where_it_was_named(closed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    closed.mkdir()
    monkeypatch.chdir(closed)
    assert load({}).data_dir.parent == places.SHARED
    assert load({"NUMBANK_DATA": str(closed / "mine")}).data_dir == closed / "mine"
