"""`python -m tests.fuzz [TARGET ...] --seconds N | --runs N`, or `make fuzz`: atheris on the parsers, each in a process.

A finding ends the run of its target, exit code 1; its input is in tests/fuzz/findings/TARGET and from then on a test.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

FINDINGS = Path(__file__).parent / "findings"
NAMES = ("query", "form", "json", "multipart", "mail")
# Seconds for one input, megabytes for the process: what takes more ends the run.
MOST_S, MOST_MB = 20, 2_048
LONGEST = 16_384


def arguments(target: str, folder: Path, *, seconds: int, runs: int, seed: int) -> list[str]:
    """What libFuzzer is told. A run with a number of inputs and a seed does the same every time."""
    (FINDINGS / target).mkdir(parents=True, exist_ok=True)
    return [
        "fuzz", str(folder), f"-seed={seed}", f"-max_len={LONGEST}", f"-timeout={MOST_S}", "-rss_limit_mb=0",
        f"-artifact_prefix={FINDINGS / target}/", "-print_final_stats=1", "-verbosity=1", "-len_control=20",
        *([f"-max_total_time={seconds}"] if seconds else []), *([f"-runs={runs}"] if runs else []),
    ]  # fmt: skip


def fuzz(target: str, seconds: int, runs: int, seed: int) -> None:
    """Fuzz one target in this process; libFuzzer ends the process."""
    import atheris

    # Not libFuzzer's own limit: the peak that it reads is that of the process which started this one, if that was larger.
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MB << 20, MOST_MB << 20))
    with atheris.instrument_imports(include=["numbank", "multipart", "email"]):
        # Not before: what is loaded already is not seen by the fuzzer.
        from tests.fuzz.corpus import findings, seeds
        from tests.fuzz.targets import one
    with tempfile.TemporaryDirectory(prefix=f"numbank-fuzz-{target}-") as folder:
        known = [*seeds(target), *findings(target).values()]
        for number, data in enumerate(known):
            (Path(folder) / f"{number:05d}").write_bytes(data)
        atheris.Setup(
            arguments(target, Path(folder), seconds=seconds, runs=runs, seed=seed), lambda data: one(target, data)
        )
        atheris.Fuzz()


def main() -> int:
    """Each target in a process of its own: the first finding of one does not end the others."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", default=NAMES, help=", ".join(NAMES))
    parser.add_argument("--seconds", type=int, default=0, help="for each target")
    parser.add_argument("--runs", type=int, default=0, help="inputs for each target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if unknown := set(options.targets) - set(NAMES):
        parser.error(f"no target {', '.join(sorted(unknown))}")
    if not options.seconds and not options.runs:
        parser.error("give --seconds or --runs")
    if options.here:
        fuzz(options.targets[0], options.seconds, options.runs, options.seed)
        return 0
    failed = 0
    for target in options.targets:
        sys.stdout.write(f"== {target}\n")
        sys.stdout.flush()
        again = [sys.executable, "-m", "tests.fuzz", "--here", target, "--seed", str(options.seed)]
        limits = ["--seconds", str(options.seconds), "--runs", str(options.runs)]
        failed += subprocess.run([*again, *limits], check=False).returncode != 0
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
