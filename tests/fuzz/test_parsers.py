"""Everything that reads what strangers send, under bytes by chance: known inputs always, new ones for some seconds."""

from __future__ import annotations

import subprocess
import sys
import time
from importlib.util import find_spec

import pytest

from tests.fuzz import targets
from tests.fuzz.__main__ import FINDINGS, NAMES
from tests.fuzz.corpus import findings, seeds
from tests.fuzz.targets import TARGETS, in_time, one

# Inputs of a bounded run: some seconds each. The same inputs every time, for the seed is the same.
RUNS = {"query": 5_000, "form": 600, "json": 8_000, "multipart": 4_000, "mail": 2_000}
# Of one run, on a machine that has much else to do.
MOST_S = 270
KNOWN = [(target, name) for target in NAMES for name in findings(target)]


@pytest.mark.unit
def test_every_target_can_be_run_and_has_a_corpus() -> None:
    assert set(NAMES) == set(TARGETS) == set(RUNS)
    assert all(seeds(target) for target in NAMES)
    assert {path.name for path in FINDINGS.iterdir()} <= set(NAMES)


@pytest.mark.unit
@pytest.mark.parametrize("target", NAMES)
def test_the_corpus_is_read_as_documented(target: str) -> None:
    for data in seeds(target):
        one(target, data)


@pytest.mark.unit
@pytest.mark.parametrize(("target", "name"), KNOWN, ids="-".join)
def test_what_was_found_once_stays_mended(target: str, name: str) -> None:
    one(target, findings(target)[name])


@pytest.mark.unit
def test_an_input_that_takes_too_long_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "MOST_S", 0.01)

    def work() -> None:
        began = time.process_time()
        with in_time():
            while time.process_time() - began < 0.02:
                pass

    with pytest.raises(AssertionError, match="processor time"):
        work()


@pytest.mark.slow
@pytest.mark.timeout(MOST_S + 10)
@pytest.mark.parametrize("target", NAMES)
def test_a_bounded_run_finds_nothing(target: str) -> None:
    if find_spec("atheris") is None:
        pytest.skip("NOT TESTED: atheris is not installed (it has wheels for Linux only)")
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", "--here", target, "--runs", str(RUNS[target])],
        capture_output=True,
        text=True,
        timeout=MOST_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    assert f"Done {RUNS[target]} runs" in done.stderr
    assert "INITED cov: " in done.stderr, "the fuzzer sees what is covered"
