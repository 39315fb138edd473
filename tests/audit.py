"""`make audit`: the packages of both lock files, asked about at the vulnerability services that pip-audit knows.

Exit codes: 0 every package was looked up and nothing is known against it; 1 something is; 3 NOT AUDITED: some or all could
not be looked up (no service reachable), which must never be taken for a clean bill.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKS = ("requirements.lock", "requirements-dev.lock")
# pip-audit's own names; where they are it knows itself. One is enough for a package.
SERVICES = ("osv", "pypi")
CLEAN, VULNERABLE, NOT_AUDITED = 0, 1, 3
TIMEOUT_S = 10
MOST_S = 300
SHOWN = 8


class Package(msgspec.Struct, frozen=True):
    """What one service said of one package: names of vulnerabilities, or why it said nothing."""

    name: str
    version: str = ""
    vulnerabilities: tuple[str, ...] = ()
    skipped: str = ""


Ask = Callable[[str], "list[Package] | str"]


def ask(service: str) -> list[Package] | str:
    """All packages at one service; a line when it cannot be had."""
    locks = [part for lock in LOCKS for part in ("--requirement", lock)]
    command = [
        sys.executable, "-m", "pip_audit", "--vulnerability-service", service, "--disable-pip", "--require-hashes",
        "--progress-spinner", "off", "--format", "json", "--timeout", str(TIMEOUT_S), *locks,
    ]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=MOST_S, check=False)
    except subprocess.TimeoutExpired:
        return f"no answer in {MOST_S} s"
    return read(done.stdout) if done.stdout.startswith("{") else last_line(done.stderr)


def read(output: str) -> list[Package]:
    """pip-audit's JSON."""
    return [
        Package(
            canonicalize_name(one["name"]),
            one.get("version", ""),
            tuple(f"{vuln['id']} (mended in {', '.join(vuln['fix_versions']) or 'none'})" for vuln in one.get("vulns", ())),
            one.get("skip_reason", ""),
        )
        for one in json.loads(output)["dependencies"]
    ]  # fmt: skip


def last_line(text: str) -> str:
    """Why it failed, short."""
    lines = text.strip().splitlines() or ["no output"]
    return lines[-1].partition("(")[0].strip()[:120]


def audit(asked: Ask, say: Callable[[str], None], locked: Sequence[str]) -> int:
    """Ask every service, and say what is known; the exit code."""
    known: dict[str, Package] = {}
    reasons = []
    for service in SERVICES:
        answer = asked(service)
        if isinstance(answer, str):
            reasons.append(f"{service}: {answer}")
            continue
        for package in answer:
            if not package.skipped:
                before = known.get(package.name, package)
                both = dict.fromkeys((*before.vulnerabilities, *package.vulnerabilities))
                known[package.name] = msgspec.structs.replace(package, vulnerabilities=tuple(both))
        if silent := [package for package in answer if package.skipped]:
            reasons.append(f"{service}: does not know {len(silent)} packages")
    bad = [package for package in known.values() if package.vulnerabilities]
    for package in bad:
        say(f"VULNERABLE: {package.name} {package.version}: {'; '.join(package.vulnerabilities)}")
    missing = [name for name in locked if name not in known]
    if missing or not locked:
        shown = ", ".join(missing[:SHOWN]) + (", ..." if len(missing) > SHOWN else "")
        say(f"NOT AUDITED: {len(missing)} of {len(locked)} locked packages ({shown}). {'; '.join(reasons)}")
    else:
        say(f"audited: {len(locked)} locked packages, {len(bad)} with known vulnerabilities")
    return VULNERABLE if bad else NOT_AUDITED if missing or not locked else CLEAN


def names(lock: str) -> list[str]:
    """The packages of a lock file that this system would install; pip-audit passes over the others."""
    lines = (line.removesuffix("\\").strip() for line in lock.splitlines() if "==" in line and line[:1] not in " #")
    wanted = (Requirement(line) for line in lines)
    return [canonicalize_name(one.name) for one in wanted if one.marker is None or one.marker.evaluate()]


def main() -> int:
    """Audit both lock files."""
    locked = sorted({name for lock in LOCKS for name in names(Path(lock).read_text())})
    return audit(ask, print, locked)


if __name__ == "__main__":
    sys.exit(main())
