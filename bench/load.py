"""The load generators: wrk for HTTP, pgbench for the same work row by row. Every run is bounded in time."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import msgspec

from bench.harness import CONNECTIONS, PGBENCH_CLIENTS, BenchError
from bench.machine import HOST
from numbank.db.embedded import binaries

HERE = Path(__file__).resolve().parent
GRACE_S = 20
# The same help that numbank gives its own hot connections (engine 1.7).
HOT = "-c enable_seqscan=off -c plan_cache_mode=force_generic_plan -c jit=off"


class Load(msgspec.Struct, frozen=True):
    """What one run did."""

    requests: int
    duration_us: int
    p50_us: int = 0
    p99_us: int = 0
    max_us: int = 0
    errors: int = 0

    @property
    def rate(self) -> float:
        """Requests or transactions per second."""
        return self.requests * 1e6 / self.duration_us


def require_wrk() -> None:
    """BenchError when wrk is missing."""
    if shutil.which("wrk") is None:
        raise BenchError("the benchmarks need the load tool wrk: install it (apt-get install wrk) and run them again")


def wrk(port: int, paths: Path, seconds: int, *headers: str, strict: bool = True) -> Load:
    """All connections send the requests of a file in turn. One thread: it is never the bottleneck, and leaves the server its
    core.

    Errors are counted; with `strict` there must be none.
    """
    command: list[str | Path] = [
        "wrk",
        "-t1",
        f"-c{CONNECTIONS}",
        f"-d{seconds}s",
        *(word for header in headers for word in ("-H", header)),
        "-s",
        HERE / "requests.lua",
        f"http://{HOST}:{port}",
        "--",
        paths,
    ]
    said = _run(command, seconds)
    load = msgspec.json.decode(said.rpartition("\n{")[2].join(("{", "")), type=Load)
    if load.errors and strict:
        raise BenchError(f"wrk counted {load.errors} errors: {said}")
    return load


def pgbench(dsn: str, seconds: int, *, script: str = "getnumber.sql", **variables: int) -> Load:
    """A row-by-row script."""
    defined = [word for name, value in variables.items() for word in ("-D", f"{name}={value}")]
    command: list[str | Path] = [
        binaries() / "pgbench", "--no-vacuum", "-M", "prepared", "-c", str(PGBENCH_CLIENTS), "-j", "2",
        "-T", str(seconds), "-f", HERE / script, *defined, dsn,
    ]  # fmt: skip
    said = _run(command, seconds, {"PGOPTIONS": HOT})
    processed = re.search(r"actually processed: (\d+)", said)
    failed = re.search(r"failed transactions: (\d+)", said)
    rate = re.search(r"tps = ([\d.]+)", said)
    if processed is None or rate is None or failed is None or int(failed[1]):
        raise BenchError(f"pgbench did not do its work: {said}")
    return Load(int(processed[1]), int(int(processed[1]) * 1e6 / float(rate[1])))


def _run(command: list[str | Path], seconds: int, environment: dict[str, str] | None = None) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, env=environment, timeout=seconds + GRACE_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise BenchError(f"{Path(command[0]).name} did not end after {seconds} s") from None
    if done.returncode:
        raise BenchError(f"{Path(command[0]).name} failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout
