"""The seeds that every build runs: what fits into a minute beside other tests. SEEDS=N runs more, as `make sim` does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SEEDS = os.environ.get("SEEDS", "100")
ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_all_seeds_are_right() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.sim", "--seeds", SEEDS], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{SEEDS} of {SEEDS} seeds are right" in done.stdout
